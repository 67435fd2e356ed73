"""One strategy's alerts, and what each of its accounts made of them, side by side."""

from decimal import Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.trading.comparison import ComparedAlert, side_by_side
from chalicelib.domain.trading.drift import Deviation
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from tests.situations import BTC, ETH, NOON


def told(account: str, price: str | None, **changes: Any) -> Deviation:
    values: dict[str, Any] = {
        "strategy": "trend",
        "symbol": BTC,
        "signal_id": "one",
        "fired_at": NOON,
        "state": DesiredState.LONG,
        "status": SignalStatus.EXECUTED,
        "reason": "",
        "alert_price": Decimal(100),
        "price": None if price is None else Decimal(price),
    }
    return Deviation(account=account, **{**values, **changes})


def apart(*found: Deviation, accounts: tuple[str, ...] = ("paper", "real")) -> str | None:
    [compared] = side_by_side(found, accounts)
    return None if compared.apart_bps is None else str(compared.apart_bps)


def test_an_alert_has_what_each_account_made_of_it() -> None:
    paper, real = told("paper", "100"), told("real", "101")
    sold = {"signal_id": "two", "symbol": ETH, "state": DesiredState.FLAT, "alert_price": None}
    only = told("real", "7", **sold)
    assert side_by_side([paper, only, real], ["paper", "real"]) == [
        ComparedAlert(
            signal_id="one",
            symbol=BTC,
            fired_at=NOON,
            state=DesiredState.LONG,
            alert_price=Decimal(100),
            on={"paper": paper, "real": real},
            apart_bps=Decimal(100),
        ),
        ComparedAlert(
            signal_id="two",
            symbol=ETH,
            fired_at=NOON,
            state=DesiredState.FLAT,
            alert_price=None,
            on={"real": only},
            apart_bps=None,
        ),
    ]
    assert side_by_side([], ["paper", "real"]) == []


def test_the_last_account_is_measured_by_the_first_one_whoever_spoke_first() -> None:
    said = told("real", "99"), told("third", "50"), told("paper", "100")
    assert apart(*said) == "-100.00"
    assert apart(*said, accounts=("third", "paper", "real")) == "9800.00"
    assert apart(*said, accounts=("paper", "silent", "real", "gone")) == "-100.00"
    unfilled = told("paper", "100"), told("third", "50"), told("real", None)
    assert apart(*unfilled, accounts=("paper", "third", "real")) is None
    assert apart(*unfilled, accounts=("paper", "real", "third")) == "-5000.00"


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        (("3", "4"), "3333.33"),
        (("0.75", "0.75"), "0.00"),
        (("200", "0"), "-10000.00"),
        (("0", "200"), None),
        ((None, "200"), None),
        (("200", None), None),
        ((None, None), None),
    ],
)
def test_two_prices_are_apart_by_hundredths_of_a_percent_of_the_first(
    prices: tuple[str | None, str | None], found: str | None
) -> None:
    with localcontext(prec=3):  # as an exchange's library may leave it
        assert apart(told("paper", prices[0]), told("real", prices[1])) == found
