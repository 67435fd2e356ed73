"""A backtest and a check of a bot in a function are those that it would have here, in one call."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest

from chalicelib.adapters.bot_files import bot_of
from chalicelib.adapters.sandboxes import function_whole, whole_runs
from chalicelib.adapters.sandboxes.function_whole import WholeRunsInFunction
from chalicelib.adapters.sandboxes.packing import packed
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.backtest_report import BacktestReport, report_on
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.checks.check import check_bot
from chalicelib.domain.bots.checks.finding import BotCheck, Cause
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.errors import SandboxUnavailable
from tests.bot_function import BotFunction
from tests.unit.bots.paper_market import BTC, ETH, HOUR, instrument
from tests.unit.bots.test_bot_in_a_function import BUSY
from tests.unit.bots.test_sweep_trials import walk
from tests.venues.loopback import json_answer

BOTH = """
from chalicelib.domain.bots import Bot

class Both(Bot):
    instruments = ("ETH/USDT", "BTC/USDT")
    interval = "1h"
    warmup = 20
    together = True

    def start(self, ctx):
        self.fast = ctx.sma(3, symbol="BTC/USDT")

    def on_candle(self, ctx):
        ctx.state["seen"] = ctx.state.get("seen", 0) + 1
        if ctx.ranking and self.fast.value:
            ctx.target(0.3 if int(self.fast.value) % 8 else 0, symbol="ETH/USDT")
            ctx.buy(value=20, limit=ctx["BTC/USDT"].close * 0.99, expires=3, symbol="BTC/USDT")
"""
SELDOM = """
from chalicelib.domain.bots import Bot

class Seldom(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 20

    def start(self, ctx):
        self.fast, self.slow = ctx.sma(3), ctx.bollinger(8)
        ctx.only_when(self.fast.crosses(self.slow.middle))

    def on_candle(self, ctx):
        ctx.log(f"{ctx.now} {ctx.cash:.2f}")
        ctx.target(-0.5 if ctx.position > 0 else 0.9)
"""
FORGETFUL = (
    BUSY.replace('[*ctx.state["seen"], ', "[*KEPT, ")
    .replace("class Busy", "KEPT = []\n\nclass Busy")
    .replace("ctx.plot(", "KEPT.append(1); ctx.plot(")
    .replace("self.share)", "1 / len(KEPT))")
)
SOURCES = {"Busy": BUSY, "Both": BOTH, "Seldom": SELDOM}


@pytest.fixture(scope="module")
def function() -> Iterator[BotFunction]:
    with pytest.MonkeyPatch.context() as patch:
        made = BotFunction()
        with made.serving(patch):
            yield made


def whole(function: BotFunction) -> WholeRunsInFunction:
    return WholeRunsInFunction(function.caller())


def market(*symbols: str, count: int = 600) -> tuple[dict[str, Candles], Terms, Views]:
    terms = Terms(
        {symbol: instrument(symbol, minimum_notional=Decimal("5.50")) for symbol in symbols},
        Decimal("1234.56"),
        Costs(Decimal("0.0007"), Decimal("0.0011"), Decimal("1.5")),
        allows_short=True,
    )
    candles = {symbol: walk(seed, count) for seed, symbol in enumerate(symbols, start=1)}
    rows = [{"rank": 1, "symbol": "ETH", "market": ETH, "market_cap": 0.1, "price": 1e300}]
    return candles, terms, Views(Timeline(), Timeline([(50 * HOUR, rows)]), Timeline())


def setup_of(kind: type[Bot], **parameters: float) -> Setup:
    (setup,) = set_up(kind, parameters=parameters)
    return setup


def report(sandbox: WholeRunsInFunction | None, name: str, source: str) -> BacktestReport:
    """In a function, else here."""
    setup = setup_of((sandbox or bot_of)(source, name))
    candles, terms, views = market(*setup.instruments)
    if sandbox is not None:
        sandbox.rehearse(setup, candles, terms, views)
    return report_on(setup, "binance", candles, terms, views)


@pytest.mark.parametrize("name", SOURCES)
def test_a_backtest_is_the_one_that_it_has_here_to_the_last_digit(
    function: BotFunction, name: str
) -> None:
    before = function.calls
    there = report(whole(function), name, SOURCES[name])
    assert function.calls - before == 2, "what it is, and all of its run"
    here = report(None, name, SOURCES[name])
    assert there.test == here.test
    assert there.metrics == here.metrics
    assert len(there.test.fills) > 10
    assert there.test.state["bot"] == here.test.state["bot"]


def test_what_it_stops_at_is_said_of_that_candle(function: BotFunction) -> None:
    source = BUSY.replace("ctx.plot(", "1 / (len(ctx.state['seen']) - 4); ctx.plot(")
    with pytest.raises(BotFailed) as here:
        report(None, "busy", source)
    with pytest.raises(BotFailed) as there:
        report(whole(function), "busy", source)
    assert str(there.value) == str(here.value)
    assert "Busy.on_candle at the candle of 1970-01-01 11:00: ZeroDivisionError" in str(here.value)
    assert there.value.line == here.value.line == 17


def test_what_it_says_beyond_its_candles_counts_for_nothing(function: BotFunction) -> None:
    """A bot whose process is not its author's alone any more answers for each candle once."""
    sandbox = whole(function)
    setup = setup_of(sandbox(BUSY, "busy"))
    candles, terms, views = market(BTC)
    sandbox.rehearse(setup, {BTC: candles[BTC].between(0, 50)}, terms, views)
    with pytest.raises(BotFailed, match="busy: it did not answer all that it was asked"):
        report_on(setup, "binance", candles, terms, views)


def test_a_run_is_rehearsed_for_one_start_and_the_next_is_asked_as_ever(
    function: BotFunction,
) -> None:
    sandbox = whole(function)
    setup = setup_of(sandbox(BUSY, "busy"))
    candles, terms, views = market(BTC, count=12)
    sandbox.rehearse(setup, candles, terms, views)
    first = report_on(setup, "binance", candles, terms, views)
    before = function.calls
    assert report_on(setup, "binance", candles, terms, views).test == first.test
    assert function.calls - before == 1 + 12 - setup.bot.warmup


def test_more_candles_than_a_call_takes_are_refused_before_any(
    function: BotFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = whole(function)
    setup = setup_of(sandbox(BUSY, "busy"))
    before = function.calls
    monkeypatch.setattr(function_whole, "MOST_PACKED", 10_000)
    with pytest.raises(BotRefused) as refusal:
        sandbox.rehearse(setup, *market(BTC))
    assert str(refusal.value) == (
        "600 candles are more than a function can be given at once, which is some 180,000: begin"
        " later, or try it on a machine of yours, with crypto-bot bots backtest --stage"
    )
    assert function.calls == before


def test_one_that_says_too_much_is_told_so(function: BotFunction) -> None:
    source = BUSY.replace("ctx.plot(", "[ctx.log('x' * 900) for _ in range(50)]; ctx.plot(")
    with pytest.raises(BotFailed, match="busy: it said more than 15,000,000 bytes in one run"):
        report(whole(function), "busy", source)


def test_a_function_that_is_away_is_not_the_bots_fault(function: BotFunction) -> None:
    sandbox = whole(function)
    setup = setup_of(sandbox(BUSY, "busy"))
    candles, terms, views = market(BTC)
    sandbox.rehearse(setup, candles, terms, views)
    function.answers = [None]
    with pytest.raises(SandboxUnavailable):
        report_on(setup, "binance", candles, terms, views)


@pytest.mark.parametrize("said", [{}, {"lines": [1]}, {"lines": "x"}, {"lines": [{}] * 2}])
def test_nonsense_is_told_as_such(function: BotFunction, said: Mapping[str, object]) -> None:
    sandbox = whole(function)
    setup = setup_of(sandbox(BUSY, "busy"))
    candles, terms, views = market(BTC)
    sandbox.rehearse(setup, candles, terms, views)
    answers = [{}, *[dict(said)] * whole_runs.PORTIONS]
    function.answers = [json_answer(packed({"answers": answers, "lacking": []}))]
    with pytest.raises((BotFailed, BotRefused)):
        report_on(setup, "binance", candles, terms, views)


def checked(source: str, sandbox: WholeRunsInFunction | None) -> BotCheck:
    def load() -> Setup:
        return setup_of((sandbox or bot_of)(source, "busy"), share=0.25)

    candles, _, _ = market(BTC, count=200)
    if sandbox is not None:
        return sandbox.check(load(), candles)
    return check_bot(load, candles, source=source)


def test_a_check_finds_what_it_finds_here(function: BotFunction) -> None:
    before = function.calls
    assert checked(BUSY, whole(function)) == checked(BUSY, None)
    assert function.calls - before == 2
    odd = checked(FORGETFUL, whole(function))
    assert [finding.cause for finding in odd.findings] == [
        finding.cause for finding in checked(FORGETFUL, None).findings
    ]
    assert odd.findings[0].cause is not Cause.SOURCE
    assert odd.findings[0].at is not None
