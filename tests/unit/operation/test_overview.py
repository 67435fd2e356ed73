"""Figures for the first look: profit from its beginnings, and totals of like money only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.domain.money import ZERO
from chalicelib.domain.operation.overview import (
    AccountFigures,
    Profit,
    beginnings,
    positions_of,
    profit_since,
    totals_of,
)
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.ledger import Holding, Portfolio
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.plan import AccountState, Stance
from chalicelib.domain.trading.signal import DesiredState

NOW = datetime(2026, 3, 2, 8, 30, 15, 7, tzinfo=UTC)
DAWN = datetime(2026, 3, 2, tzinfo=UTC)


def point(realized: str, unrealized: str) -> PerformancePoint:
    return PerformancePoint(
        account="main",
        strategy="",
        at=NOW,
        equity=Decimal(1),
        realized=Decimal(realized),
        unrealized=Decimal(unrealized),
        fees=ZERO,
    )


def test_profit_counts_from_dawn_and_over_7_and_30_days():
    assert beginnings(NOW) == {
        "today": DAWN,
        "week": NOW - timedelta(days=7),
        "month": NOW - timedelta(days=30),
    }


def test_profit_is_what_came_in_since():
    assert profit_since(DAWN, point("10", "-4"), point("3", "2")) == Profit(
        since=DAWN, realized=Decimal(7), unrealized=Decimal(-6), total=Decimal(1)
    )
    assert profit_since(DAWN, point("10", "-4"), None) == Profit(
        since=DAWN, realized=Decimal(10), unrealized=Decimal(-4), total=Decimal(6)
    )


def profit(amount: str) -> Profit:
    return Profit(
        since=DAWN, realized=Decimal(amount), unrealized=Decimal(1), total=Decimal(amount) + 1
    )


def figures(name: str, badge: str, quote: str, minutes: int = 0) -> AccountFigures:
    return AccountFigures(
        account=name,
        badge=badge,
        exchange="gemini",
        quote=quote,
        cash=ZERO,
        equity=Decimal(100),
        at=NOW + timedelta(minutes=minutes),
        today=profit("1"),
        week=profit("2"),
        month=profit("3"),
    )


def test_only_like_money_is_added_up_live_first():
    given = [
        figures("a", "PAPER", "USD", minutes=2),
        figures("b", "PAPER", "USD", minutes=1),
        figures("c", "LIVE", "USD"),
        figures("d", "SANDBOX", "USD"),
        figures("e", "LIVE", "EUR"),
        replace(figures("f", "LIVE", "EUR"), equity=None, at=None),
    ]
    totals = totals_of(given)
    assert [(t.badge, t.quote, t.accounts) for t in totals] == [
        ("LIVE", "EUR", ("e",)),
        ("LIVE", "USD", ("c",)),
        ("SANDBOX", "USD", ("d",)),
        ("PAPER", "USD", ("a", "b")),
    ]
    both = totals[-1]
    assert (both.equity, both.at) == (Decimal(200), NOW + timedelta(minutes=1))
    for total, amount in ((both.today, 2), (both.week, 4), (both.month, 6)):
        assert (total.since, total.realized, total.unrealized) == (DAWN, amount, 2)
        assert total.total == amount + 2
    assert totals_of([]) == []


def test_positions_with_the_prices_at_which_they_leave():
    account = Account(name="main", exchange="gemini", mode=Mode.SANDBOX, quote="USD")
    held = Holding(
        strategy="btc",
        symbol="BTC/USD",
        quantity=Decimal(2),
        cost=Decimal(100),
        realized=Decimal(7),
        fees=Decimal(1),
    )
    sold = Holding(strategy="eth", symbol="ETH/USD", realized=Decimal(5))
    stance = Stance(
        strategy="btc",
        symbol="BTC/USD",
        state=DesiredState.LONG,
        stop_loss=Decimal(40),
        take_profit=Decimal(60),
        stop_refused="no stops there",
    )
    state = AccountState(account="main", stances=(stance,), frozen={"BTC/USD": "sold elsewhere"})
    portfolio = Portfolio(account="main", quote="USD", holdings=(sold, held))
    [position] = positions_of(account, portfolio, state)
    assert (position.account, position.badge, position.quote) == ("main", "SANDBOX", "USD")
    assert (position.strategy, position.symbol) == ("btc", "BTC/USD")
    assert (position.quantity, position.price, position.cost) == (2, 50, 100)
    assert (position.realized, position.fees, position.state) == (7, 1, DesiredState.LONG)
    assert (position.stop_loss, position.take_profit) == (40, 60)
    assert (position.stop_refused, position.frozen) == ("no stops there", "sold elsewhere")
    everything = positions_of(account, portfolio, state, empty=True)
    assert everything[-1] == position
    assert [(p.strategy, p.quantity, p.price, p.frozen) for p in everything[:-1]] == [
        ("eth", ZERO, ZERO, "")
    ]
