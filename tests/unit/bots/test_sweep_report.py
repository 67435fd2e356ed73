"""A sweep's report: the whole document as JSON has it, and what all windows come to together."""

import json
from collections.abc import Sequence
from decimal import Decimal
from math import sqrt
from statistics import NormalDist
from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots import Bot, Param
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.fill_model import ASSUMPTIONS, Costs
from chalicelib.domain.bots.sweep_figures import Figures
from chalicelib.domain.bots.sweep_grid import Axis, Condition
from chalicelib.domain.bots.sweep_ranking import HeatMap
from chalicelib.domain.bots.sweep_report import (
    Choice,
    Pair,
    Question,
    SweepReport,
    deflated,
    sweep_document,
)
from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.domain.bots.sweep_windows import Span, Window
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, instrument

DAY = 24 * HOUR
YEAR = 1_767_225_600_000  # 2026-01-01 00:00 UTC
FAST, SLOW = Axis("fast", (3, 5)), Axis("slow", (8, 13, 21))


class Cross(Bot):
    instruments: ClassVar[Sequence[str]] = (BTC, ETH)
    interval = "1h"
    together = True
    fast = Param(3, 2, 30)
    slow = Param(8, 3, 90)

    def on_candle(self, ctx: Any) -> None: ...


def window(day: int) -> Window:
    """Three days from this one of the year on, and the half after them."""
    borders = [YEAR + int(since * DAY) for since in (day, day + 3, day + 3.5)]
    return Window(Span(*borders[:2]), Span(*borders[1:]))


def pair(fast: float, inside: Figures, outside: Figures) -> Pair:
    return Pair({"fast": fast, "slow": 8}, inside, outside)


def choice(
    inside: float | None, outside: Figures, returns: list[float], *others: Pair, day: int = 0
) -> Choice:
    """`inside` is the chosen one's ratio."""
    best = [pair(3, {"sharpe": inside, "total_return": 0.5}, outside), *others]
    return Choice(window(day), 6 + day, best, 0.25 if day else None, returns)


def report(*choices: Choice, heat: HeatMap | None = None) -> SweepReport:
    (setup,) = set_up(Cross)
    question = Question(
        setup=setup,
        venue="kraken",
        axes=[FAST, SLOW],
        conditions=[Condition("fast", "<", "slow"), Condition("slow", ">=", 8.5)],
        drawn=4,
        metric="calmar",
        combinations=[{"fast": 3, "slow": 8}],
        windows=[each.window for each in choices],
    )
    terms = Terms(
        {symbol: instrument(symbol) for symbol in (BTC, ETH)},
        Decimal("1000.50"),
        Costs(Decimal("0.0010"), Decimal("0.002"), Decimal("1.5")),
    )
    return SweepReport(
        question=question,
        terms=terms,
        candles={BTC: candles((1,), (2,), (3,)), ETH: candles((1,), (2,))},
        choices=list(choices),
        resumed=2,
        heat=heat,
        failed={"Cross.start: ValueError: thirteen": 2},
    )


def test_the_document_is_all_of_it() -> None:
    failed = pair(5, {"sharpe": None}, {})
    told = sweep_document(
        report(
            choice(2.0, {"sharpe": 3.0, "total_return": 0.1}, [0.01, 0.03], failed),
            choice(4.0, {"sharpe": None, "total_return": -0.05}, [0.02], day=5),
            heat=HeatMap("calmar", SLOW, FAST, [[0.5, None, 1.5], [None, 0.0, -1.0]]),
        )
    )
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told == {
        "schema": 1,
        "bot": "Cross",
        "venue": "kraken",
        "instruments": [BTC, ETH],
        "interval": "1h",
        "candles": {BTC: 3, ETH: 2},
        "metric": "calmar",
        "axes": {"fast": [3, 5], "slow": [8, 13, 21]},
        "conditions": ["fast<slow", "slow>=8.5"],
        "drawn": 4,
        "terms": {
            "cash": "1000.5",
            "maker_fee": "0.001",
            "taker_fee": "0.002",
            "slippage_bps": "1.5",
        },
        "assumptions": dict(ASSUMPTIONS),
        "trials": 17,
        "failed": {"Cross.start: ValueError: thirteen": 2},
        "windows": [
            {
                "in_sample": {"since": "2026-01-01T00:00:00Z", "until": "2026-01-04T00:00:00Z"},
                "out_of_sample": {"since": "2026-01-04T00:00:00Z", "until": "2026-01-04T12:00:00Z"},
                "trials": 6,
                "deflated_sharpe": None,
                "best": [
                    {
                        "parameters": {"fast": 3, "slow": 8},
                        "in_sample": {"sharpe": 2.0, "total_return": 0.5},
                        "out_of_sample": {"sharpe": 3.0, "total_return": 0.1},
                    },
                    {
                        "parameters": {"fast": 5, "slow": 8},
                        "in_sample": {"sharpe": None},
                        "out_of_sample": None,
                    },
                ],
            },
            {
                "in_sample": {"since": "2026-01-06T00:00:00Z", "until": "2026-01-09T00:00:00Z"},
                "out_of_sample": {"since": "2026-01-09T00:00:00Z", "until": "2026-01-09T12:00:00Z"},
                "trials": 11,
                "deflated_sharpe": 0.25,
                "best": [
                    {
                        "parameters": {"fast": 3, "slow": 8},
                        "in_sample": {"sharpe": 4.0, "total_return": 0.5},
                        "out_of_sample": {"sharpe": None, "total_return": -0.05},
                    }
                ],
            },
        ],
        # Daily returns of 1, 3 and 2 %; 1.1 * 0.95.
        "out_of_sample": {
            "sharpe": pytest.approx(2 * sqrt(365)),
            "total_return": pytest.approx(0.045),
        },
        "warning": "",
        "heat_map": {
            "metric": "calmar",
            "across": {"name": "slow", "values": [8, 13, 21]},
            "down": {"name": "fast", "values": [3, 5]},
            "cells": [[0.5, None, 1.5], [None, 0.0, -1.0]],
        },
    }


def test_without_two_axes_there_is_no_map() -> None:
    assert sweep_document(report(choice(2.0, {}, [])))["heat_map"] is None


def test_one_window_is_judged_by_its_own_figures() -> None:
    told = report(choice(2.0, {"sharpe": 0.5, "total_return": 0.5}, [0.01, 0.03, 0.02]))
    assert told.warning == (
        "The Sharpe ratio is 2.00 on the candles that the parameters were chosen on; on those after"
        " them it is 0.50: what was found is more likely luck than merit."
    )
    assert report(choice(2.0, {"sharpe": 1.5}, [0.01, -0.03])).warning == ""


def test_several_are_judged_by_all_that_came_after_them() -> None:
    # On average 30 was promised, and 38.21 were kept; in each window alone it was next to nothing.
    halves = [choice(ratio, {"sharpe": 0.1}, [0.01, 0.03, 0.02]) for ratio in (20.0, 40.0)]
    halves[1] = halves[1]._replace(outside_returns=[])
    kept = report(*halves)
    assert kept.outside_sharpe == pytest.approx(38.21, abs=0.005)
    assert kept.warning == ""
    # Of a window whose chosen one has no ratio, none is promised.
    lost = report(
        choice(None, {}, []),
        choice(90.0, {"sharpe": 90.0}, [0.01, 0.03]),
        choice(70.0, {"sharpe": 90.0}, [0.02]),
    )
    assert lost.warning == (
        "The Sharpe ratio is 80.00 on the candles that the parameters were chosen on; on those"
        " after them it is 38.21: what was found is more likely luck than merit."
    )
    nothing = report(choice(None, {"sharpe": 1.0}, []), choice(None, {"sharpe": 1.0}, []))
    assert nothing.outside_sharpe is None
    assert nothing.warning == (
        "Even the best combination gained nothing on the candles that it was chosen on: none of"
        " them is worth trading."
    )


def test_a_window_that_failed_afterwards_has_gained_nothing() -> None:
    told = report(
        choice(2.0, {"total_return": 0.5}, []),
        choice(2.0, {}, []),
        choice(2.0, {"total_return": None}, []),
        choice(2.0, {"total_return": -0.5}, []),
    )
    assert told.outside_return == pytest.approx(-0.25)
    assert (told.trials, told.choices[1].chosen.outside) == (24, {})


def test_what_is_deflated_counts_every_trial() -> None:
    """Ratios are those of days, and one that never traded was tried, too."""
    returns = [0.01, 0.03]
    figures: list[Figures] = [
        *({"sharpe": daily * sqrt(365)} for daily in (0.1, 0.3)),
        *({"sharpe": None}, {}),
    ]
    task = Task(Span(0, 1), {"fast": 3})
    tried = [Trial(task, each, 1, "") for each in figures]
    normal, euler, e = NormalDist(), 0.5772156649015329, 2.718281828459045
    best = sqrt(0.02) * (
        (1 - euler) * normal.inv_cdf(1 - 1 / 4) + euler * normal.inv_cdf(1 - 1 / (4 * e))
    )
    # Of two returns the kurtosis is 1 and the skewness 0: nothing but the ratios is left.
    expected = normal.cdf(sqrt(2) - best)
    assert deflated(returns, tried) == pytest.approx(expected)
    assert 0.5 < expected < 0.95
