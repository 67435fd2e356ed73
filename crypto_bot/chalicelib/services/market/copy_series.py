"""[time series] -> another place that only looks at it: what failed is copied again, or told.

The time series never waits for its copy. Each day kept after one that could not be copied
remembers that one, and the next load begins there.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import KeptDay, SeriesDay
from chalicelib.market_ports.series import SeriesCopy

_UNCOPIED: Final = "uncopied"


class Copying:
    """Of all series of one load. After the first time that the copy does not answer, no more."""

    def __init__(self, copy: SeriesCopy | None) -> None:
        self._copy = copy
        self._trouble = ""
        self._missing: dict[CandleSeries, date] = {}
        self._refused: dict[CandleSeries, tuple[int, str]] = {}

    def missing_since(self, kept: KeptDay) -> date | None:
        """The first day that was not copied, as the last one kept remembers it."""
        day = kept.began.get(_UNCOPIED)
        return date.fromisoformat(day) if day and self._copy else None

    def remembered(self, series: CandleSeries) -> Mapping[str, Any]:
        """What the next day has to keep for it."""
        missing = self._missing.get(series)
        return {_UNCOPIED: str(missing)} if missing else {}

    def write(self, series: CandleSeries, day: SeriesDay) -> None:
        """As far as the copy takes it."""
        if self._copy is None or not day.rows:
            return
        if not self._trouble:
            try:
                refused = self._copy.write(series, day.rows)
            except StoreUnavailable as error:
                self._trouble = str(error)
            else:
                if refused:
                    count, example = self._refused.get(series, (0, refused.example))
                    self._refused[series] = (count + refused.rows, example)
                return
        self._missing.setdefault(series, day.kept.day)

    def told(self, series: CandleSeries) -> str:
        """What the owner has to know, as a sentence; '' where everything was copied."""
        if series in self._missing:
            day = self._missing[series]
            return f"rows from {day} on are not copied, and will be tried again: {self._trouble}"
        if self._copy is None or series not in self._refused:
            return ""
        count, example = self._refused[series]
        return f"{self._copy.name} refused {count} rows for good, such as that of {example}"
