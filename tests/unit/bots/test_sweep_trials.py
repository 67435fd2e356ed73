"""A trial's figures are a backtest's own, and of what comes later it knows nothing."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots import Bot, Param
from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.lines import Line
from chalicelib.domain.bots.metrics import daily_returns, measure
from chalicelib.domain.bots.sweep_figures import FIGURES
from chalicelib.domain.bots.sweep_key import sweep_key
from chalicelib.domain.bots.sweep_trial import KeptColumns, Task, Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.paper_market import BTC, ETH, HOUR, instrument

WARMUP = 20


class Cross(Bot):
    instruments: ClassVar[Sequence[str]] = (BTC,)
    interval = "1h"
    warmup = WARMUP
    fast = Param(3, 2, 30)
    slow = Param(8, 3, 90)

    def start(self, ctx: Any) -> None:
        self.f, self.s = ctx.sma(self.fast), ctx.sma(self.slow)

    def on_candle(self, ctx: Any) -> None:
        if self.f.crossed_above(self.s):
            ctx.target(1.0)
        elif self.f.crossed_below(self.s):
            ctx.target(-0.5)


class AtCrossings(Cross):
    def start(self, ctx: Any) -> None:
        super().start(ctx)
        ctx.only_when(self.f.crosses(self.s))


class Both(Cross):
    instruments: ClassVar[Sequence[str]] = (BTC, ETH)
    together = True

    def start(self, ctx: Any) -> None:
        self.f = ctx.sma(self.fast, symbol=BTC)

    def on_candle(self, ctx: Any) -> None:
        turn = ctx[BTC].start // HOUR % self.slow
        if turn == 0:
            ctx.target(0.5, symbol=BTC)
            ctx.target(0.4, symbol=ETH)
        elif turn == self.fast - 1:
            ctx.target(-0.2, symbol=BTC)


class Odd(Cross):
    def start(self, ctx: Any) -> None:
        if self.fast >= self.slow:
            raise ValueError("fast must be below slow")
        ctx.state["kept"] = {1, 2} if self.fast == 2 else 0
        super().start(ctx)


def walk(seed: int, count: int, drift: float = 0.0) -> Candles:
    """With a gap of two days after the hundredth."""
    dice = Random(seed)  # noqa: S311 - prices are no secret
    closes = [100.0]
    for _ in range(count):
        closes.append(round(closes[-1] * (1 + dice.gauss(drift, 0.01)), 2))
    opens, ends = closes[:-1], closes[1:]
    highs = [max(pair) for pair in zip(opens, ends, strict=True)]
    lows = [min(pair) for pair in zip(opens, ends, strict=True)]
    starts = [(number + 48 * (number > 100) + 5) * HOUR for number in range(count)]
    return Candles(starts, opens, highs, lows, ends, [1.0] * count)


def trials(bot: type[Bot] = Cross, **candles: Candles) -> Trials:
    (setup,) = set_up(bot)
    kept = {BTC: candles.get("btc") or walk(1, 1500)}
    if bot is Both:
        kept[ETH] = walk(2, 1500)
    fee = Decimal("0.001")
    held = {symbol: instrument(symbol) for symbol in kept}
    return Trials(setup, kept, Terms(held, Decimal(1000), Costs(fee, fee), allows_short=True))


def parameters(fast: float = 3, slow: float = 8) -> dict[str, float]:
    return {"fast": fast, "slow": slow}


@pytest.mark.parametrize("bot", [Cross, AtCrossings, Both])
@pytest.mark.parametrize(("fast", "slow"), [(3, 8), (2, 40), (30, 90)])
@pytest.mark.parametrize("place", [0, 90, 700])
def test_its_figures_are_those_of_a_backtest(
    bot: type[Bot], fast: int, slow: int, place: int
) -> None:
    made = trials(bot)
    starts = made.candles[BTC].start
    span = Span(starts[place], starts[-30])
    found = made.run(Task(span, parameters(fast, slow)))
    setup = made.setup._replace(parameters=parameters(fast, slow))
    first = max(0, place - WARMUP)
    given = {symbol: series.between(first, 1470) for symbol, series in made.candles.items()}
    test = backtest(setup, given, made.terms)
    seen = place - first
    since = test._replace(start=test.start[seen:], equity=test.equity[seen:])
    expected = measure(since, 1000)._asdict()
    assert found.figures == pytest.approx({name: expected[name] for name in FIGURES})
    assert (found.fills, found.trouble) == (len(test.fills), "")
    assert found.task == Task(span, parameters(fast, slow))
    assert found.fills > 10
    assert since.start[0] == span.since
    returns = made.returns(Task(span, parameters(fast, slow)))
    assert returns == daily_returns(since.start, since.equity, 1000)


def test_without_a_trade_there_is_nothing_to_tell() -> None:
    made = trials(btc=walk(1, 30))
    start = made.candles[BTC].start
    found = made.run(Task(Span(start[0], start[-1]), parameters(29, 90)))
    assert (found.fills, found.trouble) == (0, "")
    assert found.figures["total_return"] == found.figures["max_drawdown"] == 0
    assert found.figures["sharpe"] is found.figures["calmar"] is found.figures["win_rate"] is None


def test_nothing_of_what_comes_later_is_seen() -> None:
    made = trials()
    candles = made.candles[BTC]
    span = Span(candles.start[0], candles.start[900])
    task = Task(span, parameters())
    early, late = candles.between(0, 900), candles.between(900, 1500)
    other = walk(9, 1500, drift=0.05).between(900, 1500)
    assert trials(btc=early.followed_by(other)).run(task) == trials().run(task)
    # And of what came before, only the warm-up.
    after = Task(Span(candles.start[900], candles.start[1499]), parameters())
    changed = walk(9, 1500).between(0, 900 - WARMUP)
    same = changed.followed_by(candles.between(900 - WARMUP, 900)).followed_by(late)
    assert trials(btc=same).run(after) == trials().run(after)


def test_a_bot_that_stops_is_told_and_the_others_go_on() -> None:
    made = trials(Odd)
    start = made.candles[BTC].start
    span = Span(start[0], start[-1])
    stopped = made.run(Task(span, parameters(30, 8)))
    assert stopped[:3] == (Task(span, parameters(30, 8)), {}, 0)
    assert "Odd.start: ValueError: fast must be below slow" in stopped.trouble
    unkept = made.run(Task(span, parameters(2, 8)))
    assert "Odd: ctx.state cannot be kept as JSON" in unkept.trouble
    went_on = made.run(Task(span, parameters()))
    assert (went_on.trouble, went_on.fills > 10) == ("", True)
    assert went_on == trials(Odd).run(Task(span, parameters()))


def test_indicators_are_kept_while_there_is_room() -> None:
    kept = KeptColumns(25)
    for name in "abc":
        kept[name, BTC] = [[1.0] * 10]
    assert list(kept) == [("b", BTC), ("c", BTC)]
    kept["d", BTC] = [[1.0] * 3, [1.0] * 3]
    assert list(kept) == [("c", BTC), ("d", BTC)]
    kept["e", BTC] = [[1.0] * 9]
    assert list(kept) == [("c", BTC), ("d", BTC), ("e", BTC)]
    kept["f", BTC] = [[1.0] * 99]
    assert list(kept) == [("f", BTC)]


def test_what_is_packed_of_an_indicator_goes_with_it() -> None:
    kept = KeptColumns(2)
    lines = {name: Line(name) for name in ("bands(2)", "bands(2) upper", "bands(20)")}
    for name in ("bands(2)", "bands(20)"):
        kept[name, BTC] = [[1.0]]
    first = {name: kept.packed(line, [1.0]) for name, line in lines.items()}
    assert {name: kept.packed(line, [2.0]) for name, line in lines.items()} == first
    kept["sma(3)", BTC] = [[1.0]]
    again = {name: kept.packed(line, [2.0]) for name, line in lines.items()}
    assert {name for name in lines if again[name] == first[name]} == {"bands(20)"}


def test_they_know_what_was_ranked_by_then() -> None:
    class Watched(Cross):
        def on_candle(self, ctx: Any) -> None:
            if BTC in (ctx.universe or ()):
                ctx.target(self.fast / 10)

    made = trials(Watched)
    start = made.candles[BTC].start
    views = Views(universe=Timeline([(start[40], [BTC])]))
    task = Task(Span(start[0], start[60]), parameters())
    knowing = Trials(made.setup, made.candles, made.terms, views)
    assert (made.run(task).fills, knowing.run(task).fills > 0) == (0, True)
    assert made.returns(task) == [0.0] * 3
    assert any(knowing.returns(task))


def test_trials_are_the_same_in_any_order() -> None:
    start = trials().candles[BTC].start
    spans = [Span(start[0], start[700]), Span(start[700], start[1400])]
    tasks = [Task(span, parameters(fast)) for fast in (2, 3, 5) for span in spans]
    together = trials()
    assert [together.run(task) for task in tasks] == [trials().run(task) for task in tasks]


def test_what_a_result_depends_on_is_in_its_key() -> None:
    made, candles = trials(), walk(1, 1500)
    key = sweep_key("1", "source", made)
    assert key == sweep_key("1", "source", trials())
    assert len(key) == 16
    candles.volume[7] = 2.0
    moved = walk(1, 1500)
    moved.start[-1] += HOUR
    cheaper = Trials(made.setup, made.candles, made.terms._replace(cash=Decimal(999)))
    (longer,) = set_up(Cross, interval="4h")
    ranked = Views(universe=Timeline([(0, [BTC])]))
    others = [
        sweep_key("2", "source", made),
        sweep_key("1", "other", made),
        sweep_key("1", "source", trials(Odd)),
        sweep_key("1", "source", trials(btc=candles)),
        sweep_key("1", "source", trials(btc=moved)),
        sweep_key("1", "source", cheaper),
        sweep_key("1", "source", Trials(longer, made.candles, made.terms)),
        sweep_key("1", "source", Trials(made.setup, made.candles, made.terms, ranked)),
    ]
    assert len({key, *others}) == 9
