"""What runs on live candles, and what is too large for them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.deployment import Deployment, check_deployment
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.setup import Setup
from tests.unit.bots.paper_market import scripted

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def alone(count: int = 1, warmup: int = 0) -> tuple[Setup, ...]:
    """So many bots of one instrument each."""
    return set_up_of(count, warmup, together=False)


def together(count: int, warmup: int = 0) -> tuple[Setup, ...]:
    """One bot of so many instruments."""
    return set_up_of(count, warmup, together=True)


def set_up_of(count: int, warmup: int, *, together: bool) -> tuple[Setup, ...]:
    symbols = [f"C{number}/USDT" for number in range(count)]
    return tuple(set_up(scripted({}, together=together, warmup=warmup), instruments=symbols))


def check(**changes: Any) -> None:
    check_deployment(Deployment("mine", "mine", alone(), START)._replace(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cash": Decimal("0.01")},
        {"setups": alone(40, warmup=2_000)},
        {"setups": together(4, warmup=2_000)},
        {"setups": together(40, warmup=200)},
    ],
)
def test_what_can_be_deployed(changes: dict[str, Any]) -> None:
    check(**changes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"name": "a b"},
            "the name 'a b' is not possible; it must have up to 40 letters, digits and . _ -",
        ),
        ({"cash": Decimal(0)}, "cash is 0; it must be above zero"),
        ({"cash": Decimal("-0.5")}, "cash is -0.5; it must be above zero"),
        ({"setups": alone(41)}, "mine has 41 instruments; a deployment has at most 40"),
        ({"setups": together(41)}, "mine has 41 instruments; a deployment has at most 40"),
        (
            {"setups": alone(warmup=2_001)},
            "Scripted warms up with 2001 candles; on live candles it may be 2000, because they are"
            " kept anew with every candle",
        ),
        (
            {"setups": together(2, warmup=2_001)},
            "Scripted warms up with 2001 candles of 2 instruments; on live candles it may be 2000,"
            " because they are kept anew with every candle",
        ),
        (
            {"setups": together(7, warmup=1_143)},
            "Scripted warms up with 1143 candles of 7 instruments; on live candles it may be 1142,"
            " because they are kept anew with every candle",
        ),
    ],
)
def test_what_cannot_be_deployed(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(BotRefused) as refused:
        check(**changes)
    assert str(refused.value) == why
