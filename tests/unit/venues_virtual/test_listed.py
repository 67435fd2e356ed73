"""Prices that a list of trades names, and filters that the price source changes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from typing_extensions import override

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.listed import ListedSeries
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.adapters.venues.virtual.series_prices import SeriesPrices
from chalicelib.drivers.sqlite_table import SqliteTable
from tests.unit.venues_virtual.support import BTC, START, paper


def listed(clock: ReplayClock, *points: tuple[float, str]) -> SeriesPrices:
    """(hours after the start, price)."""
    times = tuple(START + timedelta(hours=hours) for hours, _ in points)
    prices = tuple(Decimal(price) for _, price in points)
    return SeriesPrices([ListedSeries(symbol=BTC, times=times, prices=prices)], clock)


def test_a_listed_price_stands_until_the_next_one_and_is_never_stale():
    clock = ReplayClock(START)
    prices = listed(clock, (1, "100"), (3, "110"), (3, "111"))
    assert set(prices.instruments([BTC, "ETH/USDT"])) == {BTC}
    assert prices.tickers([BTC]) == {}
    clock.advance_to(START + timedelta(hours=2))
    ticker = prices.tickers([BTC, "ETH/USDT"])[BTC]
    assert (ticker.last, ticker.at) == (Decimal(100), clock.now())
    clock.advance_to(START + timedelta(hours=3))
    assert prices.tickers([BTC])[BTC].last == 111


def test_listed_prices_close_a_day_at_what_stood_then():
    clock = ReplayClock(START + timedelta(days=3))
    prices = listed(clock, (0, "100"), (30, "110"), (80, "120"))
    assert prices.daily_closes(BTC, 5) == [Decimal(100), Decimal(110), Decimal(110)]
    assert prices.daily_closes(BTC, 2) == [Decimal(110), Decimal(110)]
    assert prices.daily_closes("ETH/USDT", 2) == []


class Stricter(FixedPrices):
    """A market that raises its minimum."""

    minimum = Decimal(1)

    @override
    def instruments(self, symbols):
        known = super().instruments(symbols)
        return {s: replace(i, minimum_notional=self.minimum) for s, i in known.items()}


def test_filters_that_change_are_the_new_ones():
    clock = ReplayClock(START)
    prices = Stricter({BTC: Decimal(100)}, clock)
    account = paper(fee="0.002")
    table = SqliteTable(":memory:")
    venue = VirtualExchange(account, table, prices, clock, parse_options(account))
    before = venue.instruments([BTC])[BTC]
    prices.minimum = Decimal(25)
    after = venue.instruments([BTC])[BTC]
    table.close()
    assert (before.minimum_notional, after.minimum_notional) == (Decimal(1), Decimal(25))
    assert before.taker_fee == after.taker_fee == Decimal("0.002")
