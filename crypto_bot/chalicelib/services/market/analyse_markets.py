"""[time series] -> a venue's instruments against each other -> [analyses].

As of the end of the last day that any of them has; to do it again changes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.domain.market.analysis import Analysis
from chalicelib.domain.market.analytics import correlations, momentum, ranked, volatility
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.derived import RETURN
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import SeriesRow
from chalicelib.market_ports.series import Analyses, TimeSeries

COMPARED_DAYS: Final = 30
_MOMENTUM_DAYS: Final = (7, 30)
_DAY: Final = timedelta(days=1)


def analyse_markets(
    instruments: Iterable[tuple[str, str]], store: TimeSeries, analyses: Analyses
) -> list[Analysis]:
    """One per venue; those of which no day is loaded are left out."""
    venues: dict[str, list[str]] = {}
    for venue, symbol in sorted(set(instruments)):
        venues.setdefault(venue, []).append(symbol)
    found = [_compared(venue, symbols, store) for venue, symbols in venues.items()]
    made = [analysis for analysis in found if analysis is not None]
    analyses.add(made)
    return made


def _compared(venue: str, symbols: Iterable[str], store: TimeSeries) -> Analysis | None:
    series = {symbol: CandleSeries(venue, symbol, Interval.D1) for symbol in symbols}
    lasts = [kept.day for kept in map(store.last, series.values()) if kept is not None]
    if not lasts:
        return None
    newest = max(lasts)
    end = datetime(newest.year, newest.month, newest.day, tzinfo=UTC) + _DAY
    start = end - (COMPARED_DAYS + 1) * _DAY
    rows = {symbol: store.read(name, start, end) for symbol, name in series.items()}
    # One that has not come so far would be compared over other days than the rest.
    current = {s: held for s, held in rows.items() if held and held[-1].candle.start + _DAY == end}
    return Analysis(venue, end, _figures(current)) if current else None


def _figures(rows: Mapping[str, list[SeriesRow]]) -> dict[str, Any]:
    changes = {symbol: _changes(held) for symbol, held in rows.items()}
    closes = {
        symbol: {row.candle.start.toordinal(): float(row.candle.close) for row in held}
        for symbol, held in rows.items()
    }
    ranks = {
        f"momentum_{days}d": ranked({s: momentum(held, days) for s, held in closes.items()})
        for days in _MOMENTUM_DAYS
    }
    calm = {symbol: volatility(list(held.values())) for symbol, held in changes.items()}
    last = [list(held.values())[-1] for held in changes.values() if held]
    return {
        "instruments": len(rows),
        "rising": round(sum(change > 0 for change in last) / len(last), 4) if last else None,
        "rank": {**ranks, "volatility": ranked(calm)},
        "correlation": {
            one: {other: _rounded(value) for other, value in others.items()}
            for one, others in correlations(changes).items()
        },
    }


def _changes(rows: Iterable[SeriesRow]) -> dict[int, float]:
    changes = {row.candle.start.toordinal(): row.derived[RETURN] for row in rows}
    return {day: change for day, change in changes.items() if change is not None}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
