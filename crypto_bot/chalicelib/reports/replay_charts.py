"""Equity under each policy, how far below its best one was, and each strategy's part of it."""

from collections.abc import Mapping, Sequence
from typing import Final

from chalicelib.domain.replay.result import PolicyResult
from chalicelib.reports import chart
from chalicelib.reports.equity_charts import drawdowns
from chalicelib.reports.figures import axis, percent
from chalicelib.reports.markup import text
from chalicelib.reports.style import CURVES
from chalicelib.reports.thinning import stretches

_MOST_POINTS: Final = 800
_TOP: Final = 8.0
_HIGH: Final = 300.0
_FLAT: Final = 130.0


def equity_chart(results: Sequence[PolicyResult]) -> str:
    """All policies over each other."""
    return _curves(
        "Equity by policy",
        results[0].curves.at,
        {result.policy: result.curves.equity for result in results},
    )


def profit_chart(result: PolicyResult) -> str:
    """What each strategy has won by then, after fees."""
    return _curves("Profit by strategy", result.curves.at, result.curves.profit)


def drawdown_chart(result: PolicyResult, cash: float) -> str:
    """As a fraction of the highest equity before."""
    at = result.curves.at
    depths = drawdowns(result.curves.equity, cash)
    drawn = stretches(at, depths, _MOST_POINTS)
    frame = chart.box(at[0], at[-1], [0.0, min(depths)], top=_TOP, height=_FLAT, margin=0.03)
    parts = (
        chart.grid(frame, percent),
        chart.area(frame, drawn, "down-area", foot=0.0),
        chart.line(frame, drawn, "depth"),
        chart.times(frame),
    )
    return chart.picture(chart.foot_of(frame), "Drawdown", parts)


def legend(names: Sequence[str]) -> str:
    """In the colours of the curves."""
    marks = "".join(
        f'<li><i style="color:var(--{_colour(number)})"></i>{text(name)}</li>'
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{marks}</ul>'


def _curves(title: str, at: Sequence[int], columns: Mapping[str, Sequence[float]]) -> str:
    drawn = [stretches(at, column, _MOST_POINTS) for column in columns.values()]
    values = [value for parts in drawn for part in parts for _, value in part]
    frame = chart.box(at[0], at[-1], values, top=_TOP, height=_HIGH)
    lines = [
        chart.line(frame, parts, f"curve{number % CURVES + 1}")
        for number, parts in enumerate(drawn)
    ]
    return chart.picture(
        chart.foot_of(frame), title, (chart.grid(frame, axis), *lines, chart.times(frame))
    )


def _colour(number: int) -> str:
    place = number % CURVES + 1
    return "brand" if place == 1 else f"curve{place}"
