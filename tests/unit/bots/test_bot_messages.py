"""What a bot's process writes may be anything: each oddity is one sentence, and nothing else."""

import json
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.sandboxes import messages
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.intent import Intent
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.views import Views
from tests.unit.bots.paper_market import BTC, candles, scripted


def context() -> Context:
    """At the close of its first candle, at 100."""
    (setup,) = set_up(scripted({}))
    ctx = Context(setup, Views())
    ctx.is_starting = False
    ctx.show(candles([100]), 0)
    ctx.start, ctx.close = 0, 100.0
    return ctx


def asked(act: Any) -> list[Intent]:
    ctx = context()
    act(ctx)
    return ctx.intents


EVERY_ORDER = [
    lambda ctx: ctx.buy(0.1),
    lambda ctx: ctx.buy(value=Decimal("12.34"), limit=99.5, expires=3),
    lambda ctx: ctx.buy(fraction=0.5, stop=101, stop_loss=99, take_profit=120, trail_stop=0.02),
    lambda ctx: ctx.sell(),
    lambda ctx: ctx.sell(fraction=0.25, trailing=0.01, expires=1),
    lambda ctx: ctx.sell(2, limit=130),
    lambda ctx: ctx.sell(value=5, stop=80),
    lambda ctx: ctx.target(-0.5, band=0.05, stop_loss=110, take_profit=90),
    lambda ctx: ctx.target(0),
    lambda ctx: ctx.target(1.0, trail_stop=0.1),
    lambda ctx: ctx.close_position(),
    lambda ctx: ctx.cancel("17"),
    lambda ctx: ctx.cancel(),
]


@pytest.mark.parametrize("number", range(len(EVERY_ORDER)))
def test_an_order_arrives_as_it_was_asked_for(number: int) -> None:
    sent = asked(EVERY_ORDER[number])
    assert len(sent) == 1
    said = json.loads(json.dumps([messages.words_of(intent) for intent in sent]))
    ctx = context()
    for words in said:
        messages.ask(ctx, words)
    assert ctx.intents == sent


BUY = {"action": "buy", "symbol": BTC, "unit": "value", "amount": "1"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (None, "action of the answer is no text of up to 100 characters"),
        (["buy"], "action of the answer is no text of up to 100 characters"),
        (BUY | {"action": "steal"}, "action is 'steal'; it must be one of buy, sell, target,"),
        (BUY | {"action": ["buy"]}, "action of the answer is no text"),
        (BUY | {"symbol": 7}, "symbol of the answer is no text"),
        (BUY | {"symbol": "x" * 101}, "symbol of the answer is no text"),
        (BUY | {"symbol": "ETH/USDT"}, "symbol is 'ETH/USDT'; this bot trades BTC/USDT"),
        (BUY | {"unit": "coins"}, "unit is 'coins'; it must be one of quantity, value, fraction"),
        (BUY | {"unit": ["value"]}, "unit is ['value']"),
        (BUY | {"amount": 1}, "amount is 1; it must be a finite number"),
        (BUY | {"amount": "NaN"}, "amount is 'NaN'; it must be a finite number"),
        (BUY | {"amount": "sNaN"}, "amount is 'sNaN'; it must be a finite number"),
        (BUY | {"amount": "-Infinity"}, "amount is '-Infinity'; it must be a finite number"),
        (BUY | {"amount": "1" * 65}, "it must be a finite number"),
        (BUY | {"amount": "one"}, "amount is 'one'; it must be a finite number"),
        (BUY | {"amount": "1e16"}, "value is Decimal('1E+16')"),
        (BUY | {"amount": "-1"}, "it must be above zero"),
        (BUY | {"limit": "NaN"}, "limit is 'NaN'; it must be a finite number"),
        (BUY | {"expires": "3"}, "expires is '3'; it must be a whole number of candles"),
        (BUY | {"stop_loss": "101"}, "stop_loss is 101; it must lie below 100.0"),
        (BUY | {"action": "target", "amount": "2"}, "fraction must be from -1 to 1"),
        (BUY | {"action": "cancel", "cancels": 5}, "cancels of the answer is no text"),
    ],
)
def test_an_order_that_cannot_be_is_refused(said: object, sentence: str) -> None:
    ctx = context()
    with pytest.raises(BotRefused) as caught:
        messages.ask(ctx, said)
    assert sentence in str(caught.value)
    assert ctx.intents == []


def test_what_is_no_object_of_json_is_refused() -> None:
    lines = [
        b"",
        b"x\n",
        b"[]\n",
        b"7\n",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b"\xff",
        b"[" * 100_000,
    ]
    for line in [*lines, b'{"a":' + b"1" * 5000 + b"}"]:
        with pytest.raises(BotRefused, match="the answer of its process is no JSON object"):
            messages.read(line)
    assert messages.read(b'{"a":1}\n') == {"a": 1}


PARTS: dict[str, tuple[tuple[int, ...], list[Any], list[Any]]] = {
    "text": ((), ["", "x" * 100], [None, 1, "x" * 101, ["x"]]),
    "word": ((), ["a", "A_1", "x" * 60], ["", "_a", "1a", "a-b", "x" * 61, 1]),
    "number": ((), [0, -1.5, 1e300], ["1", True, None, 1e999, 10**400]),
    "whole": ((3,), [0, 3], [-1, 4, 1.0, True, "1", None]),
    "listed": ((2,), [[], [1, 2]], [[1, 2, 3], (1,), None, "ab", {}]),
    "row": ((2,), [[1, 2]], [[], [1], [1, 2, 3], None, "ab"]),
    "mapped": ((), [{}, {"a": 1}], [None, [], "a"]),
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_an_answer_is_what_it_must_be(part: str) -> None:
    reader: Any = getattr(messages, part)
    limits, taken, refused = PARTS[part]
    assert [reader("name", value, *limits) for value in taken] == taken
    for value in refused:
        with pytest.raises(BotRefused, match=r"^name of the answer"):
            reader("name", value, *limits)


def test_a_point_that_is_no_number_is_left_out_on_its_way() -> None:
    given = [1, 2.5, float("nan"), float("inf"), 10**400, None, "7"]
    assert [messages.drawn(value) for value in given] == [1, 2.5, None, None, None, None, None]


def test_what_it_says_of_itself_is_one_line_of_text() -> None:
    assert messages.sentence_of("line 3: 1 / 0 \x1b[2J\n\u202eä") == "line 3: 1 / 0  [2J  ä"
    assert messages.sentence_of("x" * 1001) == "x" * 1000
    assert messages.sentence_of([1]) == "[1]"
