"""Messages of a live bot, word by word, made of wishes by hand."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.intent import BUY, FRACTION, QUANTITY, Intent
from chalicelib.domain.bots.live_message import OrderWish, Told, Wish, told, told_order
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Standing
from chalicelib.domain.bots.waiting_order import BUYS, Waiting
from chalicelib.domain.trading.signal_order import OrderKind, OwnWords, SignalOrder
from tests.unit.bots.paper_market import BTC, scripted

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
AT = 1772438400000  # START in ms
LIMIT = Waiting(
    *("7", BTC, BUYS, AT),
    quantity=Decimal(2),
    limit=Decimal(95),
    until=AT + 3_600_000,
    stop_loss=Decimal("90.50"),
)


def the_setup() -> Setup:
    (setup,) = set_up(scripted({}))
    return setup


def wish(*intents: Intent) -> Wish:
    """One that buys 2 at 100 with 1,000."""
    before, after = Standing(Decimal(1000)), Standing(Decimal(800), Decimal(2), Decimal(100))
    return Wish(the_setup(), BTC, START, Decimal(100), before, after, intents)


def intent(**others: Any) -> Intent:
    return Intent("1", AT, BTC, BUY, Decimal("0.2"), FRACTION)._replace(**others)


def order(**others: Any) -> Told:
    return told_order(OrderWish(the_setup(), START, LIMIT)._replace(**others), "mine")


def fields(message: Told) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(message.body)
    return said


def test_a_message_is_as_short_as_json_can_be() -> None:
    found = told(wish(intent(stop_loss=Decimal("90.0"))), "mine")
    assert found == Told(
        "mine BTC/USDT 1h 1772438400000",
        BTC,
        b'{"id":"mine BTC/USDT 1h 1772438400000","ticker":"BTC/USDT",'
        b'"time":"2026-03-02T09:00:00+00:00","interval":"1h","market_position":"long",'
        b'"prev_market_position":"flat","order_price":"100","order_comment":"mine",'
        b'"stop_loss":"90","size":"20","size_unit":"percent"}',
        OwnWords(holds=Decimal(2)),
    )
    assert not found.cancels


def test_of_several_purchases_at_one_close_each_may_protect_them() -> None:
    both = wish(intent(stop_loss=Decimal(90)), intent(id="2", take_profit=Decimal(120)))
    found = fields(told(both, "mine"))
    assert (found["stop_loss"], found["take_profit"]) == ("90", "120")
    assert (found["size"], found["size_unit"]) == ("20", "percent")  # 200 of 1,000


def test_an_order_that_waits_says_what_the_purchase_will_be() -> None:
    found = order(intent=intent(amount=Decimal(2), unit=QUANTITY), opens=True)
    name, end = "mine BTC/USDT 1772438400000 7", datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert (found.id, found.symbol, found.cancels) == (name, BTC, False)
    assert found.own.order == SignalOrder(
        kind=OrderKind.LIMIT,
        side=BUYS,
        name=name,
        price=Decimal(95),
        quantity=Decimal(2),
        expires_at=end,
    )
    assert fields(found) == {
        "id": name,
        "ticker": "BTC/USDT",
        "time": "2026-03-02T09:00:00+00:00",
        "interval": "1h",
        "market_position": "long",
        "order_comment": "mine",
        "waits": "buys at 95 or below",
        "order_price": "95",
        "expires_at": "2026-03-02T10:00:00+00:00",
        "stop_loss": "90.5",
        "size": "2",
        "size_unit": "quantity",
        "prev_market_position": "flat",
    }


def test_an_order_whose_wish_is_not_known_any_more_says_no_size() -> None:
    found = fields(order())
    assert found["stop_loss"] == "90.5"
    assert found.keys() & {"size", "size_unit", "prev_market_position"} == set()


def test_taking_a_purchase_back_says_nothing_of_what_it_would_have_been() -> None:
    found = order(cancels=True)
    name = "mine BTC/USDT 1772438400000 7"
    assert found.cancels
    assert fields(found) == {
        "id": f"{name} cancelled",
        "ticker": "BTC/USDT",
        "time": "2026-03-02T09:00:00+00:00",
        "interval": "1h",
        "market_position": "flat",
        "order_comment": "mine",
        "waits": f"cancels {name}",
    }
