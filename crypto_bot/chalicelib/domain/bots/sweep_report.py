"""What a sweep has found: the best of each window, inside and outside of what it was chosen on."""

from collections.abc import Mapping, Sequence
from math import prod, sqrt
from statistics import fmean
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.candles import Candles, moment
from chalicelib.domain.bots.deflated_sharpe import deflated_sharpe
from chalicelib.domain.bots.fill_model import ASSUMPTIONS
from chalicelib.domain.bots.metrics import sharpe_of
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.sweep_figures import Figures
from chalicelib.domain.bots.sweep_grid import Axis, Combination, Condition
from chalicelib.domain.bots.sweep_ranking import HeatMap, collapse
from chalicelib.domain.bots.sweep_trial import Trial
from chalicelib.domain.bots.sweep_windows import Span, Window
from chalicelib.domain.money import plain

SCHEMA: Final = 1
_YEAR: Final = 365


class Question(NamedTuple):
    """What is asked of a sweep. `setup` has the bot's defaults; a whole grid is not `drawn`."""

    setup: Setup
    venue: str
    axes: Sequence[Axis]
    conditions: Sequence[Condition]
    drawn: int | None
    metric: str
    combinations: Sequence[Combination]
    windows: Sequence[Window]


class Pair(NamedTuple):
    """One combination, where it was chosen and afterwards; `outside` is empty where it failed."""

    parameters: Combination
    inside: Figures
    outside: Figures


class Choice(NamedTuple):
    """Of one window: its `best`, the chosen one first. `trials` says how many it is the best of."""

    window: Window
    trials: int
    best: list[Pair]
    deflated: float | None
    outside_returns: list[float]

    @property
    def chosen(self) -> Pair:
        """The best in-sample."""
        return self.best[0]


class SweepReport(NamedTuple):
    """`failed` has what went wrong, by its sentence how often; `resumed` were known from before."""

    question: Question
    terms: Terms
    candles: Mapping[str, Candles]
    choices: list[Choice]
    resumed: int
    heat: HeatMap | None
    failed: Mapping[str, int]

    @property
    def trials(self) -> int:
        """In-sample, of all windows and of earlier sweeps on the same."""
        return sum(choice.trials for choice in self.choices)

    @property
    def warning(self) -> str:
        """Of the whole out-of-sample time, where it is no good; else nothing."""
        if len(self.choices) == 1:
            chosen = self.choices[0].chosen
            return collapse(chosen.inside, chosen.outside)
        ratios = [choice.chosen.inside.get("sharpe") for choice in self.choices]
        known = [ratio for ratio in ratios if ratio is not None]
        promised = fmean(known) if known else None
        return collapse({"sharpe": promised}, {"sharpe": self.outside_sharpe})

    @property
    def outside_sharpe(self) -> float | None:
        """Of the daily returns of all out-of-sample parts, one after the other."""
        return sharpe_of([value for choice in self.choices for value in choice.outside_returns])

    @property
    def outside_return(self) -> float:
        """As if each window had gone on with the cash of the one before."""
        return prod(1 + (c.chosen.outside.get("total_return") or 0.0) for c in self.choices) - 1


def deflated(returns: Sequence[float], tried: Sequence[Trial]) -> float | None:
    """Of the chosen one's daily returns, by all that were tried on the same candles."""
    ratios = [trial.figures.get("sharpe") for trial in tried]
    daily = [ratio / sqrt(_YEAR) for ratio in ratios if ratio is not None]
    return deflated_sharpe(returns, daily, len(tried))


def sweep_document(report: SweepReport) -> dict[str, Any]:
    """As JSON has it; amounts are texts, times UTC, fractions numbers, what is undefined null."""
    question, terms = report.question, report.terms
    return {
        "schema": SCHEMA,
        "bot": question.setup.name,
        "venue": question.venue,
        "instruments": list(question.setup.instruments),
        "interval": str(question.setup.interval),
        "candles": {symbol: len(series.start) for symbol, series in report.candles.items()},
        "metric": question.metric,
        "axes": {axis.name: list(axis.values) for axis in question.axes},
        "conditions": [str(condition) for condition in question.conditions],
        "drawn": question.drawn,
        "terms": {
            "cash": plain(terms.cash),
            "maker_fee": plain(terms.costs.maker_fee),
            "taker_fee": plain(terms.costs.taker_fee),
            "slippage_bps": plain(terms.costs.slippage_bps),
        },
        "assumptions": dict(ASSUMPTIONS),
        "trials": report.trials,
        "failed": dict(report.failed),
        "windows": [_choice(choice) for choice in report.choices],
        "out_of_sample": {
            "sharpe": report.outside_sharpe,
            "total_return": report.outside_return,
        },
        "warning": report.warning,
        "heat_map": None if report.heat is None else _heat(report.heat),
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "in_sample": _span(choice.window.inside),
        "out_of_sample": _span(choice.window.outside),
        "trials": choice.trials,
        "deflated_sharpe": choice.deflated,
        "best": [
            {
                "parameters": dict(pair.parameters),
                "in_sample": dict(pair.inside),
                "out_of_sample": dict(pair.outside) or None,
            }
            for pair in choice.best
        ],
    }


def _heat(heat: HeatMap) -> dict[str, Any]:
    return {
        "metric": heat.metric,
        "across": {"name": heat.across.name, "values": list(heat.across.values)},
        "down": {"name": heat.down.name, "values": list(heat.down.values)},
        "cells": heat.cells,
    }


def _span(span: Span) -> dict[str, str]:
    return {
        name: moment(at).isoformat().replace("+00:00", "Z")
        for name, at in zip(("since", "until"), span, strict=True)
    }
