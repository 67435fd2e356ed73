"""[lake of candles] -> what there is in it to try a bot on, and of which time."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.market_ports.candles import CandleLake
from chalicelib.ports.workers import Workers

_AT_ONCE: Final = 8


def list_series(lake: CandleLake, workers: Workers) -> list[dict[str, Any]]:
    """Each series with candles, as a page has it: `first` and `last` are when those begin."""
    looks: list[Callable[[], list[dict[str, Any]]]] = [
        partial(_row, lake, series) for series in lake.series()
    ]
    return [row for rows in workers.run_all(looks, _AT_ONCE) for row in rows]


def _row(lake: CandleLake, series: CandleSeries) -> list[dict[str, Any]]:
    first, last = lake.first(series), lake.last(series)
    if first is None or last is None:
        return []
    return [
        {
            "venue": series.venue,
            "symbol": series.symbol,
            "interval": series.interval.value,
            "first": f"{first.start:%Y-%m-%dT%H:%M:%SZ}",
            "last": f"{last.start:%Y-%m-%dT%H:%M:%SZ}",
        }
    ]
