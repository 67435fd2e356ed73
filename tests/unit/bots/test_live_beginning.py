"""How a live bot begins and goes on: by which terms, on which candles, and what it may look at."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.live import (
    LiveBot,
    begin,
    closes_of,
    follow,
    messages_of,
    terms_of,
    warmed,
)
from chalicelib.domain.bots.refusals import CandlesRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Reckoning
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.live_orders import AT, HOUR, START, Act, candle, fields, followed
from tests.unit.bots.paper_market import BTC, ETH, scripted

CASH = Decimal(1000)
SOL = "SOL/USDT"


def setup_of(script: Mapping[int, Act], **attributes: Any) -> Setup:
    (setup,) = set_up(scripted(script, **attributes))
    return setup


def test_a_bot_that_begins_has_its_cash_and_nothing_else() -> None:
    setup = setup_of({})
    begun = begin(setup, None, since=START, cash=CASH)
    assert begun == LiveBot("Scripted 1h", START, Reckoning(CASH))
    assert closes_of(begun) == {}
    assert terms_of(setup, "1.0") == "Scripted 1h @1.0"


def test_it_knows_the_last_candle_that_it_decided_on() -> None:
    assert [done.bot.seen for done in followed({}, [1], [2])] == [START, START + HOUR]


def test_a_candle_that_cannot_be_is_refused_by_name_and_time() -> None:
    setup = setup_of({})
    bot = begin(setup, None, since=START, cash=CASH)
    with pytest.raises(CandlesRefused) as refused:
        follow(setup, bot, {BTC: candle(0, (100, 99, 98, 98.5))})
    assert str(refused.value) == (
        "BTC/USDT 1h, candle 1 of 1, 2026-03-02 08:00:00: open 100.0 and close 98.5 must lie"
        " between low 98.0 and high 99.0"
    )
    with pytest.raises(CandlesRefused) as refused:
        warmed(setup, bot, {BTC: [candle(1, [1]), candle(0, [1])]})
    assert str(refused.value) == (
        "BTC/USDT 1h, candle 2 of 2, 2026-03-02 08:00:00: it comes after the one of 2026-03-02"
        " 09:00:00; oldest first"
    )


def test_it_sees_what_was_known_at_the_close() -> None:
    seen: list[Any] = []
    setup = setup_of({0: lambda ctx: seen.append([ctx.analytics, ctx.ranking, ctx.universe])})
    close = AT + 3_600_000
    views = Views(
        analytics=Timeline([(close, "first"), (close + 1, "later")]),
        ranking=Timeline([(AT, "top"), (close + 1, "later")]),
        universe=Timeline([(close, [BTC]), (close + 1, [ETH])]),
    )
    follow(setup, begin(setup, None, since=START, cash=CASH), {BTC: candle(0, [1])}, views)
    assert seen == [["first", "top", (BTC,)]]


def test_what_it_asks_for_is_numbered_from_one_whatever_it_was_shown_before() -> None:
    setup = setup_of({1: lambda ctx: ctx.buy(1, limit=90)})
    bot = begin(setup, None, since=START, cash=CASH)
    shown = warmed(setup, bot, {BTC: [candle(0, [100])]})
    assert [order.id for order in follow(setup, shown, {BTC: candle(1, [100])}).bot.waiting] == [
        "1"
    ]


def test_another_version_of_a_bot_that_saw_no_candle_yet_goes_on() -> None:
    setup = setup_of({})
    kept = begin(setup, None, since=START, cash=CASH, version="1.0")
    again = begin(setup, kept, since=START + HOUR, cash=Decimal(5), version="1.1")
    assert again == kept._replace(terms="Scripted 1h @1.1")


def test_another_version_of_a_bot_that_keeps_one_candle_goes_on() -> None:
    counting = setup_of({})
    bot = begin(counting, None, since=START, cash=CASH, version="1.0")
    for number in range(3):
        bot = follow(counting, bot, {BTC: candle(number, [100])}).bot
    again = begin(counting, bot, since=START, cash=CASH, version="1.1")
    assert again == bot._replace(terms="Scripted 1h @1.1")


def test_accounts_leave_one_instrument_before_they_enter_another() -> None:
    script: dict[int, Act] = {
        0: lambda ctx: ctx.buy(1, stop_loss=9, symbol=ETH),
        1: lambda ctx: ctx.buy(1, symbol=BTC),
    }
    setup = setup_of(script, together=True, instruments=(BTC, ETH))
    bot = begin(setup, None, since=START, cash=CASH)
    bot = follow(setup, bot, {BTC: candle(0, [100]), ETH: candle(0, [10])}).bot
    done = follow(setup, bot, {BTC: candle(1, [100]), ETH: candle(1, (10, 10, 9, 10))})
    assert [(m.symbol, fields(m)["market_position"]) for m in messages_of(done, "mine")] == [
        (ETH, "flat"),
        (BTC, "long"),
    ]


def test_what_has_no_candle_is_said_before_the_bots_own_words() -> None:
    def say(ctx: Context) -> None:
        ctx.log("here")

    setup = setup_of({0: say}, together=True, instruments=(BTC, ETH, SOL))
    bot = begin(setup, None, since=START, cash=CASH)
    done = follow(setup, bot, {ETH: candle(0, [10])})
    assert done.marks[ETH].lines == ("without a candle of BTC/USDT and SOL/USDT", "here")
