"""One combination of parameters on a part of the candles: its figures, and no report.

Indicators are computed once for all combinations that declare the same.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from chalicelib.domain.bots.backtest import Backtest, BacktestRun, Terms
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.metrics import daily_returns
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.sweep_figures import (
    Course,
    Figures,
    course,
    figures_along,
    figures_of,
)
from chalicelib.domain.bots.sweep_grid import Combination
from chalicelib.domain.bots.sweep_windows import Span, cut, starts_of
from chalicelib.domain.bots.tracks import Column, Shared
from chalicelib.domain.bots.views import Views

MOST_KEPT: Final = 10_000_000  # values of indicators: some 320 MB, and 80 more as packed


class Task(NamedTuple):
    """What is to be tried on what."""

    span: Span
    parameters: Combination


class Trial(NamedTuple):
    """`figures` is empty where the bot stopped; `trouble` then says why."""

    task: Task
    figures: Figures
    fills: int
    trouble: str


class Trials:
    """What all trials of a sweep have in common: the bot with its defaults, candles and terms."""

    def __init__(
        self,
        setup: Setup,
        candles: Mapping[str, Candles],
        terms: Terms,
        views: Views | None = None,
        most_kept: int = MOST_KEPT,
    ) -> None:
        self.setup: Final = setup
        self.candles: Final = candles
        self.terms: Final = terms
        self.views: Final = views
        self._most_kept = most_kept
        self._starts = starts_of(candles)
        self._part: _Part | None = None

    def run(self, task: Task) -> Trial:
        """What the bot does wrong with these parameters is told, not raised."""
        cash = float(self.terms.cash)
        try:
            part, run = self._run(task)
            run.session.state()  # refused here as where it runs live
        except (BotFailed, BotRefused) as error:
            return Trial(task, {}, 0, str(error))
        if part.along is None:
            test = _since(run.result(), task.span)
            return Trial(task, figures_of(test, cash), len(test.fills), "")
        figures = figures_along(part.along, run.desk, cash)
        return Trial(task, figures, len(run.desk.ledger.fills), "")

    def returns(self, task: Task) -> list[float]:
        """By the day."""
        _, run = self._run(task)
        test = _since(run.result(), task.span)
        return daily_returns(test.start, test.equity, float(self.terms.cash))

    def _run(self, task: Task) -> "tuple[_Part, BacktestRun]":
        part = self._part
        if part is None or part.span != task.span:
            part = self._part = self._part_of(task.span)
        setup = self.setup._replace(parameters=task.parameters)
        run = BacktestRun(setup, self.terms, self.views)
        run.feed(part.candles, part.shared)
        return part, run

    def _part_of(self, span: Span) -> "_Part":
        candles = cut(self.candles, self._starts, span, self.setup.bot.warmup)
        along = None
        if not self.setup.bot.together:
            (series,) = candles.values()
            first = bisect_left(series.start, span.since)
            along = course(series.start[first:], series.close[first:])
        return _Part(span, candles, along, KeptColumns(self._most_kept))


class _Part(NamedTuple):
    span: Span
    candles: Mapping[str, Candles]
    along: Course | None  # a portfolio has none
    shared: Shared


def _since(test: Backtest, span: Span) -> Backtest:
    """Without the candles that only warmed it up."""
    first = bisect_left(test.start, span.since)
    return test._replace(start=test.start[first:], equity=test.equity[first:])


class KeptColumns(Shared):
    """Indicators of earlier trials; the oldest go when they are too many to be held."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        super().__init__()
        self._most = most
        self._held = 0

    def __setitem__(self, key: tuple[str, str], columns: list[Column]) -> None:
        self._held += _values(columns)
        super().__setitem__(key, columns)
        while self._held > self._most and len(self) > 1:
            self._held -= _values(self.drop(next(iter(self))))


def _values(columns: Sequence[Column]) -> int:
    return sum(map(len, columns))
