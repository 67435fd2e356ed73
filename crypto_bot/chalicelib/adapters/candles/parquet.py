"""`CandleLake` as Parquet objects in a lake, one per series and part; see domain's candle_series.

DuckDB reads and writes files; what reaches the lake are their bytes, whole or not at all. Equal
candles make equal bytes, and a part that is as it was is not written again.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

import duckdb

from chalicelib.adapters.candles.engine import Engine, engine
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap, gaps_document, joined, read_gaps
from chalicelib.domain.market.candle_rules import DECIMALS, DIGITS
from chalicelib.domain.market.candle_series import (
    CANDLES,
    CandleSeries,
    candle_series,
    part_in,
)
from chalicelib.domain.market.minute import damaged_key
from chalicelib.market_ports import Lake

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_AMOUNTS: Final = ("open", "high", "low", "close", "volume")
_DECIMAL: Final = f"DECIMAL({DIGITS}, {DECIMALS})"
_CSV_COLUMNS: Final = {"ms": "BIGINT", **dict.fromkeys(_AMOUNTS, _DECIMAL)}
_TYPED: Final = f"""
    SELECT CAST(epoch_ms(ms) AS TIMESTAMPTZ) AS start, {", ".join(_AMOUNTS)}
    FROM read_csv($source, header = false, columns = {_CSV_COLUMNS}) ORDER BY ms
"""  # noqa: S608 - of constants
_READ: Final = f"""
    SELECT epoch_ms(start), {", ".join(_AMOUNTS)} FROM read_parquet($sources)
    WHERE epoch_ms(start) >= $start AND epoch_ms(start) < $end ORDER BY start
"""  # noqa: S608 - of constants


class ParquetCandles:
    """Over any lake. DuckDB's share of the memory is bounded; candles read are the caller's."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def write(self, series: CandleSeries, candles: Sequence[Candle]) -> None:
        """See `CandleLake.write`."""
        if not candles:
            return
        ordered = sorted(candles, key=lambda candle: candle.start)
        with engine() as work:
            for part, those in groupby(ordered, lambda candle: series.part_of(candle.start)):
                key = series.key(part)
                content = self._lake.get(key)
                known = self._rows(series, {part: content}, work)
                rows = {candle.start: candle for candle in [*known, *those]}
                if list(rows.values()) != known:
                    self._lake.put(key, _written(rows.values(), work))

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[Candle]:
        """See `CandleLake.read`."""
        first = series.part_of(start)
        contents = {
            part: self._lake.get(series.key(part))
            for part in self._parts(series)
            if first <= part < end
        }
        with engine() as work:
            return self._rows(series, contents, work, start=start, end=end)

    def first(self, series: CandleSeries) -> Candle | None:
        """See `CandleLake.first`."""
        return next(iter(self._some_part(series, self._parts(series))), None)

    def last(self, series: CandleSeries) -> Candle | None:
        """See `CandleLake.last`."""
        return next(reversed(self._some_part(series, reversed(self._parts(series)))), None)

    def series(self) -> list[CandleSeries]:
        """See `CandleLake.series`."""
        found = []
        for venue in self._lake.folders(f"{CANDLES}venue="):
            for symbol in self._lake.folders(f"{CANDLES}{venue}/symbol="):
                for interval in self._lake.folders(f"{CANDLES}{venue}/{symbol}/interval="):
                    names = [folder.partition("=")[2] for folder in (venue, symbol, interval)]
                    names[1] = "/".join(names[1].rsplit("-", 1))
                    found += _named(*names)
        return sorted(found)

    def gaps(self, series: CandleSeries) -> list[Gap]:
        """See `CandleLake.gaps`."""
        document = self._lake.get(series.gaps_key)
        if document is None:
            return []
        try:
            return read_gaps(document)
        except ValueError as error:
            raise StoreUnavailable(
                f"{series.gaps_key} cannot be read ({error}); once it is removed, its gaps are"
                " looked for again by crypto-bot candles gaps --search"
            ) from error

    def mark_gaps(self, series: CandleSeries, gaps: Sequence[Gap]) -> None:
        """See `CandleLake.mark_gaps`."""
        document = gaps_document(gaps)
        if document != (self._lake.get(series.gaps_key) or gaps_document([])):
            self._lake.put(series.gaps_key, document)

    def _some_part(self, series: CandleSeries, parts: Iterable[datetime]) -> list[Candle]:
        """All candles of the first of these parts that has any."""
        with engine() as work:
            for part in parts:
                rows = self._rows(series, {part: self._lake.get(series.key(part))}, work)
                if rows:
                    return rows
        return []

    def _parts(self, series: CandleSeries) -> list[datetime]:
        parts = map(part_in, self._lake.folders(f"{series.prefix}dt="))
        return [part for part in parts if part is not None]

    def _rows(
        self,
        series: CandleSeries,
        contents: "dict[datetime, bytes | None]",
        work: Engine,
        *,
        start: datetime = _EPOCH,
        end: datetime = _FOR_EVER,
    ) -> list[Candle]:
        """Of all parts, by one query. StoreUnavailable where one of them is damaged."""
        files: dict[str, tuple[datetime, bytes]] = {}
        for number, (part, content) in enumerate(sorted(contents.items())):
            if content is not None:
                path = work.folder / f"read-{number}.parquet"
                path.write_bytes(content)
                files[str(path)] = (part, content)
        if not files:
            return []
        asked = {"sources": list(files), "start": _ms(start), "end": _ms(end)}
        try:
            rows = work.connection.execute(_READ, asked).fetchall()
        except duckdb.Error:
            self._refuse_damaged(series, files, work)
            raise  # whatever it is, no part by itself is the cause
        return [Candle(_EPOCH + ms * _MS, *amounts) for ms, *amounts in rows]

    def _refuse_damaged(
        self, series: CandleSeries, files: "dict[str, tuple[datetime, bytes]]", work: Engine
    ) -> None:
        """Each is set aside and its time marked as a gap, so that the venue is asked again."""
        damaged = []
        for file, (part, content) in files.items():
            asked = {"sources": [file], "start": 0, "end": _ms(series.stretch_of(part)[1])}
            try:
                work.connection.execute(_READ, asked).fetchall()
            except duckdb.Error:
                key = series.key(part)
                gap = Gap(*series.stretch_of(part))
                self.mark_gaps(series, joined([gap, *self.gaps(series)]))
                self._lake.put(damaged_key(key), content)
                if self._lake.get(key) == content:
                    self._lake.delete(key)
                damaged.append(key)
        if damaged:
            raise StoreUnavailable(
                f"{', '.join(damaged)} could not be read and is set aside; its candles are missing"
                " until they have been collected or imported again"
            )


def _named(venue: str, symbol: str, interval: str) -> list[CandleSeries]:
    """None for folders that somebody else made."""
    try:
        return [candle_series(venue, symbol, interval)]
    except ValueError:
        return []


def _written(candles: Iterable[Candle], work: Engine) -> bytes:
    source, target = work.folder / "candles.csv", work.folder / "candles.parquet"
    with source.open("w", encoding="ascii") as file:
        for candle in candles:
            amounts = ",".join(f"{amount:f}" for amount in candle[1:])
            file.write(f"{_ms(candle.start)},{amounts}\n")
    typed = work.connection.sql(_TYPED, params={"source": str(source)})
    typed.write_parquet(str(target), compression="zstd")
    return target.read_bytes()


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS
