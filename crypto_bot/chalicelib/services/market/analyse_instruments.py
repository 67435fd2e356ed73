"""[time series] and [minute summaries] -> what is known of each instrument -> [analyses].

As of the end of the last candle or minute, never of now: to do it again changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import fsum, sqrt
from typing import Any, Final

from chalicelib.domain.market.analysis import VOLATILITY_DAY, Analysis, instrument_subject
from chalicelib.domain.market.analytics import foretold, imbalance, momentum, spread, volatility
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.derived import RETURN
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import MINUTE, MINUTE_MS
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.domain.market.series_day import SeriesRow
from chalicelib.market_ports.series import Analyses, TimeSeries
from chalicelib.market_ports.trades import TradeFlowTable

MOMENTUM_DAYS: Final = (7, 30, 90)
VOLATILITY_DAYS: Final = 30
AHEAD: Final = (1, 2, 3, 4, 5)
FLOW_MINUTES: Final = 1440
_SHOWN: Final = (Interval.H1, Interval.D1)
_DAY: Final = timedelta(days=1)
_YEAR: Final = 365
# Trades may go on where candles do not: how an instrument moved long ago is no news to size by.
_RECENT: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysing:
    """`flow_venue` is where the trades of `flows` are from; its symbols have no slash there.

    Without `flows` nothing is said about them.
    """

    store: TimeSeries
    flows: TradeFlowTable | None
    flow_venue: str
    analyses: Analyses


def analyse_instruments(instruments: Iterable[tuple[str, str]], work: Analysing) -> list[Analysis]:
    """By venue and symbol; those of which nothing is loaded are left out."""
    found = [_analysed(venue, symbol, work) for venue, symbol in instruments]
    made = [analysis for analysis in found if analysis is not None]
    work.analyses.add(made)
    return made


def newest_rows(series: CandleSeries, store: TimeSeries, stretch: timedelta) -> list[SeriesRow]:
    """Those of the last `stretch`, up to the last day that is loaded."""
    last = store.last(series)
    if last is None:
        return []
    end = datetime(last.day.year, last.day.month, last.day.day, tzinfo=UTC) + _DAY
    return store.read(series, end - stretch, end)


def closes_by_day(rows: Iterable[SeriesRow]) -> dict[int, float]:
    """By the number of the day."""
    return {row.candle.start.toordinal(): float(row.candle.close) for row in rows}


def _analysed(venue: str, symbol: str, work: Analysing) -> Analysis | None:
    figures: dict[str, Any] = {}
    ends: list[datetime] = []
    by_day: list[SeriesRow] = []
    for interval in _SHOWN:
        series = CandleSeries(venue, symbol, interval)
        days = max(MOMENTUM_DAYS) + 1 if interval is Interval.D1 else 1
        rows = newest_rows(series, work.store, timedelta(days=days))
        if rows:
            ends.append(rows[-1].candle.start + interval.length)
            figures[str(interval)] = dict(rows[-1].derived)
            if interval is Interval.D1:
                by_day = rows
    summaries = _newest_summaries(venue, symbol, work)
    if summaries:
        ends.append(summaries[0].minute.start + MINUTE)
    if not ends:
        return None
    at = max(ends)
    if by_day and at - (by_day[-1].candle.start + _DAY) <= _RECENT:
        figures |= _of_days(by_day)
    if summaries:
        figures["flow"] = _of_flow(summaries, _minute_closes(venue, symbol, summaries, work))
    return Analysis(instrument_subject(venue, symbol), at, figures)


def _newest_summaries(venue: str, symbol: str, work: Analysing) -> Sequence[MinuteSummary]:
    if work.flows is None or venue != work.flow_venue:
        return []
    return work.flows.newest(FLOW_MINUTES, symbol.replace("/", ""))


def _of_days(rows: Sequence[SeriesRow]) -> dict[str, float | None]:
    recent = [row.derived[RETURN] for row in rows[-VOLATILITY_DAYS:]]
    deviation = volatility([change for change in recent if change is not None])
    closes = closes_by_day(rows)
    return {
        "close": closes[max(closes)],
        VOLATILITY_DAY: _rounded(deviation),
        "volatility_year": _rounded(deviation and deviation * sqrt(_YEAR)),
        **{f"momentum_{days}d": _rounded(momentum(closes, days)) for days in MOMENTUM_DAYS},
    }


def _of_flow(
    summaries: Sequence[MinuteSummary], closes: Mapping[int, float]
) -> dict[str, float | None]:
    bought = fsum(float(summary.total_usd_b) for summary in summaries)
    sold = fsum(float(summary.total_usd_s) for summary in summaries)
    imbalances = {
        _number(s): imbalance(float(s.total_usd_b), float(s.total_usd_s)) for s in summaries
    }
    spreads = {_number(s): spread(_float(s.avg_b), _float(s.avg_s)) for s in summaries}
    figures: dict[str, float | None] = {
        "minutes": len(summaries),
        "imbalance": _rounded(imbalance(bought, sold)),
        "spread": _rounded(_mean([value for value in spreads.values() if value is not None])),
    }
    for ahead in AHEAD:
        figures[f"imbalance_foretells_{ahead}m"] = _rounded(foretold(imbalances, closes, ahead))
        figures[f"spread_foretells_{ahead}m"] = _rounded(foretold(spreads, closes, ahead))
    return figures


def _minute_closes(
    venue: str, symbol: str, summaries: Sequence[MinuteSummary], work: Analysing
) -> dict[int, float]:
    start, end = summaries[-1].minute.start, summaries[0].minute.start
    series = CandleSeries(venue, symbol, Interval.M1)
    rows = work.store.read(series, start, end + (max(AHEAD) + 1) * MINUTE)
    return {
        int(row.candle.start.timestamp() * 1000) // MINUTE_MS: float(row.candle.close)
        for row in rows
    }


def _number(summary: MinuteSummary) -> int:
    return summary.minute.start_ms // MINUTE_MS


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
