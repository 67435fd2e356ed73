"""The gate before a purchase: each limit refuses at its number and not before it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel, Subscription
from chalicelib.domain.trading.plan import Breaker
from chalicelib.domain.trading.risk import Conditions, Refusal, screen
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.domain.trading.wishes import gather_wishes
from tests.situations import BTC, NOON, a_signal
from tests.trading_floor import TradingFloor

STRATEGY = Strategy(name="a", instruments={"BTCUSDT": BTC}, timeframe="1h")
NOW = NOON + timedelta(seconds=30)
BREAKER = Breaker(code="DRAWDOWN_EXCEEDED", reason="lost too much", opened_at=NOON)
CONDITIONS = Conditions(
    now=NOW,
    halt=HaltLevel.NONE,
    equity=Decimal(1000),
    price=Decimal(100),
    frozen={},
)


def refused(*, terms: dict[str, Any] | None = None, **conditions: Any) -> Refusal | None:
    wishes, _ = gather_wishes([a_signal("a", price=Decimal(1))], {})
    subscription = Subscription(account="main", strategy="a", **(terms or {}))
    return screen(wishes[("a", BTC)], STRATEGY, subscription, replace(CONDITIONS, **conditions))


def test_without_limits_nothing_is_refused() -> None:
    assert refused() is None
    assert refused(orders_today=99, realized_today=Decimal(-999)) is None


@pytest.mark.parametrize(
    ("terms", "conditions", "code"),
    [
        ({}, {"halt": HaltLevel.NO_ENTRIES}, "TRADING_HALTED"),
        ({}, {"halt": HaltLevel.FLATTEN}, "TRADING_HALTED"),
        ({"paused": True}, {}, "STRATEGY_PAUSED"),
        ({}, {"frozen": {BTC: "strategies own more"}}, "INSTRUMENT_FROZEN"),
        ({}, {"frozen": {"ETH/USDT": "another one"}}, None),
        ({}, {"now": NOON + timedelta(hours=1)}, None),
        ({}, {"now": NOON + timedelta(hours=1, seconds=1)}, "ENTRY_TOO_LATE"),
        ({"max_orders_per_day": 3}, {"orders_today": 2}, None),
        ({"max_orders_per_day": 3}, {"orders_today": 3}, "ORDERS_PER_DAY_EXCEEDED"),
        ({"max_orders_per_day": 0}, {}, "ORDERS_PER_DAY_EXCEEDED"),
        ({"daily_loss_stop": Decimal("0.05")}, {"realized_today": Decimal("-49.99")}, None),
        (
            {"daily_loss_stop": Decimal("0.05")},
            {"realized_today": Decimal(-50)},
            "DAILY_LOSS_EXCEEDED",
        ),
        ({"daily_loss_stop": Decimal("0.05")}, {"realized_today": Decimal(50)}, None),
        ({"daily_loss_stop": Decimal(0)}, {}, None),
        ({}, {"breakers": (BREAKER,)}, "DRAWDOWN_EXCEEDED"),
        ({"trading_hours": ("mon 12:00-12:01",)}, {}, None),
        ({"trading_hours": ("mon 12:01-12:00",)}, {}, "TRADING_HOURS_CLOSED"),
        ({}, {"skew": timedelta(seconds=-5)}, None),
        ({}, {"skew": timedelta(seconds=5)}, None),
        ({}, {"skew": timedelta(seconds=-5.001)}, "CLOCK_SKEWED"),
        ({}, {"skew": timedelta(seconds=5.001)}, "CLOCK_SKEWED"),
        ({}, {"priced_at": NOW - timedelta(seconds=60)}, None),
        ({}, {"priced_at": NOW - timedelta(seconds=61)}, "PRICE_STALE"),
        ({}, {"priced_at": NOW - timedelta(seconds=61), "max_price_age": 90}, None),
        ({}, {"losses": 9, "sold_at": NOW}, None),
        ({"cooldown": 600}, {}, None),
        ({"cooldown": 600}, {"losses": 0, "sold_at": NOW}, None),
        ({"cooldown": 600}, {"losses": 1, "sold_at": NOW - timedelta(seconds=600)}, None),
        ({"cooldown": 600}, {"losses": 1, "sold_at": NOW}, "STRATEGY_COOLING_DOWN"),
        ({"cooldown": 600, "cooldown_after": 3}, {"losses": 2, "sold_at": NOW}, None),
        (
            {"cooldown": 600, "cooldown_after": 3},
            {"losses": 3, "sold_at": NOW - timedelta(seconds=599)},
            "STRATEGY_COOLING_DOWN",
        ),
    ],
)
def test_a_limit(terms: dict[str, Any], conditions: dict[str, Any], code: str | None) -> None:
    refusal = refused(terms=terms, **conditions)
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("alert", "now", "code"),
    [
        ("100", "101", None),
        ("100", "101.01", "PRICE_TOO_FAR"),
        ("100", "98.99", "PRICE_TOO_FAR"),
        (None, "500", None),
        ("100", None, None),
    ],
)
def test_slippage_against_the_price_of_the_alert(
    alert: str | None, now: str | None, code: str | None
) -> None:
    refusal = _slipped(alert, now)
    assert (refusal.code if refusal else None) == code


def _slipped(alert: str | None, now: str | None) -> Refusal | None:
    signal = a_signal("a", price=None if alert is None else Decimal(alert))
    wishes, _ = gather_wishes([signal], {})
    subscription = Subscription(account="main", strategy="a", max_slippage=Decimal("0.01"))
    conditions = replace(CONDITIONS, price=None if now is None else Decimal(now))
    return screen(wishes[("a", BTC)], STRATEGY, subscription, conditions)


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"halt": HaltLevel.NO_ENTRIES}, SignalStatus.DENIED),
        ({"now": NOON + timedelta(days=1)}, SignalStatus.EXPIRED),
        ({"priced_at": NOON - timedelta(minutes=2)}, SignalStatus.SKIPPED),
        ({"breakers": (BREAKER,)}, SignalStatus.DENIED),
    ],
)
def test_a_refusal_names_its_status_and_its_code(
    conditions: dict[str, Any], status: SignalStatus
) -> None:
    refusal = refused(**conditions)
    assert refusal is not None
    assert refusal.status is status
    assert refusal.reason.endswith(f"({refusal.code})")


def test_a_wrong_clock_is_said_to_be_on_the_side_where_it_is() -> None:
    behind, ahead = refused(skew=timedelta(seconds=7)), refused(skew=timedelta(seconds=-9))
    assert behind is not None
    assert ahead is not None
    assert "7 s behind the venue's" in behind.detail
    assert "9 s ahead of the venue's" in ahead.detail


def _floor(**terms: Any) -> TradingFloor:
    floor = TradingFloor(
        {"BTC/USDT": "50000", "ETH/USDT": "2500"}, {"btc": "0.5"}, subscription=terms
    )
    configuration = floor.ports.strategies.configuration()
    both = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}
    strategy = Strategy(name="btc", instruments=both, sibling_wait=0)
    floor.ports.strategies.apply(expected_version=configuration.version, strategies=[strategy])
    return floor


def _trade(floor: TradingFloor, state: str, symbol: str) -> SignalStatus:
    floor.clock.pass_time(minutes=5)
    changes = {"symbol": symbol, "ticker": symbol.replace("/", "")}
    signal = floor.alert("btc", state, order_id=symbol, **changes)
    floor.tick()
    return floor.outcome(signal)[0]


def test_orders_per_day_count_over_all_instruments_and_never_hold_back_an_exit() -> None:
    floor = _floor(max_orders_per_day=2)
    assert _trade(floor, "long", "BTC/USDT") is SignalStatus.EXECUTED
    assert _trade(floor, "flat", "BTC/USDT") is SignalStatus.EXECUTED
    assert _trade(floor, "long", "ETH/USDT") is SignalStatus.DENIED
    floor.clock.pass_time(days=1)
    assert _trade(floor, "long", "ETH/USDT") is SignalStatus.EXECUTED
    assert _trade(floor, "long", "BTC/USDT") is SignalStatus.EXECUTED
    assert _trade(floor, "flat", "ETH/USDT") is SignalStatus.EXECUTED


def test_the_daily_loss_counts_over_all_instruments() -> None:
    floor = _floor(daily_loss_stop=Decimal("0.02"))
    assert _trade(floor, "long", "BTC/USDT") is SignalStatus.EXECUTED
    floor.prices.set("BTC/USDT", Decimal(40000))  # a quarter of 10,000 loses a fifth
    assert _trade(floor, "flat", "BTC/USDT") is SignalStatus.EXECUTED
    assert _trade(floor, "long", "ETH/USDT") is SignalStatus.DENIED
    floor.clock.pass_time(days=1)
    assert _trade(floor, "long", "ETH/USDT") is SignalStatus.EXECUTED


def test_no_order_is_worth_more_than_its_cap() -> None:
    floor = TradingFloor(
        {"BTC/USDT": "50000"}, {"btc": "0.5"}, subscription={"max_order_notional": Decimal(1000)}
    )
    floor.alert("btc", "long")
    floor.tick()
    assert [order.intent.quantity for order in floor.orders] == [Decimal("0.02")]
