"""Equity beside the benchmark, and how far below its best the equity was."""

from collections.abc import Sequence
from itertools import accumulate

from chalicelib.domain.bots.backtest_report import BacktestReport
from chalicelib.reports import chart
from chalicelib.reports.figures import axis, percent
from chalicelib.reports.thinning import stretches

_MOST_POINTS = 1000
_TOP = 8.0
_HIGH = 300.0
_FLAT = 130.0


def equity_chart(report: BacktestReport) -> str:
    """At every candle's close."""
    start, cash = report.test.start, float(report.terms.cash)
    equity = stretches(start, report.test.equity, _MOST_POINTS)
    kept = stretches(start, [value * cash for value in report.benchmark], _MOST_POINTS)
    values = [value for part in (*equity, *kept) for _, value in part]
    frame = chart.box(start[0], start[-1], [*values, cash], top=_TOP, height=_HIGH)
    return chart.picture(
        chart.foot_of(frame),
        "Equity and buy and hold",
        (
            chart.grid(frame, axis),
            chart.area(frame, equity, "under", foot=frame.low),
            chart.line(frame, kept, "benchmark"),
            chart.line(frame, equity, "equity"),
            chart.times(frame),
        ),
    )


def drawdown_chart(report: BacktestReport) -> str:
    """As a fraction of the highest equity before."""
    start = report.test.start
    depths = drawdowns(report.test.equity, float(report.terms.cash))
    drawn = stretches(start, depths, _MOST_POINTS)
    frame = chart.box(start[0], start[-1], [0.0, min(depths)], top=_TOP, height=_FLAT, margin=0.03)
    return chart.picture(
        chart.foot_of(frame),
        "Drawdown",
        (
            chart.grid(frame, percent),
            chart.area(frame, drawn, "down-area", foot=0.0),
            chart.line(frame, drawn, "depth"),
            chart.times(frame),
        ),
    )


def drawdowns(equity: Sequence[float], cash: float) -> list[float]:
    """E / (highest E before) - 1 of each; the highest begins with the cash."""
    highest = list(accumulate(equity, max, initial=cash))[1:]
    return [value / most - 1 for value, most in zip(equity, highest, strict=True)]
