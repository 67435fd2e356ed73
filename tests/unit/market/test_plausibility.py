"""Prices that cannot be, and prices that have only moved."""

from datetime import UTC, datetime
from decimal import Decimal

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.plausibility import Plausibility

START = datetime(2024, 8, 8, tzinfo=UTC)


def flaws(*prices: tuple[str, str] | str, after: Plausibility | None = None) -> list[str]:
    """Of candles with these lows and highs; they close at the high."""
    judge = after or Plausibility()
    found = []
    for given in prices:
        low, high = (Decimal(p) for p in (given if isinstance(given, tuple) else (given, given)))
        found.append(judge.flaw_of(Candle(START, high, high, low, high, Decimal(1))))
    return found


def test_a_price_more_than_ten_times_off_is_named() -> None:
    assert flaws("100", "101", "102", ("99", "1011"), ("10.1", "100"), ("10.1", "1010")) == [
        "",
        "",
        "",
        "high is 1011; it must be within 10 times 101, the middle of the closes before",
        "low is 10.1; it must be within 10 times 101.5, the middle of the closes before",
        "",
    ]


def test_the_first_candles_have_nothing_to_be_compared_with() -> None:
    assert flaws("1", "1000", "0.001") == ["", "", ""]


def test_a_price_that_stays_is_the_new_price() -> None:
    found = flaws(*["100"] * 5, *["5000"] * 5)
    assert [bool(flaw) for flaw in found] == [False] * 5 + [True] * 3 + [False] * 2


def test_it_goes_on_from_the_closes_before() -> None:
    first = Plausibility()
    flaws("100", "100", "100", after=first)
    assert first.closes() == [100.0, 100.0, 100.0]
    assert [bool(f) for f in flaws("1001", after=Plausibility(first.closes()))] == [True]
    assert [bool(f) for f in flaws("1001")] == [False]
