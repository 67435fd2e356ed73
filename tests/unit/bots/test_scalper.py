"""The scalper: what it does at each close, and what its parameters change."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.intent import Action
from chalicelib.domain.bots.ready_made import READY_MADE, ready_made
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, step
from tests.unit.bots.paper_market import BTC, FREE, candles, instrument, told


def scalped(closes: Sequence[float], *, filters: Any = None, **parameters: float) -> Backtest:
    """On candles that stand still at each price, so that a fill is at the next close."""
    (setup,) = set_up(
        ready_made("scalper"), instruments=[BTC], interval="1h", parameters=parameters
    )
    terms = Terms({BTC: instrument(**(filters or {}))}, Decimal(1000), FREE)
    return backtest(setup, {BTC: candles(*[(close,) for close in closes])}, terms)


def sides(test: Backtest) -> list[tuple[int, str]]:
    return [(number, side) for number, side, _, _ in told(test)]


def test_it_buys_a_part_of_the_wallet_after_a_fall_and_sells_it_after_a_rise() -> None:
    test = scalped([100, 99, 99, 100, 100])
    # Decided at the close of candle 1 and 3, filled at the open of the next ones.
    assert told(test) == [
        (2, "buy", Decimal("1.010"), Decimal(99)),  # a tenth of 1000, in whole steps
        (4, "sell", Decimal("1.010"), Decimal(100)),
    ]
    assert test.cash == Decimal("1001.01")


def test_exactly_the_threshold_is_enough_and_less_is_not() -> None:
    assert sides(scalped([200, 198, 198])) == [(2, "buy")]
    assert sides(scalped([200, 198.01, 198.01])) == []
    assert sides(scalped([200, 198, 198, 199.97, 199.97])) == [(2, "buy")]
    assert sides(scalped([200, 198, 198, 199.98, 199.98])) == [(2, "buy"), (4, "sell")]


def test_only_the_close_just_before_counts() -> None:
    assert sides(scalped([100, 99.5, 99, 98.5, 98, 97.5])) == []  # 2.5 % in five steps


def test_what_was_not_bought_is_not_sold() -> None:
    test = scalped([100, 102, 104, 102, 102])
    assert sides(test) == [(4, "buy")]
    assert test.denied == []


def test_a_rise_of_less_than_one_is_a_rise() -> None:
    assert sides(scalped([10, 10.5, 10, 10.5, 10.5])) == [(3, "buy"), (4, "sell")]


def test_what_it_finds_in_its_account_it_has_not_bought() -> None:
    (setup,) = set_up(ready_made("scalper"), instruments=[BTC], interval="1h")
    account = AccountView(Decimal(1000), {BTC: Held(Decimal(2), Decimal(90))})
    for second, asked in ((102, []), (98, [Action.BUY])):
        done = step(setup, None, {BTC: candles((100,), (second,))}, account)
        assert [order.action for order in done.orders] == asked


def test_it_buys_once_before_it_sells_unless_it_may_buy_more_often() -> None:
    falling = [100, 98, 96, 94, 94, 96, 96]
    assert sides(scalped(falling)) == [(2, "buy"), (6, "sell")]
    often = scalped(falling, purchases=3, percentage=20.0)
    assert sides(often) == [(2, "buy"), (3, "buy"), (4, "buy"), (6, "sell")]
    assert often.positions == {BTC: 0}
    assert sides(scalped(falling, purchases=2)) == [(2, "buy"), (3, "buy"), (6, "sell")]


def test_threshold_and_percentage_are_chosen() -> None:
    test = scalped([100, 99, 96, 96], threshold=3.0, percentage=50.0)
    assert told(test) == [(3, "buy", Decimal("5.208"), Decimal(96))]
    assert sides(scalped([100, 99.95, 99.95], threshold=0.05)) == [(2, "buy")]


def test_a_purchase_that_the_venue_does_not_take_is_tried_at_the_next_fall() -> None:
    falling = [100, 98, 98, 96, 96]
    denied = scalped(falling, filters={"minimum_notional": Decimal(101)})
    assert (denied.fills, len(denied.denied)) == ([], 2)
    taken = scalped(falling, filters={"minimum_notional": Decimal(90)})
    assert (sides(taken), taken.denied) == ([(2, "buy")], [])


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"threshold": 0}, "threshold is 0; it must be a number from 0.01 to 50.0"),
        ({"percentage": 101.0}, "percentage is 101.0; it must be a number from 0.1 to 100.0"),
        ({"purchases": 1.5}, "purchases is 1.5; it must be a whole number from 1 to 20"),
        ({"treshold": 1.0}, "it has: threshold, percentage, purchases"),
    ],
)
def test_parameters_have_a_range(parameters: dict[str, float], said: str) -> None:
    with pytest.raises(BotRefused, match=said):
        scalped([100], **parameters)


def test_its_instruments_are_three_and_each_has_a_scalper_of_its_own() -> None:
    setups = set_up(READY_MADE["scalper"])
    assert [setup.instruments for setup in setups] == [
        ("BTC/USDT",),
        ("ETH/USDT",),
        ("DOGE/USDT",),
    ]
    assert {setup.interval for setup in setups} == {"1m"}


def test_there_is_no_other_bot() -> None:
    with pytest.raises(BotRefused, match="there is no bot 'scalpel'; there is: scalper"):
        ready_made("scalpel")
