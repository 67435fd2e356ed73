"""The gate as a situation sets it: whose orders, losses, price and clock each slot is judged by."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.gate import Gate
from chalicelib.domain.trading.ledger import Holding
from chalicelib.domain.trading.plan import Breaker, Stance
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.domain.trading.situation import Situation, slots_of
from tests.situations import BTC, ETH, NOON, a_signal, a_situation, an_account

NOW = NOON + timedelta(seconds=30)
TODAY = NOW.date()
WEIGHTS = {("a", BTC): "0.5", ("b", ETH): "0.5"}


def situation(terms: dict[str, Any] | None = None, **changes: Any) -> Situation:
    usual: dict[str, Any] = {
        "weights": WEIGHTS,
        "signals": [a_signal("a", price=Decimal(100)), a_signal("b", ETH)],
        "subscription": terms or {},
    }
    return a_situation(**{**usual, **changes})


def refusals(seen: Situation, equity: str = "1000") -> dict[str, str]:
    """Code of the refusal by strategy; '' where it is let through."""
    gate, found = Gate(seen, Decimal(equity)), {}
    for key, slot in slots_of(seen).items():
        refusal = gate.refusal(slot, seen.wishes[key])
        found[key[0]] = refusal.code if refusal else ""
    return found


def stances(*rows: tuple[str, str, int, int]) -> list[Stance]:
    """Rows of (strategy, symbol, days ago, orders)."""
    return [
        Stance(
            strategy=name,
            symbol=symbol,
            state=DesiredState.FLAT,
            orders_on=TODAY - timedelta(days=ago),
            orders_today=count,
        )
        for name, symbol, ago, count in rows
    ]


def realized(seen: Situation, *rows: tuple[str, str, int, str]) -> Situation:
    """With rows of (strategy, symbol, days ago, profit) among the holdings."""
    holdings = tuple(
        Holding(
            strategy=name,
            symbol=symbol,
            realized_on=TODAY - timedelta(days=ago),
            realized_today=Decimal(profit),
        )
        for name, symbol, ago, profit in rows
    )
    return replace(seen, portfolio=replace(seen.portfolio, holdings=holdings))


def test_orders_of_today_count_over_all_instruments_of_one_strategy() -> None:
    terms = {"max_orders_per_day": 5}
    for ethers, code in ((1, ""), (2, "ORDERS_PER_DAY_EXCEEDED")):
        known = stances(("a", BTC, 0, 3), ("a", ETH, 0, ethers), ("b", ETH, 1, 9))
        assert refusals(situation(terms, stances=known)) == {"a": code, "b": ""}


def test_losses_of_today_count_over_all_instruments_of_one_strategy() -> None:
    seen = situation({"daily_loss_stop": Decimal("0.1")})
    for ethers, equity, code in (
        ("-39", "1000", ""),
        ("-40", "1000", "DAILY_LOSS_EXCEEDED"),
        ("-40", "1001", ""),
    ):
        rows = (("a", BTC, 0, "-60"), ("a", ETH, 0, ethers), ("b", ETH, 1, "-999"))
        assert refusals(realized(seen, *rows), equity) == {"a": code, "b": ""}


def test_who_never_traded_today_has_a_clean_sheet() -> None:
    terms = {"max_orders_per_day": 1, "daily_loss_stop": Decimal("0.000001")}
    assert refusals(situation(terms)) == {"a": "", "b": ""}


def test_each_condition_reaches_the_gate() -> None:
    breaker = Breaker(code="DRAWDOWN_EXCEEDED", reason="lost", opened_at=NOON)
    plain = situation()
    cases = {
        "TRADING_HALTED": situation(halt=HaltLevel.NO_ENTRIES),
        "DRAWDOWN_EXCEEDED": replace(plain, state=replace(plain.state, breakers=(breaker,))),
        "CLOCK_SKEWED": situation(skew=timedelta(minutes=1)),
        "ENTRY_TOO_LATE": situation(now=NOW + timedelta(hours=2)),
        "STRATEGY_PAUSED": situation({"paused": True}),
    }
    for code, seen in cases.items():
        assert refusals(seen) == {"a": code, "b": code}
    assert refusals(situation(frozen={BTC: "too much"})) == {"a": "INSTRUMENT_FROZEN", "b": ""}


def test_a_stale_price_is_that_of_the_slots_own_instrument() -> None:
    old = {BTC: NOW - timedelta(seconds=50), ETH: NOW}
    assert refusals(situation(priced_at=old)) == {"a": "", "b": ""}
    strict = an_account(max_price_age=49)
    assert refusals(situation(priced_at=old, account=strict)) == {"a": "PRICE_STALE", "b": ""}


def test_slippage_is_measured_on_the_slots_own_price() -> None:
    terms = {"max_slippage": Decimal("0.01")}
    assert refusals(situation(terms)) == {"a": "", "b": ""}
    moved = {BTC: "102", ETH: "10"}
    assert refusals(situation(terms, prices=moved)) == {"a": "PRICE_TOO_FAR", "b": ""}


def test_a_cooldown_begins_with_the_sale_that_lost() -> None:
    lost = Stance(strategy="a", symbol=BTC, realized_before=Decimal(0))
    seen = situation({"cooldown": 600}, stances=[lost])
    for minutes, code in ((9, "STRATEGY_COOLING_DOWN"), (10, "")):
        sold = Holding(
            strategy="a",
            symbol=BTC,
            realized=Decimal(-1),
            sold_at=NOW - timedelta(minutes=minutes),
        )
        portfolio = replace(seen.portfolio, holdings=(sold,))
        assert refusals(replace(seen, portfolio=portfolio)) == {"a": code, "b": ""}


def test_growing_without_a_signal_is_barred_like_an_entry_and_needs_a_follower() -> None:
    def growing(seen: Situation) -> dict[str, bool]:
        gate = Gate(seen, Decimal(1000))
        return {key[0]: gate.lets_grow(slot) for key, slot in slots_of(seen).items()}

    owns = {("a", BTC): "1", ("gone", ETH): "1"}
    assert growing(situation(owns=owns)) == {"a": True, "b": True, "gone": False}
    assert growing(situation({"paused": True})) == {"a": False, "b": False}
    # what only an entry has to fear does not hold it back
    late = situation({"max_orders_per_day": 0}, now=NOW + timedelta(hours=2))
    assert growing(late) == {"a": True, "b": True}


def test_a_slot_that_nobody_follows_has_no_limits() -> None:
    seen = situation(owns={("gone", ETH): "1"}, halt=HaltLevel.NO_ENTRIES)
    gate, slot = Gate(seen, Decimal(1000)), slots_of(seen)["gone", ETH]
    assert gate.refusal(slot, seen.wishes["b", ETH]) is None
