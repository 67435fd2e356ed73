"""Candles a second of a backtest: an SMA cross with orders, fills, equity and its averages' curves.

It says that it decides at crossings. Another one does not: it is asked at every candle, and plots a
curve of its own there. The reference is a bare loop of Python that does the sums of the same
strategy and nothing else, in the same run: where the ratio is as ever and the value is not, the
machine was busy.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from time import process_time

from tests.bench.figure import Figure, at_least, at_most

NAMES = ("engine", "engine_to_bare_loop", "engine_every_candle_to_bare_loop", "engine_import")

CANDLES = 130_708
ROUNDS = 7
FEE = 0.001
_MINUTE = 60_000
# What the engine is written with has to be loaded first, by any program: how long that takes is the
# machine's matter, and the reference. If the engine loads more than that, it says so.
_PROGRAM = """
import sys, time
started = time.process_time()
import array, bisect, datetime, decimal, enum, functools
import itertools, json, math, operator, re, typing
between = time.process_time()
standard = set(sys.modules)
import chalicelib.domain.bots.backtest, chalicelib.domain.bots.step
ended = time.process_time()
more = sorted(name for name in set(sys.modules) - standard if not name.startswith("chalicelib"))
print((ended - between) * 1000, (between - started) * 1000, *more)
"""


def figures(only: str | None) -> Iterator[Figure]:
    if only is None or only in NAMES[:3]:
        yield from _speed()
    if only in (None, "engine_import"):
        own, standard = _import_ms()
        yield at_most("engine_import", own, "ms", limit=20, reference=standard)


def _speed() -> Iterator[Figure]:
    """The least of several rounds of each, taken in turn."""
    times, opens, highs, lows, closes = _walk()
    at_crossings, always = _engine(times, opens, highs, lows, closes)
    loop, engine, slower = [], [], []
    for _ in range(ROUNDS):
        loop.append(_seconds(lambda: bare_loop(opens, closes)))
        engine.append(_seconds(at_crossings))
        slower.append(_seconds(always))
    expected_trades, expected = bare_loop(opens, closes)
    for trades, equity in (at_crossings(), always()):
        if trades != expected_trades or abs(equity / expected - 1) > 1e-6:  # of the same deals
            raise AssertionError(f"{trades} fills, {equity}; a loop: {expected_trades}, {expected}")
    bare = CANDLES / min(loop)
    value = CANDLES / min(engine)
    yield at_least("engine", value, "candles/s", limit=2_000_000, reference=bare)
    yield at_least("engine_to_bare_loop", value / bare, "times", limit=0.15, reference=1)
    ratio = min(loop) / min(slower)
    yield at_least("engine_every_candle_to_bare_loop", ratio, "times", limit=0.1, reference=1)


def _engine(times, opens, highs, lows, closes) -> list[Callable[[], tuple[int, float]]]:
    from decimal import Decimal

    from chalicelib.domain.bots import Bot, Param
    from chalicelib.domain.bots.backtest import Terms, backtest
    from chalicelib.domain.bots.bot import set_up
    from chalicelib.domain.bots.candles import Candles, check_candles
    from chalicelib.domain.bots.fill_model import Costs
    from chalicelib.domain.market.interval import Interval
    from chalicelib.domain.trading.instrument import Instrument

    class SmaCross(Bot):
        instruments = ("BTC/USDT",)
        interval = "1m"
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

    class EveryCandle(SmaCross):
        def start(self, ctx) -> None:
            self.f, self.s = ctx.sma(self.fast), ctx.sma(self.slow)

        def on_candle(self, ctx) -> None:
            ctx.plot("fast", self.f.value)
            super().on_candle(ctx)

    candles = Candles(times, opens, highs, lows, closes, [1.0] * CANDLES)
    check_candles("BTC/USDT", Interval.M1, candles)
    instrument = Instrument(
        symbol="BTC/USDT",
        base="BTC",
        quote="USDT",
        quantity_step=Decimal("1E-12"),
        price_tick=Decimal("0.01"),
    )
    fee = Decimal(str(FEE))
    terms = Terms({"BTC/USDT": instrument}, Decimal(1_000_000), Costs(fee, fee))

    def run(kind: type[Bot]) -> tuple[int, float]:
        (setup,) = set_up(kind)
        test = backtest(setup, {"BTC/USDT": candles}, terms)
        return len(test.fills), test.equity[-1]

    return [partial(run, SmaCross), partial(run, EveryCandle)]


def bare_loop(  # noqa: C901 - nothing is called, since a call would cost
    opens: list[float], closes: list[float]
) -> tuple[int, float]:
    """All in above, all out below, at the next open; equity at every close."""
    cash, held, trades = 1_000_000.0, 0.0, 0
    fast_sum = slow_sum = 0.0
    fast = slow = 0.0
    wanted: bool | None = None
    curve = []
    for index, close in enumerate(closes):
        if wanted is not None:
            price = opens[index]
            if wanted and not held:
                held = cash / (price * (1 + FEE))
                cash = 0.0
                trades += 1
            elif not wanted and held:
                cash = held * price * (1 - FEE)
                held = 0.0
                trades += 1
            wanted = None
        fast_sum += close - (closes[index - 10] if index >= 10 else 0.0)
        slow_sum += close - (closes[index - 30] if index >= 30 else 0.0)
        if index >= 29:
            before_fast, before_slow = fast, slow
            fast, slow = fast_sum / 10, slow_sum / 30
            if index >= 30:
                if fast > slow and before_fast <= before_slow:
                    wanted = True
                elif fast < slow and before_fast >= before_slow:
                    wanted = False
        curve.append(cash + held * close)
    return trades, curve[-1]


def _walk() -> tuple[list[int], list[float], list[float], list[float], list[float]]:
    """Prices in 64ths, whose sums floats hold exactly, so that both see the same crossings."""
    from random import Random

    dice = Random(7)  # noqa: S311 - prices are no secret
    closes = [60_000.0]
    for _ in range(CANDLES):
        closes.append(round(closes[-1] * (1 + dice.gauss(0, 0.0006)) * 64) / 64)
    opens, ends = closes[:-1], closes[1:]
    highs = [max(pair) for pair in pairwise(closes)]
    lows = [min(pair) for pair in pairwise(closes)]
    return [number * _MINUTE for number in range(CANDLES)], opens, highs, lows, ends


def _seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _import_ms() -> tuple[float, float]:
    """CPU that a fresh Python needs for the engine, and before it for the standard library's part.

    From compiled files, the least of several.
    """
    import subprocess
    import sys
    from pathlib import Path
    from tempfile import TemporaryDirectory

    project = Path(__file__).resolve().parents[2] / "crypto_bot"
    with TemporaryDirectory() as compiled:
        spent = [
            subprocess.run(
                [sys.executable, "-c", _PROGRAM],
                cwd=project,
                env={"PYTHONPYCACHEPREFIX": compiled},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            for _ in range(2 * ROUNDS)
        ]
    if len(spent[0]) > 2:
        raise AssertionError(f"the engine loads {', '.join(spent[0][2:])} too")
    own, standard = zip(*(map(float, each) for each in spent[1:]), strict=True)
    return min(own), min(standard)  # the first one compiled
