"""A bot in a function is the bot that it would be here, and asked as seldom as can be."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.bot_files import bot_of
from chalicelib.adapters.sandboxes import packing
from chalicelib.adapters.sandboxes.packing import packed, unpacked
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, Step, step
from chalicelib.domain.errors import SandboxUnavailable
from tests.bot_function import BotFunction, failed
from tests.unit.bots.paper_market import BTC, candles
from tests.venues.loopback import json_answer

BUSY = """
from chalicelib.domain.bots import Bot, Param
import math

class Busy(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 3
    share = Param(0.5, 0.1, 1)

    def start(self, ctx):
        self.fast, self.slow = ctx.sma(2), ctx.ema(3)
        ctx.state["seen"] = []

    def on_candle(self, ctx):
        ctx.state["seen"] = [*ctx.state["seen"], round(ctx.random.random(), 6)][-4:]
        ctx.plot("distance", self.fast.value - self.slow.value)
        ctx.log(f"{ctx.close} {math.floor(sum(ctx.history(3).close))} {ctx.position}")
        if self.fast.crossed_above(self.slow):
            ctx.target(self.share)
        elif self.fast.crossed_below(self.slow):
            ctx.buy(value=10, limit=ctx.close / 2)
            ctx.sell(fraction=0.5)
"""
PRICES = [100, 101, 99, 98, 104, 108, 103, 97, 96, 101, 107, 109]


@pytest.fixture(scope="module")
def function() -> Iterator[BotFunction]:
    with pytest.MonkeyPatch.context() as patch:
        made = BotFunction()
        with made.serving(patch):
            yield made


def taken(kind: type[Bot], pieces: Sequence[Candles], **parameters: Any) -> list[Step]:
    """One step for each piece, each from the state before it."""
    (setup,) = set_up(kind, parameters=parameters)
    account = AccountView(Decimal(1000), {BTC: Held(Decimal("0.25"), Decimal(90))})
    steps: list[Step] = []
    for piece in pieces:
        state = steps[-1].state if steps else None
        steps.append(step(setup, state, {BTC: piece}, account))
    return steps


def test_it_decides_as_it_would_here_and_each_step_is_one_call(function: BotFunction) -> None:
    whole = candles(*([float(price)] for price in PRICES))
    pieces = [whole.between(0, 9), whole.between(9, 10), whole.between(10, 12)]
    here = taken(bot_of(BUSY, "busy"), pieces, share=0.25)
    assert sum(len(each.orders) for each in here) > 3
    before = function.calls
    there = taken(function.sandbox()(BUSY, "busy"), pieces, share=0.25)
    assert there == here
    assert function.calls - before == 2 + len(pieces), "what it is, how it starts, and the steps"


def test_what_it_stops_at_is_said_of_that_candle(function: BotFunction) -> None:
    source = BUSY.replace("ctx.plot(", "1 / (103 - ctx.close); ctx.plot(")
    whole = candles(*([float(price)] for price in PRICES))
    with pytest.raises(BotFailed) as here:
        taken(bot_of(source, "busy"), [whole])
    with pytest.raises(BotFailed) as there:
        taken(function.sandbox()(source, "busy"), [whole])
    assert str(there.value) == str(here.value)
    assert "Busy.on_candle at the candle of 1970-01-01 06:00: ZeroDivisionError" in str(there.value)
    assert there.value.line == here.value.line == 17


def test_what_cannot_be_a_bot_is_refused_with_its_line(function: BotFunction) -> None:
    with pytest.raises(BotRefused, match="busy, line 3"):
        function.sandbox()(BUSY.replace("import math", "import math,"), "busy")


@pytest.mark.parametrize(
    ("kind", "message", "sentence"),
    [
        (
            "Sandbox.Timedout",
            "RequestId: 1 Error: Task timed out after 30.00 seconds",
            "busy: it took all the time that its function has",
        ),
        (
            "",
            "2026-03-02T12:00:00Z 1 Task timed out after 30.00 seconds",
            "busy: it took all the time that its function has",
        ),
        (
            "Runtime.OutOfMemory",
            "RequestId: 1 Error: Runtime exited with error: signal: killed",
            "busy: it took all the memory that its function has",
        ),
        (
            "Runtime.ExitError",
            "RequestId: 1 Error: Runtime exited with error: exit status 1",
            "busy: it ended the function that it was in, or took all its memory",
        ),
        (
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded",
            "busy: it said more than a function can answer with",
        ),
    ],
)
def test_what_its_code_does_to_the_function_is_its_own(
    function: BotFunction, kind: str, message: str, sentence: str
) -> None:
    function.answers = [failed(kind, message)]
    with pytest.raises(BotFailed) as caught:
        function.sandbox()(BUSY, "busy")
    assert str(caught.value) == sentence


def test_what_is_no_fault_of_the_bots_is_not_told_as_one(function: BotFunction) -> None:
    gone = {"x-amzn-errortype": "TooManyRequestsException"}
    away = "the function crypto_bot-prod-bot_sandbox"
    told = {
        f"{away} cannot be called: TooManyRequestsException: Rate Exceeded.": json_answer(
            {"Message": "Rate Exceeded."}, status=429, headers=gone
        ),
        f"{away} failed: SettingsError: no stage": failed("SettingsError", "no\nstage"),
        f"{away} did not answer: ": None,
    }
    for sentence, answer in told.items():
        function.answers = [answer]
        with pytest.raises(SandboxUnavailable) as caught:
            function.sandbox()(BUSY, "busy")
        assert str(caught.value).startswith(sentence), caught.value
    with pytest.raises(SandboxUnavailable, match="no-such cannot be called: ResourceNotFound"):
        function.caller("no-such").lacking()


def test_a_function_that_is_away_in_the_middle_is_not_the_bots_fault(function: BotFunction) -> None:
    (setup,) = set_up(function.sandbox()(BUSY, "busy"))
    account, four = AccountView(Decimal(1000), {}), candles([100], [101], [102], [103])
    for _ in range(2):  # as it starts, and as it is shown candles
        function.answers = [None]
        with pytest.raises(SandboxUnavailable):
            step(setup, None, {BTC: four}, account)
        step(setup, None, {BTC: four}, account)


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        {"version": 2, "packed": ""},
        {"version": 1, "packed": "no base64"},
        {"version": 1, "packed": "AAAA"},
        packed([1]),
        packed({"lacking": []}),
        packed({"answers": [], "lacking": []}),
        packed({"answers": [1], "lacking": []}),
        packed({"answers": [{}, {}], "lacking": []}),
        packed({"answers": [{}], "lacking": [{}] * 21}),
    ],
)
def test_a_function_that_answers_nonsense_is_told_as_such(
    function: BotFunction, said: object
) -> None:
    function.answers = [json_answer(said)]
    with pytest.raises(BotFailed, match=r"^busy: "):
        function.sandbox()(BUSY, "busy")


def test_what_is_packed_comes_out_and_does_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert unpacked(packed({"a": [1, None, "ü"]})) == {"a": [1, None, "ü"]}
    large = packed({"a": "x" * 5_000})
    monkeypatch.setattr(packing, "_MOST_UNPACKED", 4_000)
    with pytest.raises(BotRefused, match="what was packed is no JSON object"):
        unpacked(large)
    with pytest.raises(BotRefused, match="5008 bytes are said at once; 4000 are possible"):
        packed({"a": "x" * 5_000})
    monkeypatch.setattr(packing, "MOST_PACKED", 10)
    with pytest.raises(BotRefused, match=r"\d\d bytes are said at once, packed; a function"):
        packed({"a": 1})


def test_nothing_is_lacking_here(function: BotFunction) -> None:
    assert function.caller().lacking() == []


def test_a_word_of_every_bot_is_no_parameter_there(function: BotFunction) -> None:
    source = BUSY.replace("share", "asked_at_once")
    with pytest.raises(BotRefused, match="asked_at_once of the answer is a word of every bot"):
        function.sandbox()(source, "busy")
