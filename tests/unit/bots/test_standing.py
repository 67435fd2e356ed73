"""What a live bot is taken to hold after it bought or sold, worked out by hand."""

from decimal import Decimal

import pytest

from chalicelib.domain.bots.intent import BUY, CLOSE, FRACTION, QUANTITY, SELL, TARGET, Intent
from chalicelib.domain.bots.standing import Held, Reckoning, Standing, at_market, moved
from tests.unit.bots.paper_market import BTC, ETH


def standing(cash: str, quantity: str = "0", average: str = "", others: str = "0") -> Standing:
    price = Decimal(average) if average else None
    return Standing(Decimal(cash), Decimal(quantity), price, Decimal(others))


HALF = standing("500", "5", "80")  # at a price of 100


@pytest.mark.parametrize(
    ("before", "wanted", "price", "after"),
    [
        (standing("1000"), "4", "100", standing("600", "4", "100")),
        (standing("1000"), "20", "100", standing("0", "10", "100")),
        (standing("10"), "0.5", "100", standing("0", "0.1", "100")),
        (standing("10"), "0.5", "0.5", standing("9.75", "0.5", "0.5")),
        (standing("0"), "1", "100", standing("0")),
        (HALF, "-2", "90", standing("680", "3", "80")),
        (HALF, "-7", "90", standing("950")),
        (standing("0", "1", "10"), "-0.5", "12", standing("6", "0.5", "10")),
        (standing("99", "1", "10"), "2", "11", standing("77", "3", "10.666666666667")),
        (standing("5", others="7"), "1", "1", standing("4", "1", "1", "7")),
    ],
    ids=[
        "a purchase",
        "as much as there is cash for",
        "not all of a fraction of one",
        "all of a fraction of one",
        "without cash",
        "a sale keeps the average price",
        "no more is sold than is held",
        "half of one is sold",
        "the average price has twelve digits",
        "other instruments stay what they are",
    ],
)
def test_nobody_buys_on_credit_or_sells_what_is_not_held(
    before: Standing, wanted: str, price: str, after: Standing
) -> None:
    assert moved(before, Decimal(wanted), Decimal(price)) == after


@pytest.mark.parametrize(
    ("intent", "quantity"),
    [
        (Intent("1", 0, BTC, BUY, Decimal("0.1"), FRACTION), "6"),
        (Intent("1", 0, BTC, SELL, Decimal("0.2"), FRACTION), "4"),
        (Intent("1", 0, BTC, SELL, Decimal(2), QUANTITY), "3"),
        (Intent("1", 0, BTC, CLOSE), "0"),
        (Intent("1", 0, BTC, TARGET, Decimal("0.3"), FRACTION), "3"),
        (Intent("1", 0, BTC, TARGET, Decimal("0.51"), FRACTION), "5.1"),
        (Intent("1", 0, BTC, TARGET, Decimal("0.54"), FRACTION, band=Decimal("0.05")), "5"),
        (Intent("1", 0, BTC, TARGET, Decimal("0.55"), FRACTION, band=Decimal("0.05")), "5.5"),
        (Intent("1", 0, BTC, TARGET, Decimal("0.46"), FRACTION, band=Decimal("0.05")), "5"),
        (Intent("1", 0, BTC, TARGET, Decimal("0.44"), FRACTION, band=Decimal("0.05")), "4.4"),
    ],
    ids=[
        "a tenth of 1,000",
        "a fifth of 5",
        "two",
        "all",
        "down to a share",
        "up to a share",
        "within the band above",
        "at the band's edge",
        "within the band below",
        "beyond the band below",
    ],
)
def test_an_intent_moves_to_what_it_says(intent: Intent, quantity: str) -> None:
    assert at_market(HALF, intent, Decimal(100)).quantity == Decimal(quantity)


def test_the_equity_is_the_cash_and_everything_that_is_held() -> None:
    reckoning = Reckoning(
        Decimal(50), {BTC: Held(Decimal(2), Decimal(90)), ETH: Held(Decimal("0.5"), Decimal(8))}
    )
    assert reckoning.equity({BTC: Decimal(100), ETH: Decimal(10)}) == 255
    assert Reckoning(Decimal(50)).equity({}) == 50
