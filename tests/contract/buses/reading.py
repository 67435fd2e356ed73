"""What tests do with a reader."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.market_ports.bus import Bus, BusReader

PATIENCE = 30.0


@contextmanager
def reader_of(bus: Bus, topic: str, group: str) -> Iterator[BusReader]:
    reader = bus.read(topic, group)
    try:
        yield reader
    finally:
        reader.close()


def begin(reader: BusReader) -> dict[int, Position]:
    """What the reader was given first."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        batch = reader.poll(limit=10, wait=0.2)
        assert not batch.messages, "a partition must be begun before its messages come"
        if batch.begun:
            return dict(batch.begun)
    raise AssertionError("no partition was given")


def read(reader: BusReader, number: int, *, limit: int = 1000) -> list[Message]:
    """So many messages."""
    messages: list[Message] = []
    deadline = time.monotonic() + PATIENCE
    while len(messages) < number and time.monotonic() < deadline:
        batch = reader.poll(limit=limit, wait=0.2)
        assert len(batch.messages) <= limit
        messages += batch.messages
    assert len(messages) == number
    return messages
