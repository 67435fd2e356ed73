"""The closed candles of a bot's instruments, gathered until it can decide on those of one close."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from chalicelib.domain.market.bus_message import Message
from chalicelib.domain.market.candle import Candle


class _Come(NamedTuple):
    candle: Candle
    message: Message


class Gathering:
    """Of each instrument they come in the order of time. So at a close nothing is waited for where
    each has its candle, or a later one.
    """

    def __init__(self, instruments: Iterable[str]) -> None:
        self._instruments: Final = tuple(instruments)
        self._closes: dict[datetime, dict[str, _Come]] = {}
        self._newest: dict[str, datetime] = {}

    def add(self, symbol: str, candle: Candle, message: Message) -> None:
        """`message` is where it stood on the bus; of two of one time the first counts."""
        self._closes.setdefault(candle.start, {}).setdefault(symbol, _Come(candle, message))
        self._newest[symbol] = max(candle.start, self._newest.get(symbol, candle.start))

    def next(self, come_by: int | None = None) -> dict[str, Candle] | None:
        """The candles of the oldest close, once, if nothing more of it is waited for; or, with
        `come_by` (in ms), if the last of them was on the bus by then.
        """
        if not self._closes:
            return None
        start = min(self._closes)
        come = self._closes[start]
        waits = any(s not in come and not self._has_later(s, start) for s in self._instruments)
        if waits and (come_by is None or not self.is_late(come_by)):
            return None
        del self._closes[start]
        return {symbol: each.candle for symbol, each in come.items()}

    def is_late(self, come_by: int) -> bool:
        """Whether there is an oldest close, all of whose candles were on the bus by then (ms)."""
        oldest = self._closes[min(self._closes)].values() if self._closes else ()
        return bool(oldest) and all(each.message.at_ms <= come_by for each in oldest)

    def first(self, partition: int) -> int | None:
        """Where the oldest message of the partition stands that is still needed."""
        offsets = (message.offset for message in self._messages() if message.partition == partition)
        return min(offsets, default=None)

    def forget(self, partitions: Collection[int]) -> None:
        """Somebody else gathers what stands there."""
        for start, come in list(self._closes.items()):
            left = {s: c for s, c in come.items() if c.message.partition not in partitions}
            if left:
                self._closes[start] = left
            else:
                del self._closes[start]

    def _has_later(self, symbol: str, start: datetime) -> bool:
        newest = self._newest.get(symbol)
        return newest is not None and newest > start

    def _messages(self) -> Iterable[Message]:
        return (each.message for come in self._closes.values() for each in come.values())


class Places:
    """Where the reading of each partition stands, and where it would go on after a crash."""

    def __init__(self) -> None:
        self._read: dict[int, int] = {}
        self._known: dict[int, int] = {}

    def read(self, message: Message) -> None:
        """It is the last one of its partition."""
        self._read[message.partition] = message.offset

    def moved(self, gatherings: Collection[Gathering]) -> dict[int, int]:
        """By partition, the next message to be read, if that is another one than it was last time:
        the first that is still needed, else what follows.
        """
        found = {}
        for partition, newest in self._read.items():
            firsts = (gathering.first(partition) for gathering in gatherings)
            found[partition] = min((f for f in firsts if f is not None), default=newest + 1)
        moved = {p: offset for p, offset in found.items() if self._known.get(p) != offset}
        self._known |= moved
        return moved

    def forget(self, partitions: Iterable[int]) -> None:
        """They are read by somebody else, or anew."""
        for partition in partitions:
            self._read.pop(partition, None)
            self._known.pop(partition, None)
