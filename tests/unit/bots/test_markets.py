"""One instrument as a bot sees it, and how far back it may look."""

import pytest

from chalicelib.domain.bots.market import Market
from chalicelib.domain.bots.refusals import BotRefused
from tests.unit.bots.paper_market import BTC, candles


def market(reach: int = 3, last: int = 1) -> Market:
    """Four candles, of which it has seen those up to `last`."""
    found = Market(BTC, reach)
    found.show(candles((1, 4, 1, 2), (2, 6, 1.5, 3), (3, 7, 2.5, 4), (4, 9, 3.5, 5)), last)
    return found


@pytest.mark.parametrize(
    ("last", "count", "closes"),
    [(0, 1, [2]), (1, 1, [3]), (1, 3, [2, 3]), (2, 3, [2, 3, 4]), (3, 3, [3, 4, 5])],
)
def test_history_ends_with_the_closed_candle_and_begins_with_the_first(
    last: int, count: int, closes: list[float]
) -> None:
    history = market(last=last).history(count)
    assert (len(history), history.close) == (len(closes), closes)


@pytest.mark.parametrize("count", [0, 4, -1, 1.0, True, "2"])
def test_it_reaches_as_far_as_the_warmup_says(count: int) -> None:
    with pytest.raises(BotRefused) as refused:
        market().history(count)
    assert str(refused.value) == (
        f"history({count!r}): it reaches from 1 to 3 candles; the bot's `warmup` says how far"
    )


def test_its_prices_are_those_of_the_closed_candle() -> None:
    seen = market()
    assert (seen.open, seen.high, seen.low, seen.volume) == (2, 6, 1.5, 1)
    assert seen.has_price


def test_before_the_first_candle_nothing_is_held_and_nothing_is_fresh() -> None:
    seen = Market(BTC, 3)
    known = (seen.symbol, seen.position, seen.average_price, seen.is_fresh, seen.has_price)
    assert known == (BTC, 0.0, None, False, False)
