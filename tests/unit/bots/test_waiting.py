"""Orders of a live bot that wait: what candles make of them, and what the accounts are told."""

from decimal import Decimal

import pytest

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.live import begin, follow, warmed
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal_order import NOTHING_MORE, OrderKind, OwnWords, SignalOrder
from tests.unit.bots.live_orders import (
    AT,
    HOUR,
    START,
    Act,
    Row,
    candle,
    fields,
    followed,
    held,
    told,
)
from tests.unit.bots.paper_market import BTC, scripted

BUYS: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95)}


@pytest.mark.parametrize(
    ("act", "row", "after"),
    [
        (lambda ctx: ctx.buy(1, limit=95), (100, 100, 95.01, 100), ("0", "1000")),
        (lambda ctx: ctx.buy(1, limit=95), (100, 100, 95, 100), ("1", "905")),
        (lambda ctx: ctx.buy(1, limit=95), (94, 100, 94, 100), ("1", "906")),
        (lambda ctx: ctx.buy(1, stop=105), (100, 104.99, 100, 100), ("0", "1000")),
        (lambda ctx: ctx.buy(1, stop=105), (100, 105, 100, 100), ("1", "895")),
        (lambda ctx: ctx.buy(1, stop=105), (106, 107, 100, 100), ("1", "894")),
        (lambda ctx: ctx.buy(value=95, limit=95), (100, 100, 95, 95), ("1", "905")),
        (lambda ctx: ctx.buy(fraction=0.095, limit=95), (100, 100, 95, 95), ("1", "905")),
    ],
)
def test_a_candle_that_comes_to_the_price_fills_it(
    act: Act, row: Row, after: tuple[str, str]
) -> None:
    assert held({0: act}, [100], row)[1] == after


@pytest.mark.parametrize(
    ("act", "row", "after"),
    [
        (lambda ctx: ctx.sell(limit=105), (100, 104.99, 100, 100), ("2", "800")),
        (lambda ctx: ctx.sell(limit=105), (100, 105, 100, 100), ("0", "1010")),
        (lambda ctx: ctx.sell(1, limit=105), (106, 107, 100, 100), ("1", "906")),
        (lambda ctx: ctx.sell(stop=95), (100, 100, 95, 100), ("0", "990")),
        (lambda ctx: ctx.sell(stop=95), (94, 100, 90, 100), ("0", "988")),
        (lambda ctx: ctx.sell(fraction=0.5, stop=95), (100, 100, 95, 95), ("1", "895")),
        (lambda ctx: ctx.sell(trailing=0.1), (100, 120, 90.01, 100), ("2", "800")),
        (lambda ctx: ctx.sell(trailing=0.1), (100, 120, 90, 100), ("0", "980")),
    ],
)
def test_what_sells_waits_too(act: Act, row: Row, after: tuple[str, str]) -> None:
    def both(ctx: Context) -> None:
        act(ctx)

    script: dict[int, Act] = {0: lambda ctx: ctx.buy(2), 1: both}
    assert held(script, [100], [100], row)[2] == after


def test_a_trailing_stop_comes_after_the_best_price_of_earlier_candles() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(trailing=0.1)}
    rows = [[100], [100], (100, 120, 100, 110), (110, 110, 108, 109)]
    assert held(script, *rows)[3] == ("0", "1016")


def test_a_bracket_protects_what_was_bought_and_ends_with_it() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, stop_loss=90, take_profit=110)}
    seen: list[list[str]] = []
    for number in (1, 2, 3):
        script[number] = lambda ctx: seen.append([order.id for order in ctx.open_orders])
    rows = [[100], (100, 100, 95, 100), (100, 110, 100, 105), [105]]
    assert held(script, *rows)[1:] == [("1", "905"), ("0", "1015"), ("0", "1015")]
    assert seen == [["1.stop", "1.profit"], [], []]
    stopped = [[100], (100, 100, 95, 100), (100, 111, 89, 100)]
    assert held({0: script[0]}, *stopped)[2] == ("0", "995")
    at_once = [[100], (100, 120, 90, 100)]
    assert held({0: script[0]}, *at_once)[1] == ("0", "995")


@pytest.mark.parametrize("leave", [Context.sell, Context.close_position])
def test_what_protects_a_position_ends_with_it(leave: Act) -> None:
    seen: list[int] = []
    script: dict[int, Act] = {
        0: lambda ctx: ctx.buy(1, stop_loss=90, take_profit=110),
        1: leave,
        2: lambda ctx: seen.append(len(ctx.open_orders)),
        3: lambda ctx: ctx.buy(1),
    }
    assert held(script, [100], [100], [100], [100], (100, 120, 80, 100))[4] == ("1", "900")
    assert seen == [0]


def test_a_bot_sees_its_orders_until_they_expire() -> None:
    seen: list[int] = []

    def look(ctx: Context) -> None:
        seen.append(len(ctx.open_orders))

    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, expires=2)}
    script |= dict.fromkeys((1, 2, 3), look)
    late = [[100], [100], [100], (100, 100, 90, 90)]
    assert held(script, *late)[3] == ("0", "1000")
    assert seen == [1, 0, 0]


def test_an_order_is_a_message_under_its_own_name() -> None:
    def ask(ctx: Context) -> None:
        ctx.buy(fraction=0.1, limit=95, stop_loss=90, take_profit=110, expires=3)

    ((message,),) = told({0: ask}, [100])
    assert message.id == f"mine BTC/USDT {AT} 1"
    assert fields(message) == {
        "id": message.id,
        "ticker": "BTC/USDT",
        "time": "2026-03-02T09:00:00+00:00",
        "interval": "1h",
        "market_position": "long",
        "order_comment": "mine",
        "waits": "buys at 95 or below",
        "order_price": "95",
        "expires_at": "2026-03-02T12:00:00+00:00",
        "stop_loss": "90",
        "take_profit": "110",
        "size": "10",
        "size_unit": "percent",
        "prev_market_position": "flat",
    }
    assert message.own.order == SignalOrder(
        kind=OrderKind.LIMIT,
        side=Side.BUY,
        name=message.id,
        price=Decimal(95),
        quantity=Decimal("1.052631578947"),
        expires_at=START + 4 * HOUR,
    )


@pytest.mark.parametrize(
    ("act", "kind", "state", "quantity"),
    [
        (lambda ctx: ctx.sell(stop=90), "stop", "flat", None),
        (lambda ctx: ctx.sell(1, limit=110), "limit", "long", Decimal(1)),
        (lambda ctx: ctx.sell(trailing=0.1), "trailing", "flat", None),
        (lambda ctx: ctx.buy(1, stop=110), "stop", "long", Decimal(1)),
    ],
)
def test_what_accounts_are_told_of_an_order(
    act: Act, kind: str, state: str, quantity: Decimal | None
) -> None:
    _, (message,) = told({0: lambda ctx: ctx.buy(2), 1: act}, [100], [100])
    order = message.own.order
    assert order is not None
    assert (order.kind, order.quantity) == (kind, quantity)
    said = fields(message)
    assert said["market_position"] == state
    assert "prev_market_position" not in said
    assert ("size" in said) is (order.side is Side.BUY)
    assert ("order_price" in said) is (kind != "trailing")


def test_two_orders_that_buy_do_not_say_that_they_open() -> None:
    script: dict[int, Act] = {0: lambda ctx: (ctx.buy(1, limit=95), ctx.buy(1, limit=90))}
    (both,) = told(script, [100])
    assert [fields(m).get("prev_market_position") for m in both] == [None, None]


def test_a_purchase_that_was_met_is_not_told_again() -> None:
    assert [len(messages) for messages in told(BUYS, [100], (100, 100, 94, 96), [96])] == [1, 0, 0]


def test_what_an_order_has_sold_is_told_so_that_nobody_stays_in() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(limit=105)}
    _, _, (message,) = told(script, [100], [100], (100, 106, 100, 101))
    assert fields(message)["market_position"] == "flat"
    assert fields(message)["prev_market_position"] == "long"
    assert message.own == NOTHING_MORE
    part: dict[int, Act] = {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(1, limit=105)}
    assert told(part, [100], [100], (100, 106, 100, 101))[2] == []


def test_bought_and_stopped_within_a_candle_is_told_as_flat() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, stop_loss=90)}
    _, (message,) = told(script, [100], (100, 100, 89, 100))
    said = fields(message)
    assert (said["market_position"], said["prev_market_position"]) == ("flat", "long")
    assert "size" not in said


def test_who_buys_again_at_once_enters() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: ctx.buy(2, stop_loss=95),
        1: lambda ctx: ctx.buy(fraction=0.5),
    }
    _, (message,) = told(script, [100], (100, 100, 90, 98))
    said = fields(message)
    assert (said["market_position"], said["prev_market_position"]) == ("long", "flat")
    assert said["size"] == "50"


def test_an_order_that_is_taken_back_is_told_by_its_name() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: (ctx.buy(1, limit=95), ctx.buy(1, limit=90)),
        1: lambda ctx: ctx.cancel("1"),
        2: lambda ctx: ctx.cancel(),
    }
    _, (first, left), (second, _), _ = told(script, *[[100]] * 4)
    name = f"mine BTC/USDT {AT} 1"
    assert first.id == f"{name} cancelled"
    assert first.own == OwnWords(order=SignalOrder(kind=OrderKind.CANCEL, side=Side.BUY, name=name))
    assert fields(first)["market_position"] == "flat"
    assert second.id == f"mine BTC/USDT {AT} 2 cancelled"
    assert (fields(left)["prev_market_position"], fields(left)["market_position"]) == (
        "long",
        "flat",
    )
    assert left.own == OwnWords(keeps=(f"mine BTC/USDT {AT} 2",))
    never: dict[int, Act] = {0: lambda ctx: ctx.cancel(ctx.buy(1, limit=95))}
    assert told(never, [100]) == [[]]


def test_what_was_never_told_is_not_taken_back() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: ctx.buy(1, limit=95, trail_stop=0.1),
        1: lambda ctx: ctx.cancel(),
    }
    _, after = told(script, [100], (100, 100, 95, 97))
    assert not [message.id for message in after if ".trail" in message.id]


def test_whoever_holds_something_says_no_more_than_that_a_purchase_is_taken_back() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: (ctx.buy(1), ctx.buy(1, limit=90)),
        1: lambda ctx: ctx.cancel(),
    }
    assert [len(messages) for messages in told(script, [100], [100])] == [2, 1]
    sale: dict[int, Act] = {0: lambda ctx: ctx.sell(stop=90), 1: lambda ctx: ctx.cancel()}
    assert [len(messages) for messages in told(sale, [100], [100])] == [1, 1]


def test_to_give_the_position_up_takes_all_orders_back_first() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: (ctx.buy(1), ctx.buy(1, limit=90)),
        1: lambda ctx: ctx.close_position(),
    }
    _, (cancelled, flat) = told(script, [100], [100])
    assert cancelled.own.order is not None
    assert fields(flat)["market_position"] == "flat"
    assert flat.own == NOTHING_MORE


def test_a_change_at_the_market_names_the_orders_that_go_on_waiting() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: ctx.buy(1, limit=90),
        1: lambda ctx: (ctx.buy(1), ctx.sell(1, limit=120)),
    }
    _, (change, order) = told(script, [100], [100])
    assert change.own == OwnWords(keeps=(f"mine BTC/USDT {AT} 1",), holds=Decimal(1))
    assert order.own.order is not None
    assert order.own.order.side is Side.SELL


def test_a_stop_that_follows_a_purchase_is_an_order_of_its_own() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, trail_stop=0.1)}
    (messages,) = told(script, [100])
    order = messages[1].own.order
    assert order == SignalOrder(
        kind=OrderKind.TRAILING,
        side=Side.SELL,
        name=f"mine BTC/USDT {AT} 1.trail",
        distance=Decimal("0.1"),
        quantity=Decimal(1),
    )
    waited: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, trail_stop=0.1)}
    _, (later,), _ = told(waited, [100], (100, 100, 95, 95), [95])
    assert later.own.order == order
    ended = told({0: lambda ctx: ctx.buy(1, trail_stop=0.1, take_profit=110)}, [100], [111])
    assert [fields(m)["market_position"] for m in ended[1]] == ["flat", "flat"]
    assert ended[1][0].cancels


def test_a_bot_may_not_have_more_than_fifty_orders() -> None:
    def ask(count: int) -> dict[int, Act]:
        return {0: lambda ctx: [ctx.buy(1, limit=90) for _ in range(count)]}

    assert len(followed(ask(50), [100])[0].orders) == 50
    with pytest.raises(BotRefused, match="51 orders of BTC/USDT wait; at most 50 may"):
        followed(ask(51), [100])


def test_a_fraction_of_nothing_cannot_wait() -> None:
    with pytest.raises(BotRefused) as refused:
        followed({0: lambda ctx: ctx.sell(fraction=0.5, stop=90)}, [100])
    assert str(refused.value) == (
        "sell of BTC/USDT that waits is of a fraction of nothing: say how much as quantity or value"
    )


@pytest.mark.parametrize(
    ("hours", "past", "number"),
    [(1, [], 1), (2, [], 0), (2, [candle(0, [100])], 1)],
    ids=["its candle was kept", "without candles", "on candles of the past"],
)
def test_a_bot_that_begins_anew_gives_no_order_the_id_of_one_that_waits(
    hours: int, past: list[Candle], number: int
) -> None:
    before = followed({0: lambda ctx: ctx.buy(1, trail_stop=0.02)}, [100])[-1].bot
    script: dict[int, Act] = {number: lambda ctx: ctx.buy(3, trail_stop=0.2)}
    (setup,) = set_up(scripted(script), interval=f"{hours}h")
    bot = begin(setup, before._replace(terms="Scripted 1h x=3"), since=START, cash=Decimal(1))
    bot = warmed(setup, bot, {BTC: past})
    bot = follow(setup, bot, {BTC: candle(hours, [100])}).bot
    assert [(order.id, order.group) for order in bot.waiting] == [
        ("1.trail", "1"),
        ("2.trail", "2"),
    ]
    bot = follow(setup, bot, {BTC: candle(2 * hours, [97])}).bot
    assert bot.reckoning.quantity(BTC) == 3
    assert follow(setup, bot, {BTC: candle(3 * hours, [79])}).bot.reckoning.held == {}
