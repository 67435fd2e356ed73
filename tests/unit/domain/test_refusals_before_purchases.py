"""Each limit of the gate at its number, in its words, and which of several speaks."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel, Subscription
from chalicelib.domain.trading.hours import is_open, trading_window
from chalicelib.domain.trading.plan import Breaker
from chalicelib.domain.trading.risk import (
    Conditions,
    Refusal,
    bar,
    over_exposed,
    screen,
    too_many_positions,
)
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy, timeframe_seconds
from chalicelib.domain.trading.wishes import gather_wishes
from tests.situations import BTC, NOON, a_signal

NOW = NOON + timedelta(seconds=30)
DENIED, SKIPPED, EXPIRED = SignalStatus.DENIED, SignalStatus.SKIPPED, SignalStatus.EXPIRED
FINE = Conditions(
    now=NOW, halt=HaltLevel.NONE, equity=Decimal(1000), price=Decimal("123.456"), frozen={}
)


def refusal(terms: dict[str, Any], **conditions: Any) -> tuple[SignalStatus, str, str] | None:
    wishes, _ = gather_wishes([a_signal("a", price=Decimal("120.00"))], {})
    strategy = Strategy(name="a", instruments={}, timeframe="1m")
    subscription = Subscription(account="main", strategy="a", **terms)
    with localcontext(Context(prec=2)):
        found = screen(wishes["a", BTC], strategy, subscription, replace(FINE, **conditions))
    return None if found is None else (found.status, found.code, found.detail)


def breaker(code: str) -> Breaker:
    return Breaker(code=code, reason=f"because of {code}", opened_at=NOON)


@pytest.mark.parametrize(
    ("terms", "conditions", "said"),
    [
        (
            {},
            {"halt": HaltLevel.NO_ENTRIES},
            (DENIED, "TRADING_HALTED", "no entries while halted: no_entries"),
        ),
        ({}, {"breakers": (breaker("X"), breaker("Y"))}, (DENIED, "X", "because of X")),
        ({"paused": True}, {}, (SKIPPED, "STRATEGY_PAUSED", "a is paused on main")),
        (
            {"trading_hours": ("00:00-01:00", "02:00-03:00")},
            {},
            (
                SKIPPED,
                "TRADING_HOURS_CLOSED",
                "Mon 12:00 UTC is not in the trading hours 00:00-01:00, 02:00-03:00",
            ),
        ),
        (
            {},
            {"skew": timedelta(seconds=6)},
            (
                DENIED,
                "CLOCK_SKEWED",
                "this machine's clock is 6 s behind the venue's, at most 5 s are allowed; "
                "set it by NTP",
            ),
        ),
        (
            {},
            {"skew": timedelta(seconds=-6)},
            (
                DENIED,
                "CLOCK_SKEWED",
                "this machine's clock is 6 s ahead of the venue's, at most 5 s are allowed; "
                "set it by NTP",
            ),
        ),
        (
            {},
            {"priced_at": NOW - timedelta(seconds=61)},
            (SKIPPED, "PRICE_STALE", "the venue's price is 61 s old, at most 60 s may be"),
        ),
        ({}, {"frozen": {BTC: "too much"}}, (DENIED, "INSTRUMENT_FROZEN", "too much")),
        (
            {},
            {"now": NOON + timedelta(seconds=61)},
            (EXPIRED, "ENTRY_TOO_LATE", "fired 61 s ago, at most 60 s are allowed"),
        ),
        (
            {"max_slippage": Decimal("0.028")},
            {},
            (
                SKIPPED,
                "PRICE_TOO_FAR",
                "price 123.456 is 2.88% from the alert's 120, at most 2.80% is allowed",
            ),
        ),
        ({"max_slippage": Decimal("0.0288")}, {}, None),
        (
            {"cooldown": 60},
            {"losses": 1, "sold_at": NOON},
            (DENIED, "STRATEGY_COOLING_DOWN", "after 1 loss it waits 60 s, 30 s are left"),
        ),
        (
            {"cooldown": 60, "cooldown_after": 2},
            {"losses": 3, "sold_at": NOON},
            (
                DENIED,
                "STRATEGY_COOLING_DOWN",
                "after 3 losses in a row it waits 60 s, 30 s are left",
            ),
        ),
        ({"cooldown": 30}, {"losses": 1, "sold_at": NOON}, None),
        (
            {"max_orders_per_day": 2},
            {"orders_today": 2},
            (DENIED, "ORDERS_PER_DAY_EXCEEDED", "2 orders today, at most 2 are allowed"),
        ),
        (
            {"daily_loss_stop": Decimal("0.0512")},
            {"realized_today": Decimal("-51.2")},
            (DENIED, "DAILY_LOSS_EXCEEDED", "lost 5.12% of equity today, the stop is 5.12%"),
        ),
        ({"daily_loss_stop": Decimal("0.0513")}, {"realized_today": Decimal("-51.2")}, None),
        (
            {"daily_loss_stop": Decimal("0.5")},
            {"realized_today": -Decimal(9), "equity": Decimal(0)},
            None,
        ),
        (
            {"daily_loss_stop": Decimal("0.5")},
            {"realized_today": Decimal("-0.5"), "equity": Decimal(1)},
            (DENIED, "DAILY_LOSS_EXCEEDED", "lost 50.00% of equity today, the stop is 50.00%"),
        ),
    ],
)
def test_a_limit_in_its_words(
    terms: dict[str, Any], conditions: dict[str, Any], said: tuple[SignalStatus, str, str] | None
) -> None:
    assert refusal(terms, **conditions) == said


def test_of_several_the_first_speaks() -> None:
    terms: dict[str, Any] = {
        "paused": True,
        "trading_hours": ("00:00-01:00",),
        "max_slippage": Decimal("0.001"),
        "cooldown": 9999,
        "max_orders_per_day": 1,
        "daily_loss_stop": Decimal("0.001"),
    }
    conditions: dict[str, Any] = {
        "halt": HaltLevel.FLATTEN,
        "breakers": (breaker("BROKEN"),),
        "skew": timedelta(minutes=1),
        "priced_at": NOON - timedelta(minutes=9),
        "frozen": {BTC: "x"},
        "now": NOON + timedelta(hours=1),
        "losses": 5,
        "sold_at": NOON,
        "orders_today": 5,
        "realized_today": Decimal(-999),
    }
    removable: list[tuple[str, str]] = [
        ("TRADING_HALTED", "halt"),
        ("BROKEN", "breakers"),
        ("STRATEGY_PAUSED", "paused"),
        ("TRADING_HOURS_CLOSED", "trading_hours"),
        ("CLOCK_SKEWED", "skew"),
        ("PRICE_STALE", "priced_at"),
        ("INSTRUMENT_FROZEN", "frozen"),
        ("ENTRY_TOO_LATE", "now"),
        ("PRICE_TOO_FAR", "max_slippage"),
        ("STRATEGY_COOLING_DOWN", "cooldown"),
        ("ORDERS_PER_DAY_EXCEEDED", "max_orders_per_day"),
        ("DAILY_LOSS_EXCEEDED", "daily_loss_stop"),
    ]
    for code, name in removable:
        found = refusal(terms, **conditions)
        assert found is not None
        assert found[1] == code
        terms.pop(name, None)
        conditions.pop(name, None)
    assert refusal(terms, **conditions) is None


def test_a_bar_is_what_nobody_may_pass_whatever_is_wished() -> None:
    late = replace(FINE, now=NOON + timedelta(hours=1), frozen={BTC: "x"})
    assert bar(Subscription(account="main", strategy="a"), late) is None
    assert bar(Subscription(account="main", strategy="a", paused=True), late) == Refusal(
        status=SKIPPED, code="STRATEGY_PAUSED", detail="a is paused on main"
    )


def test_refusals_of_the_account() -> None:
    assert too_many_positions(3, 2) == Refusal(
        status=DENIED,
        code="OPEN_POSITIONS_EXCEEDED",
        detail="3 positions are open, at most 2 may be",
    )
    exposed = over_exposed("BTC", Decimal("0.125"))
    assert exposed == Refusal(
        status=DENIED,
        code="EXPOSURE_EXCEEDED",
        detail="BTC may be 12.50% of equity at most, which leaves no room for more",
    )
    assert exposed.reason == (
        "BTC may be 12.50% of equity at most, which leaves no room for more (EXPOSURE_EXCEEDED)"
    )


# --- windows of the week --------------------------------------------------------------------


def weekly(text: str) -> list[str]:
    """The hours of one week, as 'mon 08', in which it is open at half past."""
    monday = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    hours = (monday + timedelta(hours=count) for count in range(7 * 24))
    return [f"{at:%a %H}".lower() for at in hours if is_open([text], at)]


@pytest.mark.parametrize(
    ("text", "open_at"),
    [
        ("tue 08:00-10:00", ["tue 08", "tue 09"]),
        ("sat-sun 23:00-24:00", ["sat 23", "sun 23"]),
        ("sat-mon 05:00-06:00", ["mon 05", "sat 05", "sun 05"]),
        ("sun 23:00-01:00", ["mon 00", "sun 23"]),
        ("wed-thu 23:30-00:30", ["wed 23", "thu 23"]),
        ("mon-mon 00:00-00:31", ["mon 00"]),
    ],
)
def test_a_window_of_some_days(text: str, open_at: list[str]) -> None:
    assert weekly(text) == open_at


@pytest.mark.parametrize(
    ("text", "count"), [("00:00-24:00", 168), ("09:00-17:00", 56), ("22:00-02:00", 28)]
)
def test_a_window_of_every_day(text: str, count: int) -> None:
    assert len(weekly(text)) == count


def test_a_window_begins_with_its_first_minute_and_ends_before_its_last() -> None:
    at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    bounds = [timedelta(minutes=m) for m in (-1, 0, 29, 30)]
    assert [is_open(["08:00-08:30"], at + b) for b in bounds] == [False, True, True, False]
    night = ["mon 23:59-00:01"]
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    assert [is_open(night, midnight + timedelta(minutes=m)) for m in (-2, -1, 0, 1)] == [
        False,
        True,
        True,
        False,
    ]
    assert is_open([], at)
    assert is_open(["00:00-00:01", "08:00-09:00"], at)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("8-9", "'8-9' is no window such as 08:00-16:30 or mon-fri 13:30-20:00"),
        ("mon 24:00-24:00", "'mon 24:00-24:00' does not open before it closes, within a day"),
        ("08:00-24:01", "'08:00-24:01' does not open before it closes, within a day"),
        ("08:00-08:00", "'08:00-08:00' does not open before it closes, within a day"),
        ("foo 08:00-09:00", "'foo' is no day; days are mon, tue, wed, thu, fri, sat, sun"),
        ("mon-bar 08:00-09:00", "'bar' is no day; days are mon, tue, wed, thu, fri, sat, sun"),
    ],
)
def test_what_is_no_window(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(sentence)}$"):
        trading_window(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15s", 15), ("1m", 60), ("60", 3600), ("4h", 14400), ("1D", 86400), ("2W", 1209600)],
)
def test_a_timeframe_in_seconds(text: str, seconds: int) -> None:
    assert timeframe_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "0m", "1x", "-1h", "1.5h"])
def test_what_is_no_timeframe(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not a number with s, m, h, d or w, such as 15m or 4h"
    ):
        timeframe_seconds(text)
