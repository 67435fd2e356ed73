"""At which price an order is filled where a candle just touches it."""

import pytest

from chalicelib.domain.bots.fill_model import BUYS, SELLS, limit_at_open, limit_within, stop_within
from chalicelib.domain.trading.side import Side


@pytest.mark.parametrize(
    ("side", "opened", "filled"),
    [
        *[(BUYS, 99.0, 99.0), (BUYS, 100.0, 100.0), (BUYS, 101.0, None)],
        *[(SELLS, 99.0, None), (SELLS, 100.0, 100.0), (SELLS, 101.0, 101.0)],
    ],
)
def test_a_new_limit_is_filled_where_the_market_opens_at_it_or_beyond(
    side: Side, opened: float, filled: float | None
) -> None:
    assert limit_at_open(side, 100.0, opened) == filled


@pytest.mark.parametrize(
    ("side", "high", "low", "filled"),
    [
        *[(BUYS, 105.0, 99.0, 100.0), (BUYS, 105.0, 100.0, None)],
        *[(SELLS, 101.0, 95.0, 100.0), (SELLS, 100.0, 95.0, None)],
    ],
)
def test_a_limit_is_filled_where_it_is_traded_through(
    side: Side, high: float, low: float, filled: float | None
) -> None:
    assert limit_within(side, 100.0, high, low) == filled


@pytest.mark.parametrize(
    ("side", "opened", "high", "low", "filled"),
    [
        (BUYS, 98.0, 99.0, 97.0, None),
        (BUYS, 98.0, 100.0, 97.0, 100.0),
        (BUYS, 103.0, 104.0, 97.0, 103.0),
        (SELLS, 102.0, 103.0, 101.0, None),
        (SELLS, 102.0, 103.0, 100.0, 100.0),
        (SELLS, 97.0, 103.0, 96.0, 97.0),
    ],
)
def test_a_stop_is_filled_where_it_is_touched_and_worse_where_the_market_opens_beyond(
    side: Side, opened: float, high: float, low: float, filled: float | None
) -> None:
    assert stop_within(side, 100.0, opened, high, low) == filled
