"""No coin beyond its part of the equity, whoever holds it and on whatever instrument."""

from decimal import Decimal

from chalicelib.domain.trading.exposure import within_exposure
from chalicelib.domain.trading.plan import Stance
from chalicelib.domain.trading.situation import Key, Slot
from tests.situations import BTC, ETH, an_instrument

EUROS = "BTC/EUR"


def slots(*rows: tuple[str, str, str, str]) -> dict[Key, Slot]:
    """Rows of (strategy, symbol, owned, price)."""
    return {
        (name, symbol): Slot(
            key=(name, symbol),
            weight=Decimal(1),
            subscription=None,
            stance=Stance(strategy=name, symbol=symbol),
            owned=Decimal(owned),
            wish=None,
            price=Decimal(price),
            instrument=an_instrument(symbol),
        )
        for name, symbol, owned, price in rows
    }


def amounts(**by_name: str) -> dict[Key, Decimal]:
    symbols = {"a": BTC, "b": BTC, "c": EUROS, "e": ETH}
    return {(name, symbols[name]): Decimal(amount) for name, amount in by_name.items()}


def cut(
    most: str | None, wanted: dict[Key, Decimal], leaving: dict[Key, Decimal] | None = None
) -> dict[Key, Decimal]:
    """Of an equity of 1,000: a holds 2 BTC at 100, c 1 BTC at 110, e 10 ETH at 10."""
    known = slots(("a", BTC, "2", "100"), ("b", BTC, "0", "100"), ("c", EUROS, "1", "110"))
    known |= slots(("e", ETH, "10", "10"))
    limit = None if most is None else Decimal(most)
    return within_exposure(limit, Decimal(1000), known, wanted, leaving or {})


def test_without_a_limit_everything_stays_as_wanted() -> None:
    wanted = amounts(a="99", e="99")
    assert cut(None, wanted) == wanted
    assert cut(None, wanted) is not wanted


def test_what_fits_to_the_last_unit_is_not_cut() -> None:
    wanted = amounts(a="1", b="0.9")  # 310 held and 190 wanted of 500
    assert cut("0.5", wanted) == wanted


def test_what_does_not_fit_is_cut_pro_rata_over_all_instruments_of_the_coin() -> None:
    # 190 left, 100 + 280 wanted: half of each
    wanted = amounts(a="1", b="1.7", c="1", e="7")
    assert cut("0.5", wanted) == amounts(a="0.5", b="0.85", c="0.5", e="7")


def test_what_leaves_makes_room_on_its_own_coin_alone() -> None:
    leaving = amounts(a="1.5", e="10")
    assert cut("0.5", amounts(b="4"), leaving) == amounts(b="3.4")  # 50 + 110 stay, 340 left
    assert cut("0.5", amounts(e="60"), leaving) == amounts(e="50")


def test_beyond_the_limit_already_nothing_more_is_bought() -> None:
    assert cut("0.3", amounts(b="1")) == amounts(b="0")
    assert cut("-0.3", amounts(b="1", e="1")) == amounts(b="0", e="0")
    # a negative equity is no reason to sell: the room is nothing, not less
    known = slots(("a", BTC, "0", "100"))
    leaving = amounts(a="1")
    assert within_exposure(Decimal(1), Decimal(-50), known, amounts(a="1"), leaving) == amounts(
        a="1"
    )


def test_what_nobody_wants_is_not_asked_for() -> None:
    assert cut("0.5", {}) == {}
    assert cut("0.001", amounts(e="0")) == amounts(e="0")
