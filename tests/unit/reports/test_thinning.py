"""Whatever is left out of a picture, the highest and the lowest are in it."""

from random import Random

from chalicelib.domain.bots.candles import Candles
from chalicelib.reports.equity_charts import drawdowns
from chalicelib.reports.thinning import merged, stretches


def test_a_long_curve_keeps_its_outermost_points_and_its_ends() -> None:
    dice = Random(4)  # noqa: S311 - a curve, no secret
    values = [dice.uniform(0, 100) for _ in range(10_007)]
    values[5_432], values[7_001] = 1000.0, -1000.0
    start = list(range(0, 10 * len(values), 10))
    (drawn,) = stretches(start, values, 500)
    assert 400 < len(drawn) <= 502
    assert {(54_320, 1000.0), (70_010, -1000.0)} <= set(drawn)
    assert (drawn[0], drawn[-1]) == ((0, values[0]), (start[-1], values[-1]))
    assert [at for at, _ in drawn] == sorted({at for at, _ in drawn})


def test_a_short_curve_is_drawn_as_it_is_and_broken_where_it_is() -> None:
    values = [None, 1.0, 2.0, None, None, 5.0]
    drawn = stretches([0, 1, 2, 3, 4, 5], values, 100)
    assert drawn == [[(1, 1.0), (2, 2.0)], [(5, 5.0)]]


def test_candles_become_fewer_and_keep_their_range() -> None:
    count = 103
    prices = [float(100 + number % 17) for number in range(count)]
    highs, lows = [price + 1 for price in prices], [price - 1 for price in prices]
    candles = Candles(list(range(count)), prices, highs, lows, prices, [1.0] * count)
    drawn, size = merged(candles, 20)
    assert (len(drawn), size) == (18, 6)
    assert (drawn[0].start, drawn[0].open, drawn[0].close) == (0, 100.0, 105.0)
    assert (drawn[-1].start, drawn[-1].high, drawn[-1].low) == (102, highs[102], lows[102])
    assert [each.high for each in drawn] == [max(highs[n : n + 6]) for n in range(0, count, 6)]
    assert [each.low for each in drawn] == [min(lows[n : n + 6]) for n in range(0, count, 6)]


def test_a_drawdown_begins_with_the_cash() -> None:
    assert drawdowns([90.0, 120.0, 60.0, 120.0], 100.0) == [90 / 100 - 1, 0.0, -0.5, 0.0]
