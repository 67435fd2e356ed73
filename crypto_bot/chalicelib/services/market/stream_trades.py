"""[feed] -> bus: every trade and closed candle, after those that the bus has already.

Nothing is remembered but on the bus. A crash anywhere loses nothing: the feed's messages come
without gaps, so the last one there says where to go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.stream_gap import Numbered, Unbroken
from chalicelib.domain.market.stream_message import read_message
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.domain.market.trade import MalformedTrade
from chalicelib.market_ports.bus import Bus
from chalicelib.market_ports.feeds import Feed, FeedBeginning

AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Where the messages go."""

    trades: str
    candles: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReport:
    """What one round did. `ended`: nothing will ever follow."""

    trades: int = 0
    candles: int = 0
    ended: bool = False


def beginning(bus: Bus, topics: Topics, *, overlap: int) -> FeedBeginning:
    """For each subject where to go on; `overlap` messages before that may come once more."""

    def begin(subject: Subject) -> Unbroken:
        topic = topics.candles if subject.interval else topics.trades
        return Unbroken(_last(bus.newest(topic, subject.key), subject), overlap=overlap)

    return begin


def stream_trades(feed: Feed, bus: Bus, topics: Topics, *, wait: float) -> StreamReport:
    """One round: what the feed has, after `wait` seconds at most."""
    batch = feed.poll(limit=AT_ONCE, wait=wait)
    _publish(bus, topics.trades, batch.trades)
    _publish(bus, topics.candles, batch.candles)
    return StreamReport(trades=len(batch.trades), candles=len(batch.candles), ended=batch.ended)


def _publish(bus: Bus, topic: str, records: Sequence[Record]) -> None:
    """A portion at a time: what breaks off in the middle of one lies within the overlap."""
    for start in range(0, len(records), AT_ONCE):
        bus.publish(topic, records[start : start + AT_ONCE])


def _last(text: bytes | None, subject: Subject) -> Numbered | None:
    """None also where the last one was of another kind: its numbers say nothing."""
    try:
        return read_message(text, subject) if text is not None else None
    except MalformedTrade:
        return None
