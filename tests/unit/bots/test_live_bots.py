"""Bots on live candles: what their intents come to as messages, and what they take for theirs."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.live import LiveBot, begin, follow, warmed
from chalicelib.domain.bots.live_message import Wish, message_of, signal_id_of, told
from chalicelib.domain.bots.refusals import BotFailed, CandlesRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.trading.alerts.alert import parse_alert
from chalicelib.domain.trading.alerts.signal_from import signal_from
from chalicelib.domain.trading.signal import DesiredState, Size, SizeUnit
from chalicelib.domain.trading.strategy import Strategy
from tests.unit.bots.paper_market import BTC, scripted

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
Act = Callable[[Context], Any]


def candle(number: int, close: str = "100") -> Candle:
    price = Decimal(close)
    return Candle(START + number * HOUR, price, price, price, price, Decimal(1))


def setup_of(script: Mapping[int, Act], **attributes: Any) -> Setup:
    (setup,) = set_up(scripted(script, **attributes))
    return setup


def live(script: Mapping[int, Act], *closes: str, heard_from: datetime = START) -> list[Wish]:
    """What the script comes to at these closes, with 1,000 to begin with."""
    setup = setup_of(script)
    bot = begin(setup, None, since=heard_from, cash=Decimal(1000))
    wishes: list[Wish] = []
    for number, close in enumerate(closes):
        bot, wanted, _, _ = follow(setup, bot, {BTC: candle(number, close)})
        wishes += wanted
    return wishes


def said(wish: Wish) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(message_of(wish, "mine"))
    return fields


def test_a_purchase_is_a_message_that_the_trading_understands() -> None:
    (wish,) = live({1: lambda ctx: ctx.buy(fraction=0.1, stop_loss=6, take_profit=8.5)}, *"77")
    assert json.loads(message_of(wish, "mine")) == {
        "id": "mine BTC/USDT 1h 1772442000000",
        "ticker": "BTC/USDT",
        "time": "2026-03-02T10:00:00+00:00",
        "interval": "1h",
        "market_position": "long",
        "prev_market_position": "flat",
        "order_price": "7",
        "order_comment": "mine",
        "stop_loss": "6",
        "take_profit": "8.5",
        "size": "10",
        "size_unit": "percent",
    }


def test_the_message_says_the_same_as_an_alert() -> None:
    (wish,) = live({0: lambda ctx: ctx.buy(fraction=0.1)}, "100")
    alert = parse_alert(message_of(wish, "mine"))
    assert (alert.state, alert.previous_state) == (DesiredState.LONG, DesiredState.FLAT)
    assert (alert.fired_at, alert.price) == (START + HOUR, Decimal(100))
    assert alert.size == Size(amount=Decimal(10), unit=SizeUnit.PERCENT)


@pytest.mark.parametrize(
    ("act", "amount", "unit"),
    [
        (lambda ctx: ctx.buy(2.5), "2.5", "quantity"),
        (lambda ctx: (ctx.cancel(), ctx.buy(value=250)), "250", "notional"),
        (lambda ctx: ctx.target(0.25), "25", "percent"),
        (lambda ctx: (ctx.buy(1), ctx.buy(value=150)), "25", "percent"),
        (lambda ctx: (ctx.buy(1), ctx.buy(20)), "100", "percent"),  # all that there is
    ],
    ids=["quantity", "value", "target", "two orders", "more than there is"],
)
def test_a_size_is_said_as_the_bot_said_it(act: Act, amount: str, unit: str) -> None:
    (wish,) = live({0: act}, "100")
    fields = said(wish)
    assert (fields["size"], fields["size_unit"]) == (amount, unit)


def test_a_sale_of_everything_is_flat_and_asks_for_no_size() -> None:
    for leave in (
        lambda ctx: ctx.sell(),
        lambda ctx: ctx.close_position(),
        lambda ctx: ctx.target(0),
        lambda ctx: ctx.sell(100),
        lambda ctx: ctx.target(-1),
    ):
        _, wish = live({0: lambda ctx: ctx.buy(1), 1: leave}, "100", "110")
        fields = said(wish)
        assert fields["market_position"] == "flat"
        assert fields["prev_market_position"] == "long"
        assert {"size", "size_ratio", "stop_loss"}.isdisjoint(fields)
        assert wish.after == (Decimal(1010), 0, None, 0)


def test_part_of_a_position_is_a_ratio() -> None:
    wishes = live(
        {
            0: lambda ctx: ctx.buy(4),
            1: lambda ctx: ctx.sell(fraction=0.25),
            2: lambda ctx: ctx.buy(1),
            3: lambda ctx: ctx.sell(value=200),
        },
        *["100"] * 4,
    )
    assert [said(wish).get("size_ratio") for wish in wishes] == [
        None,
        "0.75",
        "1.333333333333",
        "0.5",
    ]
    assert parse_alert(message_of(wishes[1], "mine")).size_ratio == Decimal("0.75")
    assert parse_alert(message_of(wishes[2], "mine")).size is None


def test_a_bot_sees_what_it_is_taken_to_hold() -> None:
    seen: list[tuple[float, float | None, float]] = []

    def look(ctx: Context) -> None:
        seen.append((ctx.position, ctx.average_price, ctx.cash))

    live(
        {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.buy(2), 2: look, 3: look},
        "100",
        "50",
        "80",
        "90",
    )
    assert seen == [(4.0, 75.0, 700.0)] * 2


def test_a_wish_that_changes_nothing_is_none() -> None:
    assert live({0: lambda ctx: ctx.sell(), 1: lambda ctx: ctx.target(0)}, "100", "100") == []
    held = live(
        {0: lambda ctx: ctx.buy(fraction=1), 1: lambda ctx: ctx.buy(1)}, "100", "100", "100"
    )
    assert len(held) == 1
    narrow = {0: lambda ctx: ctx.target(0.5), 1: lambda ctx: ctx.target(0.51, band=0.05)}
    assert len(live(narrow, "100", "100")) == 1


def test_candles_from_before_it_is_heard_are_shown_and_trade_nothing() -> None:
    seen: list[str] = []
    script: dict[int, Act] = {n: lambda ctx: seen.append(ctx.buy(1)) for n in range(3)}
    wishes = live(script, "100", "100", "100", heard_from=START + 2 * HOUR)
    assert [wish.start for wish in wishes] == [START + 2 * HOUR]
    assert wishes[0].before.quantity == 0
    assert len(seen) == 3


def test_a_bot_that_stops_says_where_and_a_candle_that_cannot_be_is_refused() -> None:
    with pytest.raises(BotFailed, match="ZeroDivisionError"):
        live({0: lambda ctx: ctx.buy(1 / (ctx.close - ctx.close))}, "100")
    setup = setup_of({})
    bot = begin(setup, None, since=START, cash=Decimal(1))
    with pytest.raises(CandlesRefused, match="must lie between"):
        follow(setup, bot, {BTC: candle(0)._replace(high=Decimal(99))})


def test_by_other_terms_it_begins_anew_with_what_it_holds() -> None:
    setup = setup_of({0: lambda ctx: ctx.buy(1)})
    begun = begin(setup, None, since=START, cash=Decimal(1000))
    bot = follow(setup, begun, {BTC: candle(0)}).bot
    later = START + 9 * HOUR
    assert begin(setup, bot, since=later, cash=Decimal(5)) == bot
    (longer,) = set_up(scripted({}), interval="5m")
    anew = begin(longer, bot, since=later, cash=Decimal(5))
    assert anew == LiveBot(anew.terms, later, bot.reckoning)
    assert bot.reckoning == (Decimal(900), {BTC: (Decimal(1), Decimal(100))})
    assert anew.terms == "Scripted 5m"


def test_a_wish_knows_the_signal_that_it_becomes() -> None:
    (wish,) = live({0: lambda ctx: ctx.buy(1)}, "100")
    strategy = Strategy(name="trend", instruments={"BTCUSDT": BTC})
    alert = parse_alert(message_of(wish, "mine"))
    signal = signal_from(alert, strategy, received_at=START + HOUR, body_digest="")
    assert signal_id_of(told(wish, "mine"), "trend") == signal.id
    assert signal_id_of(told(wish, "other"), "trend") != signal.id


def test_a_candle_leaves_a_mark_even_where_nothing_is_wanted() -> None:
    def say(ctx: Context) -> None:
        ctx.log("seen")
        ctx.plot("close", ctx.close)

    setup = setup_of({0: say})
    bot = begin(setup, None, since=START + 9 * HOUR, cash=Decimal(1))
    done = follow(setup, bot, {BTC: candle(0, "100.50")})
    assert done.wishes == ()
    left = done.marks[BTC]
    assert left.at == int(START.timestamp() * 1000)
    assert (left.close, left.lines) == ("100.5", ("seen",))
    assert [(p.name, p.value) for p in left.points] == [("close", 100.5)]


def averaging(length: int = 3, warmup: int = 3, **attributes: Any) -> type[Bot]:
    """Counts its candles, and logs an average and what it has counted."""

    def start(self: Any, ctx: Context) -> None:
        self.line = ctx.sma(length)

    def on_candle(self: Any, ctx: Context) -> None:
        ctx.state["count"] = ctx.state.get("count", 0) + 1
        ctx.log(f"{self.line.value} {ctx.state['count']}")

    words = {"start": start, "on_candle": on_candle, "warmup": warmup, "interval": "1h"}
    return type("Averaging", (Bot,), {"instruments": (BTC,), **words, **attributes})


def after(closes: str, kind: type[Bot], version: str = "1.0") -> LiveBot:
    (setup,) = set_up(kind)
    bot = begin(setup, None, since=START, cash=Decimal(1), version=version)
    for number, close in enumerate(closes):
        bot = follow(setup, bot, {BTC: candle(number, close)}).bot
    return bot


def next_line(kind: type[Bot], bot: LiveBot, number: int, close: str) -> tuple[str, ...]:
    (setup,) = set_up(kind)
    begun = begin(setup, bot, since=START, cash=Decimal(1), version="1.1")
    assert begun.terms.endswith("@1.1")
    return follow(setup, begun, {BTC: candle(number, close)}).marks[BTC].lines


@pytest.mark.parametrize("warmup", [0, 1, 2, 3])
def test_another_version_goes_on_where_it_computes_the_same(warmup: int) -> None:
    bot = after("12345", averaging())
    assert next_line(averaging(warmup=warmup), bot, 5, "6") == ("5.0 3",)


def test_a_version_with_other_indicators_begins_anew_on_the_candles_that_were_kept() -> None:
    bot = after("12345", averaging())
    assert next_line(averaging(length=2), bot, 5, "6") == ("5.5 1",)
    assert next_line(averaging(length=4), bot, 5, "6") == ("4.5 1",)  # 3, 4 and 5 were kept


def test_a_version_that_looks_further_back_begins_anew_and_warms_up() -> None:
    bot = after("12345", averaging())
    assert next_line(averaging(warmup=4), bot, 5, "6") == ()
    bot = after("12", averaging(warmup=3))
    assert next_line(averaging(warmup=4), bot, 2, "3") == ()  # nothing was lost: it goes on
    assert begin(
        set_up(averaging(warmup=4))[0], bot, since=START, cash=Decimal(1), version="1.1"
    ) == bot._replace(terms="Averaging 1h @1.1")


def test_what_was_seen_is_not_seen_again_by_a_version_that_begins_anew() -> None:
    bot = after("12345", averaging())
    (setup,) = set_up(averaging(length=2))
    begun = begin(setup, bot, since=START, cash=Decimal(1), version="1.1")
    assert (begun.seen, begun.reckoning) == (bot.seen, bot.reckoning)


def test_an_interval_that_changed_leaves_no_candles() -> None:
    bot = after("12345", averaging())
    (setup,) = set_up(averaging(), interval="2h")
    anew = begin(setup, bot, since=START, cash=Decimal(1), version="1.1")
    assert (anew.seen, anew.state) == (None, None)


def test_a_bot_that_begins_is_warmed_by_the_past_and_wants_nothing_of_it() -> None:
    (setup,) = set_up(averaging())
    bot = begin(setup, None, since=START, cash=Decimal(1))
    warm = warmed(setup, bot, {BTC: [candle(n, str(n + 1)) for n in range(5)]})
    assert warm.seen == START + 4 * HOUR
    assert follow(setup, warm, {BTC: candle(5, "6")}).marks[BTC].lines == ("5.0 3",)
    buyer = setup_of({0: lambda ctx: ctx.buy(1)})
    assert warmed(buyer, bot, {BTC: [candle(0)]}).reckoning == bot.reckoning
    with pytest.raises(CandlesRefused):
        warmed(setup, bot, {BTC: [candle(1), candle(0)]})
