"""A bot in a process of its own does to the last digit what it does in this one."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.bot_files import bot_of
from chalicelib.adapters.sandboxes.sandbox import ProcessSandbox
from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, step
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.bot_prices import moving
from tests.unit.bots.paper_market import BTC, ETH, HOUR, instrument

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be limited there")

CHILDREN = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
EVERYTHING = """
from chalicelib.domain.bots import Bot, Param


class Everything(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 4
    fast = Param(2, 1, 5)
    share = Param(0.5, 0.1, 0.9, step=0.1)

    def start(self, ctx):
        self.lines = [ctx.sma(self.fast), ctx.ema(3), ctx.rsi(3), ctx.sma(2, interval="4h")]
        self.macd = ctx.macd(2, 4, 2)
        self.volume = ctx.ema(2, of="volume")
        ctx.state["asked"] = ctx.random.integer(0, 3)

    def on_candle(self, ctx):
        sma, ema, rsi, larger = self.lines
        ctx.plot("sma", sma.value)
        ctx.plot("reach", ctx.history(3).close[0], panel="mine")
        ctx.plot("odd", float("nan"))
        ctx.log(f"{ctx.now} {rsi.value} {rsi.previous} {larger.value} {larger.previous}")
        ctx.log(f"{ctx.equity:.6f} {ctx.average_price} {ctx.volume} {ctx.params}")
        ctx.log(f"{ctx.universe} {ctx.ranking} {dict(ctx.analytics or {})} {ctx.open_orders}")
        if sma.crossed_above(ema) or self.macd.macd.crossed_above(0):
            ctx.state["asked"] += 1
            share = ctx.random.uniform(0.1, self.share)
            ctx.buy(fraction=share, stop_loss=ctx.close * 0.97)
        elif sma.crossed_below(ema):
            ctx.target(0)
        elif ctx.random.integer(0, 4) == 0:
            ctx.buy(value=20, limit=ctx.low * 0.99, expires=3, take_profit=ctx.close * 1.02)
        if ctx.open_orders and ctx.random.random() < 0.2:
            ctx.cancel(ctx.open_orders[0].id)
"""
BASKET = """
from chalicelib.domain.bots import every


@every("1h", "BTC/USDT", "ETH/USDT", together=True, warmup=2)
def handler(state, data):
    for symbol, market in data.markets.items():
        if market.is_fresh and market.has_price:
            data.log(f"{symbol} {market.close} {market.history(2).start} {market.position}")
    if data["ETH/USDT"].is_fresh:
        wanted = data.random.choice(["BTC/USDT", "ETH/USDT"])
        data.target(0.5, symbol=wanted, band=0.02)
    state["seen"] = [data.start, *state.get("seen", [])][:3]
"""
VIEWS = Views(
    Timeline([(0, {"BTC/USDT": {"trend": 1.5}}), (90 * HOUR, {"BTC/USDT": {"trend": -2}})]),
    Timeline([(50 * HOUR, [{"symbol": "BTC/USDT", "rank": 1}])]),
    Timeline([(20 * HOUR, ["BTC/USDT"]), (60 * HOUR, ["BTC/USDT", "ETH/USDT"])]),
)


@pytest.fixture(scope="module")
def box() -> Iterator[ProcessSandbox]:
    with closing(ProcessSandbox(seconds=20)) as made:
        yield made


def tried(kind: Any, **given: Any) -> Backtest:
    (setup,) = set_up(kind, seed=11, **given)
    others = moving(161, "others").between(1, 161)
    sparse = others._replace(**{n: c[::3] for n, c in others._asdict().items()})
    held = {BTC: moving(160), ETH: sparse}
    candles = {symbol: held[symbol] for symbol in setup.instruments}
    instruments = {symbol: instrument(symbol) for symbol in setup.instruments}
    return backtest(setup, candles, Terms(instruments, Decimal(1000)), VIEWS)


@pytest.mark.parametrize("given", [{}, {"parameters": {"fast": 4, "share": 0.7}}], ids=["", "set"])
def test_a_backtest_is_the_same(box: ProcessSandbox, given: dict[str, Any]) -> None:
    here, there = tried(bot_of(EVERYTHING, "e"), **given), tried(box(EVERYTHING, "e"), **given)
    assert len(here.fills) > 20
    assert len(here.logs) > 400
    assert there == here


def test_it_is_asked_at_crossings_alone_there_too(box: ProcessSandbox) -> None:
    declared = "        self.volume ="
    asked = "        ctx.only_when(self.lines[0].crosses(self.lines[1]))\n"
    source = EVERYTHING.replace(declared, asked + declared)
    here, there = tried(bot_of(source, "e")), tried(box(source, "e"))
    assert 10 < len(here.logs) < 400
    assert there == here


def test_a_portfolio_with_gaps_is_the_same(box: ProcessSandbox) -> None:
    here, there = tried(bot_of(BASKET, "basket")), tried(box(BASKET, "basket"))
    assert len(here.fills) > 5
    assert there == here


def test_a_state_goes_from_one_to_the_other_and_back(box: ProcessSandbox) -> None:
    (here,), (there,) = set_up(bot_of(EVERYTHING, "e")), set_up(box(EVERYTHING, "e"))
    candles = moving(60)
    account = AccountView(Decimal(900), {BTC: Held(Decimal("0.5"), Decimal("99.5"))})
    alone = mixed = None
    for number in range(60):
        one = {BTC: candles.between(number, number + 1)}
        expected = step(here, alone, one, account)
        done = step((here, there)[number % 2], mixed, one, account)
        assert done == expected
        alone, mixed = (json.loads(json.dumps(each.state)) for each in (expected, done))


def test_what_the_class_says_of_itself_arrives(box: ProcessSandbox) -> None:
    kind = box(EVERYTHING, "e")
    said = (kind.__name__, kind.instruments, kind.interval, kind.warmup, kind.together)
    assert said == ("Everything", (BTC,), "1h", 4, False)
    with pytest.raises(BotRefused, match="fast is 6; it must be a whole number from 1 to 5"):
        set_up(kind, parameters={"fast": 6})
    assert set_up(kind, parameters={"share": 0.4})[0].parameters == {"fast": 2, "share": 0.4}


def test_each_load_runs_the_source_anew_in_the_same_process(box: ProcessSandbox) -> None:
    source = EVERYTHING.replace('ctx.state["asked"] += 1', "Everything.warmup += 1")
    assert [box(source, "n").warmup for _ in range(2)] == [4, 4]
    assert tried(box(source, "n")).state["seen"] == 160
    assert box(source, "n").warmup == 4


def test_a_parameter_does_not_take_the_place_of_what_every_bot_has(box: ProcessSandbox) -> None:
    source = EVERYTHING + "\n    start = Param(1, 0, 2)\n"
    with pytest.raises(BotRefused, match="the parameter start of the answer is a word of every"):
        box(source, "e")


def test_it_begins_a_new_process_where_its_own_has_ended(box: ProcessSandbox) -> None:
    kind = box(EVERYTHING, "e")
    box.close()
    assert tried(kind) == tried(bot_of(EVERYTHING, "e"))


@pytest.mark.skipif(not CHILDREN.exists(), reason="only Linux says which processes there are")
def test_of_many_processes_the_oldest_ends_and_begins_again() -> None:
    before = len(CHILDREN.read_text().split())
    with closing(ProcessSandbox(seconds=20, most=1)) as box:
        first, second = box(EVERYTHING, "a"), box(EVERYTHING, "b")
        assert len(CHILDREN.read_text().split()) == before + 1
        assert tried(first) == tried(second)
    assert len(CHILDREN.read_text().split()) == before


def test_what_it_was_shown_long_ago_is_forgotten_there(box: ProcessSandbox) -> None:
    source = BASKET.replace('"ETH/USDT", together=True, warmup=2', "warmup=4").split("    for")[0]
    source += "    data.plot('sum', sum(data.history(4).close))\n"
    said = []
    for load in (bot_of, box):
        (setup,) = set_up(load(source, "sums"))
        terms = Terms({BTC: instrument()}, Decimal(1000))
        said.append(backtest(setup, {BTC: moving(1200)}, terms))
    assert said[0] == said[1]
    assert len(said[0].plots[0].values) == 1196


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    share =", "    share", "e, line 10: invalid syntax"),
        ("Param(2, 1, 5)", "Param(9, 1, 5)", "line 9, e: Param(9, 1, 5): the default must lie"),
        ("class Everything(Bot)", "class Everything", "e has no bot; one is needed"),
        ("import Bot, Param", "import Bot, Param\nimport numpy", "line 3, e: ModuleNotFoundError"),
    ],
    ids=["syntax", "parameter", "no bot", "import"],
)
def test_a_source_that_gives_no_bot_is_refused_as_here(
    box: ProcessSandbox, old: str, new: str, sentence: str
) -> None:
    source = EVERYTHING.replace(old, new)
    for load in (bot_of, box):
        with pytest.raises((BotRefused, BotFailed)) as caught:
            load(source, "e")
        assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ctx.target(0)", "ctx.target(2)"),
        ("ctx.target(0)", "ctx.nonsense()"),
        ("ctx.target(0)", "1 / 0"),
        ("ctx.target(0)", "ctx.history(5)"),
        ("ctx.target(0)", "self.mine = 1"),
        ("self.macd = ctx.macd(2, 4, 2)", "self.macd = ctx.macd(0)"),
        ("self.macd = ctx.macd(2, 4, 2)", "self.macd = object()"),
    ],
)
def test_what_it_does_wrong_is_told_as_here(box: ProcessSandbox, old: str, new: str) -> None:
    source = EVERYTHING.replace(old, new)
    said = []
    for load in (bot_of, box):
        with pytest.raises(BotFailed) as caught:
            tried(load(source, "e"))
        said.append((str(caught.value), caught.value.line))
    assert said[0] == said[1]
    assert "Everything." in said[0][0]


def test_an_answer_that_was_not_waited_for_is_not_taken_for_the_next(
    box: ProcessSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = box(EVERYTHING, "interrupted")
    expected = tried(kind)

    def interrupted(*_: int) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tried(kind)
    assert tried(kind) == expected
