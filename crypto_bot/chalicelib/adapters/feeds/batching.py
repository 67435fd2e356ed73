"""What a feed gathers in one poll, sorted by where it goes."""

from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.market_ports.feeds import FeedBatch


class Gathered:
    """Messages in the order in which they are added."""

    def __init__(self) -> None:
        self._trades: list[Record] = []
        self._candles: list[Record] = []

    def __len__(self) -> int:
        return len(self._trades) + len(self._candles)

    def add(self, subject: Subject, messages: list[Numbered]) -> None:
        """Those that may be published."""
        kept = self._candles if subject.interval else self._trades
        key = subject.key
        kept += [Record(key, message.text) for message in messages]

    def add_record(self, record: Record, *, is_candle: bool) -> None:
        """One that may be published."""
        (self._candles if is_candle else self._trades).append(record)

    def add_malformed(self, text: bytes) -> None:
        """Among the trades, where the archive finds that it is none and sets it aside.

        Without a key, so that it is never taken for the last message of anything.
        """
        self._trades.append(Record(b"", text))

    def batch(self, *, ended: bool = False) -> FeedBatch:
        """All of it."""
        return FeedBatch(trades=self._trades, candles=self._candles, ended=ended)
