"""What the time series keeps: candles with what was derived from them, a day at a time.

A day belongs together: it is written as a whole, and where everything stood as it began is kept
with it, so that deriving can begin anew there and come to the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from chalicelib.domain.market.candle import Candle


class SeriesRow(NamedTuple):
    """`derived` by column; None where there is no value yet, or none that makes sense."""

    candle: Candle
    derived: Mapping[str, float | None]


class KeptDay(NamedTuple):
    """`began` is JSON: where everything stood before the first candle of the day (UTC)."""

    day: date
    began: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeriesDay:
    """A day with all the rows that start on it, oldest first. All have the same columns."""

    kept: KeptDay
    rows: tuple[SeriesRow, ...]
