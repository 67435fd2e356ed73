"""The policies as the documentation gives them, in exact numbers."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.allocation import Claim, Terms, allocate, daily_volatility
from chalicelib.domain.trading.signal import Size, SizeUnit
from tests.situations import BTC

TERMS = Terms(equity=Decimal(10_000), reserve=Decimal("0.02"), risk_per_trade=Decimal("0.01"))
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}


def a_claim(name: str, **changes: Any) -> Claim:
    usual: dict[str, Any] = {
        "weight": Decimal(WEIGHTS.get(name, "0.2")),
        "price": Decimal(100),
        "active": True,
        "symbol": BTC,
    }
    return Claim(strategy=name, **{**usual, **changes})


def targets(policy: str, claims: list[Claim], terms: Terms = TERMS) -> dict[str, Decimal | str]:
    return {
        name: target.denial or target.notional
        for (name, _), target in allocate(policy, claims, terms).items()
    }


def with_active(*active: str) -> list[Claim]:
    return [a_claim(name, active=name in active) for name in WEIGHTS]


@pytest.mark.parametrize(
    ("active", "fixed", "boost"),
    [
        ("", {}, {}),
        ("btc", {"btc": 2000}, {"btc": 9500}),
        ("eth", {"eth": 2500}, {"eth": 9500}),
        ("sol", {"sol": 5000}, {"sol": 9500}),
        ("btc eth", {"btc": 2000, "eth": 2500}, {"btc": 2000, "eth": 7500}),
        ("btc sol", {"btc": 2000, "sol": 5000}, {"btc": 2000, "sol": 7500}),
        ("eth sol", {"eth": 2500, "sol": 5000}, {"eth": 2500, "sol": 7000}),
        (
            "btc eth sol",
            {"btc": 2000, "eth": 2500, "sol": 5000},
            {"btc": 2000, "eth": 2500, "sol": 5000},
        ),
    ],
)
def test_fixed_and_boost_of_the_documentation(
    active: str, fixed: dict[str, int], boost: dict[str, int]
) -> None:
    claims = with_active(*active.split())
    assert targets("fixed", claims) == fixed
    assert targets("boost", claims) == boost


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ({"weight": Decimal("0.3")}, {"weight": Decimal("0.2"), "priority": 9}, "a"),
        ({"priority": 1}, {"priority": 2}, "b"),
        ({}, {}, "a"),
    ],
)
def test_precedence_goes_by_weight_then_priority_then_name(
    first: dict[str, Any], second: dict[str, Any], winner: str
) -> None:
    claims = [a_claim("b", **second), a_claim("a", **first), a_claim("c", active=False)]
    raised = [key[0] for key, t in allocate("boost", claims, TERMS).items() if t.surplus]
    assert raised == [winner]


def test_equal_counts_all_followers_active_or_not() -> None:
    claims = [*with_active("btc", "sol"), a_claim("ada", active=False)]
    assert targets("equal", claims) == {"btc": 2450, "sol": 2450}


def test_inverse_volatility_gives_the_calmer_one_more() -> None:
    claims = [
        a_claim("calm", volatility=Decimal("0.01")),
        a_claim("wild", volatility=Decimal("0.04")),
        a_claim("idle", volatility=Decimal("0.02"), active=False),
        a_claim("new"),
    ]
    assert targets("inverse_volatility", claims) == {
        "calm": 5600,  # 9800 x 100 / (100 + 25 + 50)
        "wild": 1400,
        "new": "VOLATILITY_UNKNOWN",
    }


@pytest.mark.parametrize(
    ("stop", "weight", "expected"),
    [
        ("95", "0.5", Decimal(2000)),  # 5 % to the stop, 100 at risk
        ("99", "0.5", Decimal(5000)),  # would be 10,000: the weight is the limit
        ("50", "0.5", Decimal(200)),
        (None, "0.5", "STOP_LOSS_MISSING"),
        ("100", "0.5", "STOP_LOSS_ABOVE_PRICE"),
        ("120", "0.5", "STOP_LOSS_ABOVE_PRICE"),
        ("0", "0.5", "STOP_LOSS_ABOVE_PRICE"),
    ],
)
def test_risk_per_trade_loses_one_percent_at_the_stop(
    stop: str | None, weight: str, expected: Decimal | str
) -> None:
    claim = a_claim("a", weight=Decimal(weight), stop_loss=None if stop is None else Decimal(stop))
    assert targets("risk_per_trade", [claim]) == {"a": expected}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (Size(amount=Decimal("0.5"), unit=SizeUnit.QUANTITY), 50),
        (Size(amount=Decimal(700), unit=SizeUnit.NOTIONAL), 700),
        (Size(amount=Decimal(25), unit=SizeUnit.PERCENT), 2500),
        (None, "SIZE_MISSING"),
    ],
)
def test_signal_sized_takes_the_alert_at_its_word(
    size: Size | None, expected: Decimal | str
) -> None:
    assert targets("signal_sized", [a_claim("a", size=size)]) == {"a": expected}


def test_a_policy_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError, match="martingale"):
        allocate("martingale", [], TERMS)


@pytest.mark.parametrize("closes", [[], ["1"], ["1", "2"], ["5", "5", "5"]])
def test_volatility_is_unknown_without_enough_movement(closes: list[str]) -> None:
    assert daily_volatility([Decimal(c) for c in closes]) is None


def test_volatility_is_the_deviation_of_log_returns() -> None:
    found = daily_volatility([Decimal(1), Decimal(2), Decimal(1)])
    assert found is not None
    assert found.quantize(Decimal("1E-12")) == Decimal("0.980258143469")  # ln 2 x sqrt 2
