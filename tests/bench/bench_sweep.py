"""How long a sweep of 1,000 combinations of an SMA cross on 136,035 candles takes on one core.

The candles are as many as those of three times 45,345 recorded hours, the grid is 20 x 50. Of it
20 combinations are run that are spread over it: first with their indicators, of which the whole
grid needs 70, and then with those that are there. The reference is what as many bare loops of
Python take that do the sums of the same strategy and nothing else, in the same run. Of each, the
least of several rounds counts.
"""

from collections.abc import Iterator
from time import process_time
from typing import Any

from tests.bench.bench_engine import FEE, bare_loop
from tests.bench.figure import Figure, at_most

NAMES = ("sweep", "sweep_to_bare_loop")

CANDLES = 136_035
FAST, SLOW = range(2, 41, 2), range(4, 201, 4)
COMBINATIONS = len(FAST) * len(SLOW)
ROUNDS = 2
_HOUR = 3_600_000


def figures(_only: str | None) -> Iterator[Figure]:
    """The least of several rounds of each, taken in turn."""
    opens, highs, lows, closes = _walk()
    loops: list[float] = []
    first: list[list[float]] = []
    again: list[list[float]] = []
    results: list[Any] = []
    begun, tasks, indicators = _sweep(opens, highs, lows, closes)
    for _ in range(ROUNDS):
        trials = begun()
        results.clear()
        first.append([_seconds(lambda t=task: trials.run(t)) for task in tasks])  # noqa: B023
        again.append([_seconds(lambda t=task: results.append(trials.run(t))) for task in tasks])  # noqa: B023
        loops += [_seconds(lambda: bare_loop(opens, closes)) for _ in tasks]
    loop = min(loops) * COMBINATIONS
    ran = sum(map(min, zip(*again, strict=True)))
    made = max(0.0, sum(map(min, zip(*first, strict=True))) - ran) / indicators
    sweep = ran / len(tasks) * COMBINATIONS + made * (len(FAST) + len(SLOW))
    one = next(trial for trial in results if trial.task.parameters == {"fast": 10, "slow": 30})
    fills, equity = bare_loop(opens, closes)
    if one.fills != fills or abs((1 + one.figures["total_return"]) * 1e6 / equity - 1) > 1e-6:
        raise AssertionError(f"{one}; the loop: {fills} fills, {equity}")
    yield at_most("sweep", sweep, "s", limit=45, reference=loop)
    # 45 s are 2.3 loops where a loop does 7 million candles a second.
    yield at_most("sweep_to_bare_loop", sweep / loop, "times", limit=2.3, reference=1)


def _sweep(opens, highs, lows, closes):
    from decimal import Decimal

    from chalicelib.domain.bots import Bot, Param
    from chalicelib.domain.bots.backtest import Terms
    from chalicelib.domain.bots.bot import set_up
    from chalicelib.domain.bots.candles import Candles
    from chalicelib.domain.bots.fill_model import Costs
    from chalicelib.domain.bots.sweep_grid import axis_of, every_combination
    from chalicelib.domain.bots.sweep_trial import Task, Trials
    from chalicelib.domain.bots.sweep_windows import Span
    from chalicelib.domain.trading.instrument import Instrument

    class SmaCross(Bot):
        instruments = ("BTC/USDT",)
        interval = "1h"
        warmup = 30
        fast = Param(10, 2, 50)
        slow = Param(30, 10, 200)

        def start(self, ctx) -> None:
            self.f, self.s = ctx.sma(self.fast), ctx.sma(self.slow)
            ctx.only_when(self.f.crosses(self.s))

        def on_candle(self, ctx) -> None:
            if self.f.crossed_above(self.s):
                ctx.target(1.0)
            elif self.f.crossed_below(self.s):
                ctx.target(0)

    times = [number * _HOUR for number in range(CANDLES)]
    candles = Candles(times, opens, highs, lows, closes, [1.0] * CANDLES)
    (setup,) = set_up(SmaCross)
    instrument = Instrument(
        symbol="BTC/USDT",
        base="BTC",
        quote="USDT",
        quantity_step=Decimal("1E-12"),
        price_tick=Decimal("0.01"),
    )
    fee = Decimal(str(FEE))
    terms = Terms({"BTC/USDT": instrument}, Decimal(1_000_000), Costs(fee, fee))
    axes = [axis_of(SmaCross, "fast=10:40:10"), axis_of(SmaCross, "slow=30:190:40")]
    span = Span(0, CANDLES * _HOUR)
    tasks = [Task(span, each) for each in every_combination(SmaCross, axes, [])]
    indicators = sum(len(axis.values) for axis in axes)
    return (lambda: Trials(setup, {"BTC/USDT": candles}, terms)), tasks, indicators


def _walk():
    """Prices in 64ths, whose sums floats hold exactly, so that both see the same crossings."""
    from itertools import pairwise
    from random import Random

    dice = Random(7)  # noqa: S311 - prices are no secret
    closes = [60_000.0]
    for _ in range(CANDLES):
        closes.append(round(closes[-1] * (1 + dice.gauss(0, 0.004)) * 64) / 64)
    opens, ends = closes[:-1], closes[1:]
    highs = [max(pair) for pair in pairwise(closes)]
    lows = [min(pair) for pair in pairwise(closes)]
    return opens, highs, lows, ends


def _seconds(work) -> float:
    start = process_time()
    work()
    return process_time() - start
