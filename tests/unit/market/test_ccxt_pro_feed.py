"""Any other venue: ccxt.pro's Kraken against a Kraken on loopback."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.feeds.ccxt_pro import CcxtProFeed
from chalicelib.adapters.venues.ccxt.loading import pro_exchange_class
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.stream_connection import Timing
from chalicelib.domain.market.stream_gap import Numbered, Unbroken
from chalicelib.domain.market.stream_plan import StreamPlan
from chalicelib.domain.market.trade import parse_trade
from tests.market.kraken_streams import START_MS, KrakenStreams, Print

PATIENCE = 90.0
QUICK = Timing(first_pause=0.05, longest_pause=0.2)
SYMBOL = "kraken.BTCUSD"


class Reader:
    def __init__(self, feed: CcxtProFeed) -> None:
        self.feed = feed
        self.trades: list[bytes] = []

    @property
    def ids(self) -> list[int]:
        return [parse_trade(text).id for text in self.trades]

    def poll_until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, f"it does not happen; there are {self.ids}"
            batch = self.feed.poll(limit=1000, wait=0.05)
            assert not batch.candles
            assert not batch.ended
            assert {key for key, _ in batch.trades} <= {SYMBOL.encode()}
            self.trades += [value for _, value in batch.trades]


@pytest.fixture
def venue() -> Iterator[KrakenStreams]:
    with KrakenStreams() as served:
        yield served


@pytest.fixture
def make_reader(venue: KrakenStreams) -> Iterator[Callable[..., Reader]]:
    with ExitStack() as opened:

        def make(market: str = "BTC/USD", *, after: Numbered | None = None) -> Reader:
            def made(options: Mapping[str, Any]) -> Any:
                return pro_exchange_class("kraken")({**options, **venue.options})

            plan = StreamPlan(markets=(market,), venue="kraken")
            feed = CcxtProFeed(plan, lambda _subject: Unbroken(after), made, QUICK)
            opened.callback(feed.close)
            return Reader(feed)

        yield make


@pytest.fixture
def reader(venue: KrakenStreams, make_reader: Callable[..., Reader]) -> Reader:
    made = make_reader()
    made.poll_until(lambda: bool(venue.open))
    return made


def test_trades_come_in_our_words(venue: KrakenStreams, reader: Reader) -> None:
    venue.trade(Print(id=7, at_ms=5, price="60000.1", quantity="0.00001", side="sell"))
    reader.poll_until(lambda: len(reader.trades) == 1)
    trade = parse_trade(reader.trades[0])
    assert json.loads(reader.trades[0]) == {
        "e": "trade",
        "s": SYMBOL,
        "t": 7,
        "p": "60000.1",
        "q": "0.00001",
        "T": START_MS + 5,
        "m": True,
    }
    assert trade.taker_sold
    venue.trade(Print(id=8, at_ms=6, side="buy"))
    reader.poll_until(lambda: len(reader.trades) == 2)
    assert not parse_trade(reader.trades[1]).taker_sold
    assert venue.asked == []


def test_after_a_cut_the_trades_in_between_are_asked_for(
    venue: KrakenStreams, reader: Reader
) -> None:
    venue.trade(Print(id=1, at_ms=1000))
    reader.poll_until(lambda: len(reader.trades) == 1)
    venue.cut()
    venue.trade(Print(id=2, at_ms=2000), Print(id=3, at_ms=3000), told=False)
    reader.poll_until(lambda: bool(venue.open))
    venue.list_fails = 1
    venue.trade(Print(id=4, at_ms=4000))
    reader.poll_until(lambda: venue.list_fails == 0)
    assert reader.ids == [1]
    reader.poll_until(lambda: len(venue.asked) > 1 or bool(venue.open))
    venue.trade(Print(id=5, at_ms=5000))
    reader.poll_until(lambda: len(reader.trades) == 5)
    assert reader.ids == [1, 2, 3, 4, 5]


def test_a_start_goes_on_after_what_is_published(
    venue: KrakenStreams, make_reader: Callable[..., Reader]
) -> None:
    exact = "60000.123456789012"
    venue.trade(Print(id=1, at_ms=1000), Print(id=2, at_ms=2000, price=exact), told=False)
    reader = make_reader(after=Numbered(1, START_MS + 1000, b""))
    reader.poll_until(lambda: bool(venue.open))
    venue.trade(Print(id=3, at_ms=3000))
    reader.poll_until(lambda: len(reader.trades) == 3)
    assert reader.ids == [1, 2, 3]  # the first one once more: its moment may have had others
    assert parse_trade(reader.trades[1]).price == Decimal(exact)


def test_a_list_that_does_not_reach_back_is_said(
    venue: KrakenStreams,
    make_reader: Callable[..., Reader],
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue.trade(*(Print(id=n, at_ms=1000 * n) for n in range(1, 9)), told=False)
    venue.most_listed = 3
    reader = make_reader(after=Numbered(1, START_MS + 1000, b""))
    reader.poll_until(lambda: bool(venue.open))
    venue.trade(Print(id=9, at_ms=9000))
    reader.poll_until(lambda: len(reader.trades) >= 3)
    assert reader.ids == [7, 8, 9]
    assert "BTC/USD: whether there were trades between" in caplog.text


def test_an_unknown_market_is_refused(make_reader: Callable[..., Reader]) -> None:
    with pytest.raises(SettingsError, match="kraken has no market 'NO/SUCH'; name one"):
        make_reader("NO/SUCH").feed.poll(limit=10, wait=0.1)


def test_an_exchange_without_streams_is_refused() -> None:
    with pytest.raises(SettingsError, match="ccxt has no streams of btcmarkets"):
        pro_exchange_class("btcmarkets")
