"""[bus] -> one object per symbol, partition and minute in the [lake], then the offset.

A crash anywhere repeats work and changes nothing: what is read again gives the same names and the
same bytes. See domain/market/cutting.py for why.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.market.bus_message import Message, Position, Record
from chalicelib.domain.market.cutting import Cut, Cutter, cut_marker
from chalicelib.domain.market.minute import milliseconds
from chalicelib.domain.market.trade import ReadTrade, parse_trade
from chalicelib.market_ports.bus import BusReader
from chalicelib.market_ports.lake import Lake
from chalicelib.ports import Clock

_AT_ONCE: Final = 5_000


@dataclass(slots=True, kw_only=True)
class Archiving:
    """A reader and what it holds in memory: after any error, begin anew with a new reader.

    `idle`: for how long nothing must have come before a marker says that time goes on.
    """

    reader: BusReader
    lake: Lake
    clock: Clock
    idle: timedelta
    read_trade: ReadTrade = parse_trade
    cutters: dict[int, Cutter] = field(default_factory=dict)
    heard: dict[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReport:
    """What one round did. `waiting`: something held in memory is due and waits for a marker."""

    messages: int = 0
    objects: int = 0
    rejected: int = 0
    waiting: bool = False


def archive_trades(work: Archiving, *, wait: float) -> ArchiveReport:
    """One round: what the bus has, after `wait` seconds at most."""
    batch = work.reader.poll(limit=_AT_ONCE, wait=wait)
    cuts = _take(work, batch.messages)
    for partition, position in _newest(cuts).items():
        work.reader.commit(partition, position)
    for partition in batch.lost:
        work.cutters.pop(partition, None)
    for partition, position in batch.begun.items():
        work.cutters[partition] = Cutter(partition, position, read_trade=work.read_trade)
        work.heard[partition] = work.clock.now()
    return ArchiveReport(
        messages=len(batch.messages),
        objects=sum(len(cut.objects) for _, cut in cuts),
        rejected=sum(cut.rejected for _, cut in cuts),
        waiting=_let_time_go_on(work),
    )


def _take(work: Archiving, messages: Iterable[Message]) -> list[tuple[int, Cut]]:
    """By partition what was cut off, all of it written."""
    cuts: list[tuple[int, Cut]] = []
    heard: set[int] = set()
    for message in messages:
        partition = message.partition
        cutter = work.cutters.get(partition)
        if cutter is None:  # somebody else reads it by now
            continue
        heard.add(partition)
        cut = cutter.take(message)
        if cut is not None:
            for made in cut.objects:
                work.lake.put(made.key, made.content)
            cuts.append((partition, cut))
    work.heard.update(dict.fromkeys(heard, work.clock.now()))
    return cuts


def _newest(cuts: Iterable[tuple[int, Cut]]) -> dict[int, Position]:
    """The last position of a partition says all that those before it say."""
    return {partition: cut.position for partition, cut in cuts}


def _let_time_go_on(work: Archiving) -> bool:
    now = work.clock.now()
    waiting = False
    for partition, cutter in work.cutters.items():
        if not cutter.waits_for_time(milliseconds(now)):
            continue
        waiting = True
        if now - work.heard[partition] >= work.idle:
            work.reader.mark(partition, Record(b"", cut_marker(milliseconds(now))))
            work.heard[partition] = now  # once; the marker itself comes back as a message
    return waiting
