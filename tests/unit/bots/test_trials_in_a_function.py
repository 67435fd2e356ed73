"""Trials of a user's own bot in a function are those that it would have here, in few calls."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.bot_files import bot_of_file
from chalicelib.adapters.sandboxes import packing
from chalicelib.adapters.sandboxes.function_trials import TrialsInFunction, check_fits
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.sweep_asked import Asked, BotText, asked_of, trials_of
from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.errors import SandboxBusy, SandboxUnavailable
from tests.bot_function import BotFunction
from tests.unit.bots.paper_market import BTC, ETH, HOUR, instrument
from tests.unit.bots.test_sweep_trials import walk
from tests.venues.loopback import json_answer

FILE = "bots/mine.py"
MINE = """
import math
from chalicelib.domain.bots import Bot, Param

class Cross(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 20
    fast = Param(3, 2, 30)
    slow = Param(8, 3, 90)

    def start(self, ctx):
        self.f, self.s = ctx.sma(self.fast), ctx.bollinger(self.slow)

    def on_candle(self, ctx):
        if self.fast == 7 and ctx.close > 100:
            1 / 0
        if self.f.crossed_above(self.s.middle) and ctx.random.random() < 0.9:
            ctx.target(0.9)
        elif self.f.crossed_below(self.s.middle):
            ctx.target(-0.5)

class Both(Cross):
    instruments = ("ETH/USDT", "BTC/USDT")
    together = True

    def start(self, ctx):
        self.f = ctx.sma(self.fast, symbol="BTC/USDT")

    def on_candle(self, ctx):
        if ctx.ranking and self.f.value:
            ctx.target(0.3 if math.floor(self.f.value) % self.slow else 0, symbol="ETH/USDT")
"""
INSIDE, OUTSIDE = Span(0, 300 * HOUR), Span(300 * HOUR, 400 * HOUR)


@pytest.fixture(scope="module")
def function() -> Iterator[BotFunction]:
    with pytest.MonkeyPatch.context() as patch:
        made = BotFunction()
        with made.serving(patch):
            yield made


def asked(name: str, *symbols: str, source: str = MINE) -> tuple[Asked, BotText]:
    """On an account with terms that are none of the usual."""
    filters = {
        symbol: replace(
            instrument(symbol, minimum_notional=Decimal("5.50"), price_digits=5),
            maximum_quantity=Decimal("1e3"),
        )
        for symbol in symbols
    }
    costs = Costs(Decimal("0.0007"), Decimal("0.0011"), Decimal("1.5"))
    terms = Terms(filters, Decimal("1234.56"), costs, allows_short=True)
    candles = {symbol: walk(seed, 400) for seed, symbol in enumerate(symbols, start=1)}
    rows = [{"rank": 1, "symbol": "ETH", "market": ETH, "market_cap": 0.1, "price": 1e300}]
    views = Views(Timeline(), Timeline([(50 * HOUR, rows)]), Timeline())
    own = BotText(source, FILE)
    (setup,) = set_up(bot_of_file(MINE, FILE, "mine", name), instruments=symbols, interval="1h")
    return asked_of(Trials(setup, candles, terms, views), name, own), own


def tasks(span: Span = INSIDE, slow: Sequence[int] = (8, 12), fast: int = 3) -> list[Task]:
    return [Task(span, {"fast": fast, "slow": each}) for each in slow]


def here(of: Asked, tasks: Sequence[Task]) -> list[Trial]:
    trials = trials_of(of, bot_of_file(MINE, FILE, "mine", of.bot))
    return [trials.run(task) for task in tasks]


def there(function: BotFunction, of: Asked, own: BotText) -> TrialsInFunction:
    return TrialsInFunction(of, own, function.caller())


@pytest.mark.parametrize(
    ("name", "symbols"), [("Cross", (BTC,)), ("Cross", (ETH,)), ("Both", (ETH, BTC))]
)
def test_they_are_those_that_it_has_here(
    function: BotFunction, name: str, symbols: tuple[str, ...]
) -> None:
    of, own = asked(name, *symbols)
    given = [*tasks(), *tasks(fast=7), *tasks(OUTSIDE), *tasks(OUTSIDE, fast=7)]
    run, calls = there(function, of, own), function.calls
    found: list[Trial] = []
    run.check()
    while len(found) < len(given):
        found += run(given[len(found) :])
    assert found == here(of, given)
    assert function.calls - calls == 3, "to set it up, and for each part of the candles"
    assert any(trial.fills > 5 for trial in found)
    troubles = [trial.trouble for trial in found if trial.trouble]
    assert len(troubles) == (4 if name == "Cross" else 0)
    assert all("ZeroDivisionError" in trouble for trouble in troubles)


def test_a_call_is_told_of_no_candles_but_those_of_its_part(function: BotFunction) -> None:
    of, own = asked("Cross", BTC)
    there(function, of, own)(tasks(OUTSIDE))
    told = packing.unpacked(function.last)["messages"][0]
    assert told["lengths"] == [120]  # and twenty to warm up


def test_what_there_was_no_time_for_is_asked_for_again(function: BotFunction) -> None:
    slow = MINE.replace("1 / 0", "pass").replace(
        "    def start(self, ctx):", "    def start(self, ctx):\n        sum(range(10**7))", 1
    )
    of, own = asked("Cross", BTC, source=slow)
    run, given = there(function, of, own), tasks(slow=range(4, 60))
    function.seconds = 4.0
    try:
        first = run(given)
        second = run(given[len(first) :])
    finally:
        function.seconds = 30.0
    assert 0 < len(first) < len(given)
    assert second
    assert [*first, *second] == here(of, given[: len(first) + len(second)])


def test_one_that_never_ends_is_told_once_it_is_the_first(function: BotFunction) -> None:
    of, own = asked("Cross", BTC, source=MINE.replace("1 / 0", "while True: pass"))
    run, given = there(function, of, own), [*tasks(), *tasks(fast=7)]
    function.seconds = 3.5
    try:
        assert run(given) == here(of, tasks())
        with pytest.raises(BotFailed, match=r"^bots/mine.py: it did not answer within "):
            run(given[2:])
    finally:
        function.seconds = 30.0


def test_one_that_takes_all_memory_is_no_trial(function: BotFunction) -> None:
    """Where its owner runs it there may be more."""
    of, own = asked("Cross", BTC, source=MINE.replace("1 / 0", "bytes(2**31)"))
    with pytest.raises(BotFailed, match="memory"):
        there(function, of, own)(tasks(fast=7))


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("import numpy\n" + MINE, r"^line 1, bots/mine.py: (ModuleNotFound|Permission)Error"),
        (MINE.replace("Cross", "Other"), "no bot 'Cross'"),
        (MINE.replace("warmup = 20", "warmup = -1"), "warmup is -1"),
        ("raise SystemExit(3)\n" + MINE, "SystemExit: 3"),
    ],
)
def test_what_is_wrong_with_it_is_told_before_any_is_tried(
    function: BotFunction, source: str, refusal: str
) -> None:
    of, own = asked("Cross", BTC, source=source)
    with pytest.raises((BotFailed, BotRefused), match=refusal):
        there(function, of, own).check()


def test_a_function_that_is_away_says_nothing_of_the_bot(function: BotFunction) -> None:
    run = there(function, *asked("Cross", BTC))
    busy: Any = {"x-amzn-errortype": "TooManyRequestsException"}
    function.answers = [json_answer({"Message": "Rate Exceeded."}, status=429, headers=busy)]
    with pytest.raises(SandboxBusy, match=r"cannot be called: TooManyRequestsException: Rate Exc"):
        run(tasks())
    function.answers = [None]
    with pytest.raises(SandboxUnavailable, match="did not answer"):
        run(tasks())


def test_more_candles_than_a_call_takes_are_refused_before_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of, own = asked("Cross", BTC)
    check_fits(of, own, INSIDE)
    monkeypatch.setattr(packing, "MOST_PACKED", 2_000)
    with pytest.raises(BotRefused) as caught:
        check_fits(of, own, INSIDE)
    assert str(caught.value) == (
        "247 candles in one part are more than a function can be given at once, which is some"
        " 180,000: give --since, or --walk-forward, whose parts are shorter"
    )
