"""Candles with what was derived from them, and what was found out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.market.analysis import Analysis
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow


class TimeSeries(Protocol):
    """Closed candles and what was derived from them, by series. StoreUnavailable where it fails."""

    def replace(self, series: CandleSeries, day: SeriesDay) -> None:
        """The day as it is now, in place of all that was kept of it. All of it or nothing."""
        ...

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """Oldest first, from `start` to before `end`. What is missing is left out."""
        ...

    def first(self, series: CandleSeries, since: date) -> KeptDay | None:
        """The earliest day kept, of those from `since` on."""
        ...

    def last(self, series: CandleSeries) -> KeptDay | None:
        """The latest day kept."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...


class NotTaken(NamedTuple):
    """How many rows were refused for good; `example` is the start of one, and why."""

    rows: int
    example: str


class SeriesCopy(Protocol):
    """Where rows of the time series are looked at, and never read back by this program."""

    @property
    def name(self) -> str:
        """As the owner knows it."""
        ...

    def write(self, series: CandleSeries, rows: Sequence[SeriesRow]) -> NotTaken | None:
        """Each in place of the one with its start. None where all were taken.

        StoreUnavailable where the copy does not answer: some of the rows may be there.
        """
        ...


class Analyses(Protocol):
    """What was found out about instruments and venues. StoreUnavailable where it fails."""

    def add(self, analyses: Sequence[Analysis]) -> None:
        """Each in place of one of the same subject and second."""
        ...

    def newest(self, subject: str, limit: int, until: datetime | None = None) -> list[Analysis]:
        """Newest first, those at `until` itself included."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...
