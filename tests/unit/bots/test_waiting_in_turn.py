"""Which of a live bot's orders a candle meets first, what it brings about, and what it ends."""

from collections.abc import Mapping
from decimal import Decimal

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import OpenOrder
from chalicelib.domain.bots.live import Followed, begin, follow
from chalicelib.domain.bots.standing import Held, Reckoning
from chalicelib.domain.bots.waiting_order import Waiting
from chalicelib.domain.trading.side import Side
from tests.unit.bots.live_orders import (
    AT,
    START,
    Act,
    Row,
    candle,
    fields,
    followed,
    held,
    told,
)
from tests.unit.bots.paper_market import BTC, ETH, HOUR, scripted


def waiting_after(script: dict[int, Act], *rows: Row) -> list[tuple[str, Decimal | None]]:
    """Id and quantity of what waits in the end."""
    return [(order.id, order.quantity) for order in followed(script, *rows)[-1].bot.waiting]


def together(script: dict[int, Act], *closes: Mapping[str, Row]) -> list[Followed]:
    """Of a bot that trades both, with 1,000 to begin with."""
    (setup,) = set_up(scripted(script, together=True, instruments=(BTC, ETH)))
    bot = begin(setup, None, since=START, cash=Decimal(1000))
    found = []
    for number, rows in enumerate(closes):
        candles = {symbol: candle(number, row) for symbol, row in rows.items()}
        found.append(follow(setup, bot, candles))
        bot = found[-1].bot
    return found


def ask_for_everything(ctx: Context) -> None:
    ctx.buy(2)
    ctx.sell(1, limit=120, expires=3)
    ctx.sell(stop=90)
    ctx.sell(trailing=0.1)
    ctx.buy(fraction=0.5, limit=80, stop_loss=70, take_profit=130, trail_stop=0.2)


def test_what_waits_is_kept_with_everything_that_was_asked_for() -> None:
    (done,) = followed({0: ask_for_everything}, [100])
    assert done.bot.waiting == (
        Waiting(
            "2", BTC, Side.SELL, AT, quantity=Decimal(1), limit=Decimal(120), until=AT + 3 * HOUR
        ),
        Waiting("3", BTC, Side.SELL, AT, stop=Decimal(90)),
        Waiting("4", BTC, Side.SELL, AT, trailing=Decimal("0.1"), best=Decimal(100)),
        Waiting(
            "5",
            BTC,
            Side.BUY,
            AT,
            quantity=Decimal("6.25"),
            limit=Decimal(80),
            stop_loss=Decimal(70),
            take_profit=Decimal(130),
            trail_stop=Decimal("0.2"),
        ),
    )


def test_a_bot_sees_side_size_and_price_of_what_waits() -> None:
    seen: list[OpenOrder] = []
    script: dict[int, Act] = {0: ask_for_everything, 2: lambda ctx: seen.extend(ctx.open_orders)}
    followed(script, [100], (100, 110, 100, 105), [105])
    assert seen == [
        OpenOrder("2", BTC, "sell", 1.0, Decimal(120), None),
        OpenOrder("3", BTC, "sell", None, None, Decimal(90)),
        OpenOrder("4", BTC, "sell", None, None, Decimal(99)),  # a tenth below the highest, 110
        OpenOrder("5", BTC, "buy", 6.25, Decimal(80), None),
    ]


def test_a_stop_pays_for_what_is_bought_in_the_same_candle() -> None:
    def ask(ctx: Context) -> None:
        ctx.buy(fraction=1)
        ctx.buy(1, limit=90)
        ctx.sell(stop=95)

    assert held({0: ask}, [100], (100, 100, 90, 90))[1] == ("1", "860")


def test_a_limit_sells_what_was_bought_in_the_same_candle() -> None:
    def ask(ctx: Context) -> None:
        ctx.buy(1)
        ctx.sell(limit=105)
        ctx.buy(1, limit=95)

    assert held({0: ask}, [100], (100, 105, 95, 100))[1] == ("0", "1015")


def test_a_purchase_comes_to_its_profit_in_a_later_candle() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, take_profit=110)}
    row = (100, 120, 95, 100)
    assert held(script, [100], row, row)[1:] == [("1", "905"), ("0", "1015")]


def test_of_several_orders_those_are_met_to_whose_price_it_comes() -> None:
    script: dict[int, Act] = {0: lambda ctx: [ctx.buy(1, limit=p) for p in (90, 95, 92)]}
    assert waiting_after(script, [100], (100, 100, 93, 96)) == [("1", 1), ("3", 1)]


def test_a_purchase_and_both_of_its_stops_in_one_candle_are_nothing_to_take_back() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, stop_loss=90, trail_stop=0.1)}
    rows = ([100], (100, 100, 85, 88))
    assert held(script, *rows)[1] == ("0", "995")
    assert waiting_after(script, *rows) == []
    _, (left,) = told(script, *rows)
    assert fields(left)["market_position"] == "flat"


def test_of_a_bracket_that_has_ended_accounts_hear_that_they_hold_nothing() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, stop_loss=90, take_profit=110)}
    messages = told(script, [100], (100, 100, 95, 100), (100, 110, 100, 105))
    assert [[fields(m)["market_position"] for m in each] for each in messages] == [
        ["long"],
        [],
        ["flat"],
    ]


def test_a_stop_without_a_position_sells_nothing_and_says_nothing() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.sell(stop=90)}
    assert [len(m) for m in told(script, [100], (100, 100, 89, 100))] == [1, 0]


def test_a_stop_follows_from_the_price_that_was_paid() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, limit=95, trail_stop=0.1)}
    rows = ([100], [94], (94, 94, 84.61, 94), (94, 94, 84.6, 94))
    assert held(script, *rows)[2:] == [("1", "906"), ("0", "990.6")]


def test_each_purchase_has_its_own_protection_and_it_ends_as_one() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: ctx.buy(1, stop_loss=90, take_profit=120),
        1: lambda ctx: ctx.buy(2, stop_loss=80, take_profit=130),
    }
    rows = ([100], [100], (100, 100, 90, 95))
    first, second = [("1.stop", 1), ("1.profit", 1)], [("2.stop", 2), ("2.profit", 2)]
    assert waiting_after(script, *rows[:2]) == first + second
    assert waiting_after(script, *rows) == second
    assert held(script, *rows)[2] == ("2", "790")


def test_other_orders_outlive_the_position() -> None:
    script: dict[int, Act] = {0: lambda ctx: (ctx.buy(1, stop_loss=90), ctx.buy(1, limit=50))}
    assert waiting_after(script, [100], (100, 100, 90, 95)) == [("2", 1)]


def test_what_could_not_be_paid_is_not_protected() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: ctx.buy(fraction=1),
        1: lambda ctx: ctx.buy(1, stop_loss=90),
    }
    assert waiting_after(script, [100], [100]) == []


def test_orders_are_taken_back_in_the_order_in_which_that_was_said() -> None:
    def ask_and_think_again(ctx: Context) -> None:
        ctx.buy(1, limit=90)
        ctx.cancel()
        ctx.buy(1, limit=80)

    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1), 1: ask_and_think_again}
    assert waiting_after(script, [100], [100]) == [("3", 1)]


def test_a_sale_that_waits_is_a_part_of_what_was_bought_before_it_too() -> None:
    def buy_and_promise(ctx: Context) -> None:
        ctx.buy(1)
        ctx.sell(fraction=0.5, limit=120)

    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1), 1: buy_and_promise}
    assert waiting_after(script, [100], [100]) == [("3", 1)]


def test_orders_of_one_instrument_are_met_while_another_one_is_held() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: (ctx.buy(1, symbol=BTC), ctx.buy(1, limit=9, symbol=ETH))
    }
    _, filled = together(script, {BTC: [100], ETH: [10]}, {BTC: [100], ETH: (10, 10, 9, 10)})
    assert filled.bot.reckoning == Reckoning(
        Decimal(891), {BTC: Held(Decimal(1), Decimal(100)), ETH: Held(Decimal(1), Decimal(9))}
    )


def test_what_is_sold_pays_for_what_was_asked_for_before_it() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: ctx.target(1, symbol=ETH),
        1: lambda ctx: (ctx.target(1, symbol=BTC), ctx.target(0, symbol=ETH)),
    }
    still = {BTC: [100.0], ETH: [10.0]}
    _, turned = together(script, still, still)
    assert turned.bot.reckoning == Reckoning(Decimal(0), {BTC: Held(Decimal(10), Decimal(100))})


def test_a_stop_stands_where_it_stood_while_its_instrument_has_no_candle() -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(1, trail_stop=0.1, symbol=ETH)}
    first = {BTC: [100.0], ETH: [10.0]}
    _, gap, sold = together(script, first, {BTC: [100]}, {ETH: (10, 10, 9, 9)})
    (order,) = gap.bot.waiting
    assert (order.symbol, order.level) == (ETH, 9)
    assert sold.bot.reckoning == Reckoning(Decimal(999))
