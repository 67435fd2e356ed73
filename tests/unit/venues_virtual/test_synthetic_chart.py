"""Candles of a made-up market tell the prices by which its account trades."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.virtual.synthetic import SyntheticPrices
from chalicelib.adapters.venues.virtual.synthetic_chart import SyntheticChart
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.services.market.read_chart import read_chart

NOW = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SERIES = candle_series("synthetic", "BTC/USDT", "1m")


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def prices(clock: ReplayClock) -> SyntheticPrices:
    return SyntheticPrices("seed", clock)


@pytest.fixture
def chart(prices: SyntheticPrices, clock: ReplayClock) -> SyntheticChart:
    return SyntheticChart(prices, clock)


def test_the_newest_candle_is_under_way_and_closes_at_the_price_of_now(chart, prices):
    [row] = read_chart(SERIES, [chart], limit=1).rows

    assert row.candle.start == NOW.replace(second=0)
    assert row.candle.close == prices.tickers(["BTC/USDT"])["BTC/USDT"].last


def test_a_candle_opens_where_the_one_before_closed(chart):
    rows = [row.candle for row in read_chart(SERIES, [chart], limit=60).rows]

    assert [one.close for one in rows[:-1]] == [one.open for one in rows[1:]]
    for one in rows:
        assert one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high
        assert one.volume == 0


def test_pages_are_parts_of_the_whole_and_the_past_has_an_end(chart):
    whole = read_chart(SERIES, [chart], limit=1_000)
    last = read_chart(SERIES, [chart], limit=100)
    before = read_chart(SERIES, [chart], limit=100, until=last.older)

    assert len(whole.rows) == 1_000
    assert before.rows + last.rows == whole.rows[-200:]
    assert whole.older is None


def test_a_closed_candle_stays_as_it_is(chart, clock):
    before = read_chart(SERIES, [chart], limit=3).rows[:-1]
    clock.advance_to(NOW + MINUTE)

    assert read_chart(SERIES, [chart], limit=4).rows[:2] == before
