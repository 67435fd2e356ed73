"""A portfolio with other weights, and the part of it between two moments."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.replay.curves import Span
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.telling import Telling
from chalicelib.domain.trading.account import Account, Mode, Subscription
from tests.unit.replay.books import BTC, ETH, marks
from tests.unit.replay.lists import at

ACCOUNT = Account(name="replay", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT")
TOLD = tuple(Telling(at(hour), "btc", at(hour), {"id": f"btc {hour}"}) for hour in range(5))
PORTFOLIO = Portfolio(
    account=ACCOUNT,
    strategies=(),
    symbols={"btc": BTC, "eth": ETH},
    subscriptions={
        "btc": Subscription(account="replay", strategy="btc", priority=1, cooldown=60),
        "eth": Subscription(account="replay", strategy="eth", priority=2),
    },
    told=TOLD,
    marks={
        BTC: marks((0, 1, 2, 3, 4), (10, 11, 12, 13, 14)),
        ETH: marks((1.5, 2.5), (50, 51)),
    },
    cash=Decimal(1000),
    lag=timedelta(0),
)


def test_subscriptions_keep_all_but_their_weights() -> None:
    weights = {"eth": Decimal("0.3"), "btc": Decimal("0.6")}
    assert PORTFOLIO.following(weights) == (
        Subscription(account="replay", strategy="eth", priority=2, weight=Decimal("0.3")),
        Subscription(
            account="replay", strategy="btc", priority=1, cooldown=60, weight=Decimal("0.6")
        ),
    )


@pytest.mark.parametrize(
    ("since", "until", "hours", "bounds"),
    [
        (None, None, range(5), (0, 4)),
        (1, 3, (1, 2), (1, 2.5)),
        (2, None, (2, 3, 4), (2, 4)),
        (None, 2.5, (0, 1, 2), (0, 2)),
        (None, 1.5, (0, 1), (0, 1)),
        (1.2, 1.7, (), (1.5, 1.5)),
    ],
)
def test_a_window_begins_with_its_first_moment_and_ends_before_its_last(
    since: float | None,
    until: float | None,
    hours: range | tuple[int, ...],
    bounds: tuple[float, float],
) -> None:
    span = Span(None if since is None else at(since), None if until is None else at(until))
    found = PORTFOLIO.between(*span)
    assert found == PORTFOLIO._replace(told=tuple(TOLD[hour] for hour in hours), span=span)
    assert found.bounds() == tuple(at_ms(at(hour)) for hour in bounds)


def test_a_window_of_a_window_lies_in_both() -> None:
    found = PORTFOLIO.between(at(1), at(4)).between(at(0), at(3))
    assert found == PORTFOLIO.between(at(1), at(3))


def test_what_is_told_of_and_not_marked_in_its_window_is_named() -> None:
    assert PORTFOLIO.unmarked() == []
    of_eth = PORTFOLIO._replace(told=tuple(each._replace(strategy="eth") for each in TOLD))
    assert of_eth.between(at(2), at(2.6)).unmarked() == []
    assert of_eth.between(at(2), at(2.5)).unmarked() == [ETH]
    assert PORTFOLIO.between(at(2), at(2.5)).unmarked() == []  # nobody trades it
