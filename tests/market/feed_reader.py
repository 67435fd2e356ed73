"""A feed of Binance, polled as the worker does it, with short waits."""

import time
from collections.abc import Callable

from chalicelib.adapters.feeds.binance import BinanceFeed
from chalicelib.domain.market.stream_connection import Timing
from chalicelib.domain.market.stream_plan import StreamPlan
from chalicelib.domain.market.trade import parse_trade
from tests.market.binance_streams import (
    PATIENCE,
    BinanceStreams,
)

QUICK = Timing(
    lifetime=3600,
    overlap=0.3,
    settled=0.05,
    first_pause=0.05,
    longest_pause=0.2,
    gap_patience=0.05,
    between_pages=0.0,
)
PLAN = StreamPlan(markets=("BTC/USDT",))


class Reader:
    """Polls a feed as the worker does, and keeps what it gave."""

    def __init__(self, feed: BinanceFeed, venue: BinanceStreams) -> None:
        self.feed, self.venue = feed, venue
        self.trades: list[bytes] = []
        self.malformed: list[bytes] = []
        self.candles: list[bytes] = []

    @property
    def ids(self) -> list[int]:
        return [parse_trade(text).id for text in self.trades]

    def poll(self, wait: float = 0.02) -> None:
        batch = self.feed.poll(limit=1000, wait=wait)
        assert not batch.ended
        for key, value in batch.trades:
            (self.trades if key == b"BTCUSDT" else self.malformed).append(value)
            assert key in {b"BTCUSDT", b""}
        for key, value in batch.candles:
            assert key == b"BTCUSDT@1m"
            self.candles.append(value)

    def poll_until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, f"it does not happen; there are {self.ids}"
            self.poll()

    def connect(self, count: int = 1) -> None:
        self.poll_until(lambda: len(self.venue.open) == count)

    def read_all(self) -> None:
        """Until every trade there is has come, and nothing more."""
        self.poll_until(lambda: len(self.trades) >= len(self.venue.trades))
        self.poll(0.1)
        assert self.ids == [fact["a"] for fact in self.venue.trades]
