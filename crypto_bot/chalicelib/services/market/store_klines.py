"""[bus, closed candles] -> the store of recent candles, then the bus's offset.

A crash in between stores the same candles again, which changes nothing.
"""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.market.bus_message import Position
from chalicelib.domain.market.kline import parse_kline
from chalicelib.domain.market.trade import MalformedTrade
from chalicelib.market_ports.bus import BusReader
from chalicelib.market_ports.klines import Klines
from chalicelib.ports import Clock

_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KlineReport:
    """What one round did. `has_begun`: the reader was told where it stands."""

    messages: int = 0
    stored: int = 0
    malformed: int = 0
    has_begun: bool = False


def store_klines(reader: BusReader, klines: Klines, clock: Clock, *, wait: float) -> KlineReport:
    """One round: what the bus has, after `wait` seconds at most."""
    batch = reader.poll(limit=_AT_ONCE, wait=wait)
    found, malformed = [], 0
    for message in batch.messages:
        try:
            kline = parse_kline(message.value, clock.now())
        except MalformedTrade:
            malformed += 1
            continue
        if kline is not None:
            found.append(kline)
    klines.add(found)
    newest = {message.partition: message.offset for message in batch.messages}
    for partition, offset in newest.items():
        reader.commit(partition, Position(offset + 1))
    return KlineReport(
        messages=len(batch.messages),
        stored=len(found),
        malformed=malformed,
        has_begun=bool(batch.begun),
    )
