"""Each figure of a backtest by its formula, worked out by hand, and None where there is none."""

from decimal import Decimal
from math import sqrt

import pytest

from chalicelib.domain.bots.backtest import Backtest
from chalicelib.domain.bots.fill_model import BUYS, Costs
from chalicelib.domain.bots.metrics import daily_returns, measure, sharpe_of
from chalicelib.domain.bots.paper_ledger import RoundTrip
from chalicelib.domain.money import ZERO
from tests.unit.bots.paper_market import BTC, FREE, HOUR, trade

DAY = 24 * HOUR


def held(*equity: float, every: int = DAY) -> Backtest:
    """A test of which only the curve is known."""
    start = [number * every for number in range(len(equity))]
    return Backtest(start, list(equity), [], [], [], Decimal(0), {}, [], [], {}, 0)


def test_returns_are_those_of_utc_days_and_every_day_counts() -> None:
    start = [0, 23 * HOUR, DAY, 3 * DAY + HOUR]
    assert daily_returns(start, [90.0, 110.0, 121.0, 121.0], 100) == pytest.approx([0.1, 0.1, 0, 0])
    assert daily_returns([], [], 100) == []


def test_days_are_counted_from_the_first_candle_on() -> None:
    late = [8 * DAY, 9 * DAY, 10 * DAY + 12 * HOUR]
    assert daily_returns(late, [100.0, 110.0, 55.0], 100) == pytest.approx([0, 0.1, -0.5])
    test = held(100, 110, 55)._replace(start=late)
    assert measure(test, 100).days == 2.5
    assert measure(held(), 100).days == 0


def test_returns_end_where_nothing_is_left() -> None:
    assert daily_returns([0, DAY, 2 * DAY], [0.5, 1.0, 1.5], 1) == [-0.5, 1, 0.5]
    assert daily_returns([0, DAY, 2 * DAY], [100.0, 0.0, 5.0], 100) == [0, -1]


def test_risk_is_measured_by_the_year_of_365_days() -> None:
    figures = measure(held(110, 99, 118.8), 100)
    mean, spread = (
        (0.1 - 0.1 + 0.2) / 3,
        sqrt((1 / 30) ** 2 + (1 / 6) ** 2 + (2 / 15) ** 2) / sqrt(2),
    )
    assert figures.volatility == pytest.approx(spread * sqrt(365))
    assert figures.sharpe == pytest.approx(mean / spread * sqrt(365))
    assert figures.sortino == pytest.approx(mean / sqrt(0.01 / 3) * sqrt(365))
    assert figures.total_return == pytest.approx(0.188)


def test_two_days_are_enough_for_a_spread() -> None:
    figures = measure(held(103, 104.03), 100)  # 3 % and 1 %
    assert figures.volatility == pytest.approx(sqrt(0.0002) * sqrt(365))
    assert figures.sharpe == pytest.approx(0.02 / sqrt(0.0002) * sqrt(365))
    assert sharpe_of([0.03, 0.01]) == pytest.approx(figures.sharpe)
    assert sharpe_of([0.03]) is sharpe_of([]) is sharpe_of([0.5, 0.5]) is None


def test_of_what_is_all_lost_there_is_no_yearly_return() -> None:
    assert measure(held(*[100] * 30, 0.5), 100).cagr == pytest.approx(0.005 ** (365.25 / 30) - 1)
    lost = measure(held(*[100] * 30, 0), 100)
    assert (lost.cagr, lost.total_return, lost.max_drawdown) == (None, -1, -1)


def test_a_yearly_return_needs_thirty_days() -> None:
    assert measure(held(*[110] * 30), 100).cagr is None
    figures = measure(held(*[100] * 30, 110), 100)
    assert (figures.days, figures.cagr) == (30, pytest.approx(1.1 ** (365.25 / 30) - 1))


def test_a_drawdown_is_from_the_highest_value_at_any_close() -> None:
    figures = measure(held(100, 120, 90, 110, 120, 119, every=HOUR), 100)
    assert figures.max_drawdown == -0.25
    assert figures.max_drawdown_days == pytest.approx(3 / 24)
    figures = measure(held(*[100] * 40, 50, 200), 100)
    assert figures.calmar == pytest.approx(((2 ** (365.25 / 41)) - 1) / 0.5)


def test_below_the_cash_that_it_began_with_is_a_drawdown_from_the_start() -> None:
    figures = measure(held(90, 80, 95), 100)
    assert (figures.max_drawdown, figures.max_drawdown_days) == (pytest.approx(-0.2), 2)
    assert measure(held(90, 80, 95, 100), 100).max_drawdown_days == 3
    risen = measure(held(101, 102, 103), 100)
    assert (risen.max_drawdown, risen.max_drawdown_days) == (0, 0)


@pytest.mark.parametrize(
    ("days", "equity", "longest"),
    [
        ((0, 1, 2), (100, 90, 100), 2),
        ((0, 1, 2), (100, 90, 101), 2),
        ((0, 1, 2, 3, 4), (100, 90, 100, 99, 120), 2),  # two of them, not one of four
        ((0, 1, 11), (100, 90, 100), 11),  # the gap before the recovery
        ((0, 10, 11), (100, 90, 100), 11),
        ((0, 1, 11), (100, 90, 95), 11),  # not over yet
        ((0, 1), (100, 90), 1),
        ((0, 1, 2, 3), (100, 100, 90, 100), 2),  # from the last time that it was so high
        ((0, 1, 11), (100, 100, 101), 0),  # never below
    ],
)
def test_a_drawdown_lasts_until_the_highest_value_is_reached_again(
    days: tuple[int, ...], equity: tuple[float, ...], longest: float
) -> None:
    test = held(*equity)._replace(start=[day * DAY for day in days])
    assert measure(test, 100).max_drawdown_days == longest


def test_a_candle_that_closes_with_any_position_is_exposed() -> None:
    """The sixth purchase has the id 11, which as a text comes before the 2."""
    buy, sell = (lambda c: c.buy(1)), (lambda c: c.sell())
    script = {number: (sell if number % 2 else buy) for number in range(10)} | {10: buy}
    test = trade(script, *[(100.0,)] * 12)
    assert measure(test, 1000).exposure == pytest.approx(6 / 12)
    kept = trade({0: buy}, *[(100.0,)] * 4)
    assert (measure(kept, 1000).exposure, measure(held(100, 101), 100).exposure) == (3 / 4, 0)
    # Of two instruments, which close together or one after the other.
    first, second, third, fourth = test.fills[:4]
    both = [
        first._replace(at=0),
        second._replace(at=1 * HOUR, symbol="ETH/USDT", position=Decimal(2)),
        third._replace(at=2 * HOUR, position=Decimal(0)),
        fourth._replace(at=3 * HOUR, symbol="ETH/USDT", position=Decimal(0)),
    ]
    assert measure(held(*[100] * 5, every=HOUR)._replace(fills=both), 100).exposure == 3 / 5


def round_trips(*profits: int) -> list[RoundTrip]:
    one = Decimal(1)
    return [RoundTrip(BTC, BUYS, one, 0, one, 1, one, ZERO, Decimal(each)) for each in profits]


def test_a_round_trip_for_nothing_is_neither_won_nor_lost() -> None:
    figures = measure(held(100, 101)._replace(round_trips=round_trips(0, 10, -5)), 100)
    assert (figures.win_rate, figures.payoff, figures.profit_factor) == (1 / 3, 2, 2)
    for profits in ((1, 2), (-1, -2)):
        figures = measure(held(100, 101)._replace(round_trips=round_trips(*profits)), 100)
        assert figures.payoff is None


def test_round_trips_are_won_and_lost() -> None:
    script = {
        0: lambda c: c.buy(1),
        1: lambda c: c.sell(),
        2: lambda c: c.buy(1),
        4: lambda c: c.sell(),
        5: lambda c: c.buy(2),
        6: lambda c: c.sell(),
    }
    rows = [(100.0,), (100.0,), (130.0,), (100.0,), (100.0,), (90.0,), (100.0,), (105.0,)]
    costs = Costs(Decimal(0), Decimal("0.01"))
    figures = measure(trade(script, *rows, costs=costs), 1000)
    profits = [30 - 2.3, -10 - 1.9, 10 - 4.1]
    assert figures.round_trips == 3
    assert figures.win_rate == pytest.approx(2 / 3)
    assert figures.profit_factor == pytest.approx((profits[0] + profits[2]) / -profits[1])
    assert figures.payoff == pytest.approx((profits[0] + profits[2]) / 2 / -profits[1])
    assert figures.expectancy == pytest.approx(sum(profits) / 3)
    mean = sum(profits) / 3
    spread = sqrt(sum((profit - mean) ** 2 for profit in profits) / 2)
    assert figures.sqn == pytest.approx(sqrt(3) * mean / spread)
    assert (figures.best, figures.worst) == (pytest.approx(0.277), pytest.approx(-0.119))
    assert figures.hold_hours == pytest.approx((1 + 2 + 1) / 3)
    assert figures.fees == pytest.approx(2.3 + 1.9 + 4.1)
    assert figures.fees_of_profits == pytest.approx(8.3 / (30 + 10))
    assert figures.exposure == pytest.approx(4 / 8)
    traded = 100 + 130 + 100 + 90 + 200 + 210
    equity = [1000, 999, 1027.7, 1026.7, 1026.7, 1015.8, 1013.8, 1021.7]
    assert figures.turnover == pytest.approx(traded / (sum(equity) / 8))


def test_the_last_digit_is_that_of_the_exact_sum_on_every_python() -> None:
    """`sum` makes 0.9999999999999999 of ten tenths before Python 3.12, and 1.0 from then on."""
    tenth, one = Decimal("0.1"), Decimal(1)
    profits = [*[tenth] * 10, -one]
    trips = [RoundTrip(BTC, BUYS, one, 0, one, 1, one, ZERO, profit) for profit in profits]
    test = held(100, 101)._replace(round_trips=trips)
    assert measure(test, 100).profit_factor == 1
    fees = [fill._replace(fee=one) for fill in trade({0: lambda c: c.buy(1)}, *[(1.0,)] * 3).fills]
    assert measure(test._replace(fills=fees), 100).fees_of_profits == 1


def test_beside_a_benchmark() -> None:
    benchmark = [100.0, 110.0, 104.5]  # 0, +10 %, -5 %
    figures = measure(held(100, 120, 108), 100, benchmark)  # 0, +20 %, -10 %
    assert figures.buy_and_hold == pytest.approx(0.045)
    assert (figures.beta, figures.alpha) == (pytest.approx(2), pytest.approx(0, abs=1e-12))


def test_what_is_gained_beyond_the_benchmark_is_counted_by_the_year() -> None:
    figures = measure(held(101, 104.03), 100, [100.0, 101.0])  # 1 % and 3 % beside 0 and 1 %
    assert (figures.beta, figures.alpha) == (pytest.approx(2), pytest.approx(0.01 * 365))
    assert measure(held(101), 100, [100.0]).beta is None
    still = measure(held(101, 104.03), 100, [100.0, 100.0])
    assert (still.beta, still.alpha, still.buy_and_hold) == (None, None, 0)


def test_what_is_not_defined_is_none() -> None:
    figures = measure(trade({}, (100.0,), (100.0,), costs=FREE), 1000)
    undefined = {name for name, value in figures._asdict().items() if value is None}
    assert undefined == {
        *("cagr", "volatility", "sharpe", "sortino", "calmar", "win_rate", "profit_factor"),
        *("payoff", "expectancy", "sqn", "best", "worst", "hold_hours", "fees_of_profits"),
        *("buy_and_hold", "beta", "alpha"),
    }
    nothing = measure(held(), 1000)
    assert (
        nothing.total_return is nothing.max_drawdown is nothing.exposure is nothing.turnover is None
    )
