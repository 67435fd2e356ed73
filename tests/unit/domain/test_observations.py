"""What a look has found, and how it stands a few idle ticks later."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.operation.observation import AccountTrouble, Observation, TickEnd
from chalicelib.domain.operation.watch import Watch
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.order import Order, OrderIntent, client_order_id
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.side import Side
from tests.situations import BTC, NOON, a_signal

LATER = NOON + timedelta(minutes=3)
NOTHING = Observation(at=NOON, tick=TickEnd(), before=Watch(), watch=Watch())
AN_ORDER = Order(
    intent=OrderIntent(
        id="p#BTC/USDT#0",
        client_order_id=client_order_id("p#BTC/USDT#0"),
        account="main",
        symbol=BTC,
        side=Side.BUY,
        quantity=Decimal(1),
        limit_price=Decimal(1),
        shares=(),
    ),
    plan_id="p",
    created_at=NOON,
    updated_at=NOON,
)
QUARANTINED = QuarantinedAlert(
    id="q", strategy="a", received_at=NOON, status=422, reason="no", excerpt="", digest=""
)


@pytest.mark.parametrize(
    ("changes", "is_settled"),
    [
        ({}, True),
        ({"ended": (a_signal("a"),), "refused": (AN_ORDER,), "quarantined": (QUARANTINED,)}, True),
        ({"waiting": (a_signal("a"),)}, False),
        ({"held": (AN_ORDER,)}, False),
        ({"unknown": (AN_ORDER,)}, False),
    ],
)
def test_what_grows_older_is_not_settled(changes: dict[str, Any], *, is_settled: bool) -> None:
    assert replace(NOTHING, **changes).is_settled is is_settled


def test_later_it_stands_as_before_without_the_news() -> None:
    standing = replace(NOTHING, states=(AccountState(account="main"),), last_good_tick=NOON)
    news = replace(
        standing, ended=(a_signal("a"),), refused=(AN_ORDER,), quarantined=(QUARANTINED,)
    )
    end = TickEnd(troubles=(AccountTrouble(account="main", status="busy", detail=""),))
    assert news.without_news(LATER, end) == replace(standing, at=LATER, tick=end)
