"""One backtest as a page draws it: JSON in columns, thinned to what a screen can show.

Times in columns are ms since 1970, in rows ISO 8601 in UTC; money in rows is text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import ceil
from typing import Any, Final

from chalicelib.domain.bots.backtest_report import BacktestReport
from chalicelib.domain.bots.candles import Candles, moment
from chalicelib.domain.bots.context import Plot
from chalicelib.domain.bots.paper_ledger import PaperFill
from chalicelib.domain.bots.report_document import document
from chalicelib.domain.money import plain
from chalicelib.reports.thinning import merged, stretches

SCHEMA: Final = 1
_POINTS: Final = 1_500
_CANDLES: Final = 3_000
_INSTRUMENTS: Final = 8
_CURVES: Final = 24
_ROWS: Final = 500


def backtest_chart(report: BacktestReport) -> dict[str, Any]:
    """The newest rows where there are too many; the numbers of all of them are beside."""
    test, whole = report.test, document(report)
    counts = Counter((denied.symbol, denied.code) for denied in test.denied)
    return {
        "schema": SCHEMA,
        **{name: whole[name] for name in _TAKEN},
        "missing": test.missing,
        "equity": _equity(report),
        "instruments": {
            symbol: _instrument(report, symbol) for symbol in list(report.candles)[:_INSTRUMENTS]
        },
        "trades": whole["trades"][-_ROWS:],
        "trades_in_all": len(test.round_trips),
        "fills_in_all": len(test.fills),
        "denied": [
            {"symbol": symbol, "code": code, "orders": count}
            for (symbol, code), count in counts.most_common()
        ],
        "logs": [
            {"at": f"{moment(line.at):%Y-%m-%dT%H:%M:%SZ}", "text": line.text}
            for line in test.logs[-_ROWS:]
        ],
    }


_TAKEN: Final = (
    *("bot", "parameters", "venue", "interval", "candles", "terms", "assumptions", "summary"),
    *("positions", "months"),
)


def _equity(report: BacktestReport) -> Mapping[str, list[Any]]:
    """Of each stretch its lowest and its highest, so that no drawdown is smoothed away."""
    start, equity = report.test.start, report.test.equity
    cash = float(report.terms.cash)
    peaks = list(accumulate(equity, max, initial=cash))[1:]
    places = _places(equity)
    return {
        "at": [start[place] for place in places],
        "equity": [_short(equity[place]) for place in places],
        "benchmark": [_short(cash * report.benchmark[place]) for place in places],
        "drawdown": [round(equity[place] / peaks[place] - 1, 6) for place in places],
    }


def _places(values: Sequence[float]) -> list[int]:
    size = max(1, ceil(2 * len(values) / _POINTS))
    found = {0, len(values) - 1}
    for first in range(0, len(values), size):
        stretch = range(first, min(first + size, len(values)))
        found |= {min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)}
    return sorted(found)


def _instrument(report: BacktestReport, symbol: str) -> Mapping[str, Any]:
    candles = report.candles[symbol]
    drawn, size = merged(candles, _CANDLES)
    fills = [fill for fill in report.test.fills if fill.symbol == symbol]
    others = [other for other in report.candles if other != symbol]
    plots = [p for p in report.test.plots if not any(p.name.startswith(f"{o} ") for o in others)]
    return {
        "candles_each": size,
        "at": [each.start for each in drawn],
        "open": [each.open for each in drawn],
        "high": [each.high for each in drawn],
        "low": [each.low for each in drawn],
        "close": [each.close for each in drawn],
        "volume": _volumes(candles, size),
        "fills": [_fill(fill) for fill in fills[-_ROWS:]],
        "curves": [_curve(plot) for plot in plots[:_CURVES]],
    }


def _volumes(candles: Candles, size: int) -> list[float]:
    volumes = candles.volume
    return [_short(sum(volumes[first : first + size])) for first in range(0, len(volumes), size)]


def _fill(fill: PaperFill) -> Mapping[str, Any]:
    return {
        "at": fill.at,
        "side": fill.side.value,
        "price": float(fill.price),
        "words": f"{plain(fill.quantity)} at {plain(fill.price)}",
    }


def _curve(plot: Plot) -> Mapping[str, Any]:
    """A hole in the curve is a point without a value."""
    points: list[tuple[int, float | None]] = []
    for part in stretches(plot.start, plot.values, _CANDLES):
        if points:
            points.append((part[0][0] - 1, None))
        points += part
    return {
        "name": plot.name,
        "panel": plot.panel,
        "at": [at for at, _ in points],
        "values": _shortened(value for _, value in points),
    }


def _shortened(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else _short(value) for value in values]


def _short(value: float) -> float:
    return float(f"{value:.10g}")
