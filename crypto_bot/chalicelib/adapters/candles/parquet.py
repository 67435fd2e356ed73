"""`CandleLake` as Parquet objects in a lake, one per series and part; see domain's candle_series.

DuckDB reads and writes files; what reaches the lake are their bytes, whole or not at all. Equal
candles make equal bytes, and a part that is as it was is not written again.

A compacted file is put before the parts that it is made of go. Where a candle is in both, the
part's counts: it may have been written later. Nobody reads the files of two different moments: a
listing that has changed by the time that its files have been read is thrown away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

import duckdb

from chalicelib.adapters.candles.engine import Engine, engine
from chalicelib.adapters.candles.listing import listed_series
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap, gaps_document, joined, read_gaps
from chalicelib.domain.market.candle_rules import DECIMALS, DIGITS
from chalicelib.domain.market.candle_series import CandleFile, CandleSeries
from chalicelib.domain.market.minute import damaged_key
from chalicelib.market_ports.lake import Lake

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
# Of the rows with one start the last counts: files are numbered in the order of their weight.
_READ: Final = f"""
    SELECT epoch_ms(start), {", ".join(_AMOUNTS)} FROM read_parquet($sources, filename = true)
    WHERE epoch_ms(start) >= $start AND epoch_ms(start) < $end ORDER BY start, filename
"""  # noqa: S608 - of constants
_MERGED: Final = f"""
    SELECT start, {", ".join(_AMOUNTS)} FROM read_parquet($sources, filename = true)
    QUALIFY row_number() OVER (PARTITION BY start ORDER BY filename DESC) = 1 ORDER BY start
"""  # noqa: S608 - of constants
# Each further look is needed only where a compaction came in between.
_LOOKS: Final = 5

_Contents = Mapping[CandleFile, bytes]


class ParquetCandles:
    """Over any lake. DuckDB's share of the memory is bounded; candles read are the caller's."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def write(self, series: CandleSeries, candles: Sequence[Candle]) -> None:
        """See `CandleLake.write`; beside a compacted file, which whoever compacts takes it into."""
        if not candles:
            return
        ordered = sorted(candles, key=lambda candle: candle.start)
        with engine() as work:
            for part, those in groupby(ordered, lambda candle: series.part_of(candle.start)):
                file = CandleFile(series.key(part), *series.stretch_of(part))
                content = self._lake.get(file.key)
                known = [] if content is None else self._rows(series, {file: content}, work)
                rows = {candle.start: candle for candle in [*known, *those]}
                if list(rows.values()) != known:
                    self._lake.put(file.key, _written(rows.values(), work))

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[Candle]:
        """See `CandleLake.read`."""
        contents = self._contents(
            series, lambda files: [file for file in files if file.meets(start, end)], since=start
        )
        with engine() as work:
            return self._rows(series, contents, work, start=start, end=end)

    def first(self, series: CandleSeries) -> Candle | None:
        """See `CandleLake.first`."""
        return next(iter(self._outermost(series, lambda files, n: files[n])), None)

    def last(self, series: CandleSeries) -> Candle | None:
        """See `CandleLake.last`."""
        return next(reversed(self._outermost(series, lambda files, n: files[-1 - n])), None)

    def loose_periods(self, series: CandleSeries) -> list[datetime]:
        """See `CandleLake.loose_periods`."""
        loose = (file for file in self._files(series) if not file.is_compacted)
        periods = dict.fromkeys(series.period_of(file.start) for file in loose)
        return [period for period in periods if series.compacted(period) is not None]

    def compact(self, series: CandleSeries, period: datetime) -> int:
        """See `CandleLake.compact`."""
        whole = series.compacted(period)
        if whole is None:
            return 0
        contents = self._contents(
            series, lambda files: [file for file in files if file.meets(whole.start, whole.end)]
        )
        parts = {file: held for file, held in contents.items() if not file.is_compacted}
        if not parts:
            return 0
        with engine() as work:
            content = self._merged(series, contents, work)
        if content != contents.get(whole):
            self._lake.put(whole.key, content)
        for part, held in parts.items():
            if self._lake.get(part.key) == held:  # else it was written since, and stays for now
                self._lake.delete(part.key)
        return len(parts)

    def series(self, venue: str = "", symbol: str = "") -> list[CandleSeries]:
        """See `CandleLake.series`."""
        return listed_series(self._lake, venue, symbol)

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

    def _outermost(
        self, series: CandleSeries, nth: Callable[[list[CandleFile], int], CandleFile]
    ) -> list[Candle]:
        """All candles of the nth file that has any, the lowest n first, and of those beside it."""

        def beside(files: list[CandleFile]) -> list[CandleFile]:
            if number >= len(files):
                return []
            chosen = nth(files, number)
            return [file for file in files if file.meets(chosen.start, chosen.end)]

        number = 0
        with engine() as work:
            while contents := self._contents(series, beside):
                rows = self._rows(series, contents, work)
                if rows:
                    return rows
                number += 1
        return []

    def _files(self, series: CandleSeries) -> list[CandleFile]:
        """By when they begin, a compacted one before the parts that count more."""
        listed = (series.file_of(key) for key, _ in self._lake.objects(f"{series.prefix}dt="))
        found = (file for file in listed if file is not None)
        return sorted(found, key=lambda file: (file.start, not file.is_compacted))

    def _contents(
        self,
        series: CandleSeries,
        choose: Callable[[list[CandleFile]], list[CandleFile]],
        *,
        since: datetime = _EPOCH,
    ) -> _Contents:
        """What stood in the chosen files at one moment; of candles from `since` on."""
        files = self._files(series)
        for _ in range(_LOOKS):
            chosen = choose(files)
            held = {file: self._lake.get(file.key) for file in chosen}
            contents = {file: content for file, content in held.items() if content is not None}
            is_whole = len(contents) == len(chosen)
            # The newest period is never compacted: there one look is enough.
            if is_whole and (not files or since >= series.period_of(files[-1].start)):
                return contents
            files = self._files(series)
            if is_whole and choose(files) == chosen:
                return contents
        raise StoreUnavailable(f"the candles of {series} keep changing while they are read")

    def _rows(
        self,
        series: CandleSeries,
        contents: _Contents,
        work: Engine,
        *,
        start: datetime = _EPOCH,
        end: datetime = _FOR_EVER,
    ) -> list[Candle]:
        """Of all files, by one query. StoreUnavailable where one of them is damaged."""
        if not contents:
            return []
        files = _laid(contents, work)
        asked = {"sources": list(files), "start": _ms(start), "end": _ms(end)}
        try:
            rows = work.connection.execute(_READ, asked).fetchall()
        except duckdb.Error:
            self._refuse_damaged(series, files, contents, work)
            raise  # whatever it is, no file by itself is the cause
        candles = {ms: amounts for ms, *amounts in rows}
        return [Candle(_EPOCH + ms * _MS, *amounts) for ms, amounts in candles.items()]

    def _merged(self, series: CandleSeries, contents: _Contents, work: Engine) -> bytes:
        files = _laid(contents, work)
        target = work.folder / "merged.parquet"
        try:
            merged = work.connection.sql(_MERGED, params={"sources": list(files)})
            merged.write_parquet(str(target), compression="zstd")
        except duckdb.Error:
            self._refuse_damaged(series, files, contents, work)
            raise  # as above
        return target.read_bytes()

    def _refuse_damaged(
        self,
        series: CandleSeries,
        files: Mapping[str, CandleFile],
        contents: _Contents,
        work: Engine,
    ) -> None:
        """Each is set aside and its time marked as a gap, so that the venue is asked again."""
        damaged = []
        for path, file in files.items():
            asked = {"sources": [path], "start": 0, "end": _ms(file.end)}
            try:
                work.connection.execute(_READ, asked).fetchall()
            except duckdb.Error:
                gap = Gap(file.start, file.end)
                self.mark_gaps(series, joined([gap, *self.gaps(series)]))
                self._lake.put(damaged_key(file.key), contents[file])
                if self._lake.get(file.key) == contents[file]:
                    self._lake.delete(file.key)
                damaged.append(file.key)
        if damaged:
            raise StoreUnavailable(
                f"{', '.join(damaged)} could not be read and is set aside; its candles are missing"
                " until they have been collected or imported again"
            )


def _laid(contents: _Contents, work: Engine) -> dict[str, CandleFile]:
    """By their paths on this disk, which sort as the files do."""
    files: dict[str, CandleFile] = {}
    for number, (file, content) in enumerate(contents.items()):
        path = work.folder / f"read-{number:06}.parquet"
        path.write_bytes(content)
        files[str(path)] = file
    return files


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
