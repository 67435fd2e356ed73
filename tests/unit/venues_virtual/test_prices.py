"""Prices: synthetic ones, and another venue's."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.virtual.prices import FixedPrices, OtherVenuePrices
from chalicelib.adapters.venues.virtual.synthetic import SyntheticPrices
from chalicelib.domain.trading.instrument import Instrument, Ticker
from tests.unit.venues_virtual.support import BTC, START

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from([BTC, "DOGE/USDT", "ETH/BTC", "NOBODY/KNOWS", "SHIB/BTC"]))
def test_a_synthetic_price_is_the_same_for_whoever_looks(moment, symbol):
    one, other = (
        SyntheticPrices("seed", ReplayClock(moment)),
        SyntheticPrices("seed", ReplayClock(START)),
    )
    price = one.tickers([symbol])[symbol].last
    assert price == other.price(symbol, moment)
    assert price > 0
    assert price % one.instruments([symbol])[symbol].price_tick == 0


def test_synthetic_prices_stay_near_their_base_and_move_all_the_time():
    source = SyntheticPrices("seed", ReplayClock(START))
    hours = [source.price(BTC, START + timedelta(hours=n)) for n in range(24 * 90)]
    assert Decimal(30000) < min(hours) < max(hours) < Decimal(120000)
    steps = [abs(after / before - 1) for before, after in pairwise(hours)]
    assert Decimal("0.002") < sum(steps) / len(steps) < Decimal("0.02")
    seconds = [source.price(BTC, START + timedelta(seconds=n)) for n in range(60)]
    assert len(set(seconds)) > 50
    jumps = [abs(after / before - 1) for before, after in pairwise(seconds)]
    assert max(jumps) < Decimal("0.001")


def test_seed_base_and_volatility_make_another_market():
    clock = ReplayClock(START)
    usual = SyntheticPrices("seed", clock).price(BTC, START)
    assert SyntheticPrices("other", clock).price(BTC, START) != usual
    still = SyntheticPrices("seed", clock, Decimal(0), {BTC: Decimal("1.25")})
    assert still.price(BTC, START) == Decimal("1.25")
    wild = SyntheticPrices("seed", clock, Decimal(1), {BTC: Decimal("0.001")})
    assert all(wild.price(BTC, START + timedelta(days=n)) > 0 for n in range(100))


def test_synthetic_daily_closes_are_the_prices_at_midnight():
    source = SyntheticPrices("seed", ReplayClock(START))
    midnights = [datetime(2024, 8, day, tzinfo=UTC) for day in (8, 9, 10)]
    assert source.daily_closes(BTC, 3) == [source.price(BTC, at) for at in midnights]
    assert source.daily_closes("nonsense", 3) == []
    assert not source.tickers(["nonsense"])
    assert not source.instruments(["/USDT"])


def test_synthetic_prices_are_cheap():
    source = SyntheticPrices("seed", ReplayClock(START))
    began = process_time()
    for n in range(500):
        source.price(BTC, START + timedelta(minutes=n))
    assert process_time() - began < 2.5  # seconds of CPU: 5 ms each, where 0.1 ms is usual


class CountingVenue(FixedPrices):
    """A venue that remembers what it was asked."""

    asked: list[tuple[str, ...]]

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        self.asked.append(tuple(symbols))
        return super().tickers(symbols)

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        self.asked.append(("instruments", *symbols))
        return super().instruments(symbols)


def test_another_venue_is_asked_once_a_second_and_only_for_what_is_missing():
    clock = ReplayClock(START)
    venue = CountingVenue({BTC: Decimal(100), "ETH/USDT": Decimal(10)}, clock)
    venue.asked = []
    prices = OtherVenuePrices(venue, clock)
    assert prices.tickers([BTC])[BTC].last == 100
    venue.set(BTC, Decimal(200))
    clock.advance_to(START + timedelta(seconds=1))
    found = prices.tickers([BTC, "ETH/USDT", "XYZ/USDT"])
    assert {symbol: ticker.last for symbol, ticker in found.items()} == {BTC: 100, "ETH/USDT": 10}
    clock.advance_to(START + timedelta(seconds=1.5))
    assert prices.tickers([BTC])[BTC].last == 200
    assert venue.asked == [(BTC,), ("ETH/USDT", "XYZ/USDT"), (BTC,)]


def test_another_venue_brings_its_filters_and_closes():
    clock = ReplayClock(START)
    venue = CountingVenue({BTC: Decimal(100)}, clock)
    venue.asked = []
    prices = OtherVenuePrices(venue, clock)
    for _ in range(2):
        assert set(prices.instruments([BTC])) == {BTC}
    assert venue.asked == [("instruments", BTC)]
    assert prices.daily_closes(BTC, 1) == [Decimal(100)]


def test_fixed_prices_know_what_they_were_told():
    prices = FixedPrices({BTC: Decimal(100)}, ReplayClock(START))
    assert prices.tickers(["XYZ/USDT"]) == {}
    assert prices.daily_closes("XYZ/USDT", 2) == []
