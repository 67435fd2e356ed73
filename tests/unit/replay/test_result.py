"""What a portfolio came to: curves, figures and each strategy's part, from books made by hand."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import linear_regression

import pytest

from chalicelib.domain.replay.curves import Span
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.result import Books, Part, PolicyResult, Refused, result_of
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.drift import Deviation, Tally
from chalicelib.domain.trading.ledger import EntryKind, Holding
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from tests.unit.replay.books import BTC, ETH, booked, hours, marks, move
from tests.unit.replay.lists import at

DAYS = (0, 24, 48, 72)
SYMBOLS = {"one": BTC, "two": BTC, "other": ETH, "idle": "SOL/USDT"}
WEIGHTS = dict(zip(SYMBOLS, map(Decimal, ("0.4", "0.3", "0.2", "0.05")), strict=True))
ENTRIES = [
    booked(0, move("one", "2", "200", fee="1")),
    booked(24, move("other", "4", "200", fee="2", base="0.04", symbol=ETH)),
    booked(48, move("one", "-1", "-120"), move("two", "1", "120"), kind=EntryKind.CROSS),
    booked(72, move("one", "-0.5", "-45", fee="0.5"), move("two", "-1", "-90", fee="1")),
]
MARKS = {BTC: marks(DAYS, (100, 110, 120, 90.1)), ETH: marks(DAYS[1:], (50, 60, 40))}
PORTFOLIO = Portfolio(
    account=Account(name="replay", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT"),
    strategies=(),
    symbols=SYMBOLS,
    subscriptions={},
    told=(),
    marks=MARKS,
    cash=Decimal(1000),
    lag=timedelta(0),
)
OF_ONE = Tally(account="replay", strategy="one", alerts=3)
OF_OTHER = Tally(account="replay", strategy="other", alerts=1)
SAID = Deviation(
    account="replay",
    strategy="one",
    symbol=BTC,
    signal_id="s",
    fired_at=at(0),
    state=DesiredState.LONG,
    status=SignalStatus.EXECUTED,
    reason="",
)
REFUSED = Refused("two", "2024-01-01T00:00:00Z", 400, "no")


def holding(strategy: str, symbol: str, quantity: str, cost: str, realized: str) -> Holding:
    return Holding(
        strategy=strategy,
        symbol=symbol,
        quantity=Decimal(quantity),
        cost=Decimal(cost),
        realized=Decimal(realized),
    )


HOLDINGS = [
    holding("one", ETH, "7", "7", "7"),  # of an instrument that it does not trade any more
    holding("one", BTC, "0.5", "50.25", "13.75"),
    holding("two", BTC, "0", "0", "-31"),
    holding("other", ETH, "3.96", "200", "0"),
]


def the_result() -> PolicyResult:
    books = Books(ENTRIES, HOLDINGS, [SAID], [OF_OTHER, OF_ONE], [REFUSED])
    return result_of("boost", WEIGHTS, books, PORTFOLIO)


def test_it_keeps_what_it_is_of_and_what_became_of_the_alerts() -> None:
    result = the_result()
    assert (result.policy, result.weights) == ("boost", WEIGHTS)
    assert (result.deviations, result.refused) == ((SAID,), (REFUSED,))


def test_its_curves_are_the_books_at_the_marks() -> None:
    at_days, equity, profit = the_result().curves
    assert at_days == hours(*DAYS)
    assert equity == pytest.approx([999, 1017, 1076.6, 935.95])
    assert list(profit) == ["one", "other", "two"]
    assert profit["one"] == pytest.approx([-1, 19, 39, 8.55])
    assert profit["other"] == pytest.approx([0, -2, 37.6, -41.6])
    assert profit["two"] == pytest.approx([0, 0, 0, -31])


def test_its_curves_keep_to_the_time_asked_for() -> None:
    books = Books(ENTRIES[:1], HOLDINGS, [], [OF_ONE], [])
    asked = PORTFOLIO._replace(span=Span(at(24), at(72)))
    assert result_of("boost", WEIGHTS, books, asked).curves.at == hours(24, 48)


def test_its_figures_are_those_of_the_curve_and_of_what_was_traded() -> None:
    found = the_result().metrics._asdict()
    known = {
        "days": 3.0,
        "total_return": -0.06405,
        "max_drawdown": 935.95 / 1076.6 - 1,
        "exposure": 1.0,
        "round_trips": 3,
        "win_rate": 1 / 3,
        "profit_factor": 19.5 / 36.75,
        "expectancy": -5.75,
        "best": 0.195,
        "worst": -31 / 120,
        "hold_hours": 48.0,
        "turnover": 535 / 1007.1375,
        "fees": 4.5,
        "fees_of_profits": 4.5 / 20,
        # Half of BTC at 100 and half of ETH, which is kept as money until it has a price.
        "buy_and_hold": (0.901 + 0.8) / 2 - 1,
    }
    assert {name: found[name] for name in known} == pytest.approx(known)


def test_the_benchmark_of_each_day_is_the_mean_of_what_the_instruments_have_grown_to() -> None:
    grown = [1, 1.05, 1.2, 0.8505]
    mine = [999 / 1000 - 1, 1017 / 999 - 1, 1076.6 / 1017 - 1, 935.95 / 1076.6 - 1]
    theirs = [0, *(later / before - 1 for before, later in pairwise(grown))]
    slope, _ = linear_regression(theirs, mine)
    assert the_result().metrics.beta == pytest.approx(slope)


def test_each_strategy_has_its_part_at_the_last_price_of_its_own_instrument() -> None:
    assert the_result().parts == (
        part("one", "8.55", "13.75", "-5.2", "0.5", OF_ONE),
        part("two", "-31", "-31", "0", "0", Tally(account="", strategy="two")),
        part("other", "-41.6", "0", "-41.6", "3.96", OF_OTHER),
        part("idle", "0", "0", "0", "0", Tally(account="", strategy="idle")),
    )


def part(name: str, profit: str, realized: str, still_open: str, held: str, tally: Tally) -> Part:
    return Part(
        strategy=name,
        symbol=SYMBOLS[name],
        weight=WEIGHTS[name],
        profit=Decimal(profit),
        realized=Decimal(realized),
        open_profit=Decimal(still_open),
        held=Decimal(held),
        tally=tally,
    )
