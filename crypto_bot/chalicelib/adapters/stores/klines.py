"""Recent candles over a table, one row each: so many of a symbol and interval, then in a circle.

A table has no way to take a row away, so each candle has a place, which a later one gets. Sixty
neighbours, a block, share a partition, which is read at once; a row that says which blocks there
are is written once for each. A place may still hold what was there a circle ago: what does not
belong to its block is left out.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.adapters.stores.keys import key
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.kline import Kline
from chalicelib.domain.market.minute import at_ms, milliseconds
from chalicelib.domain.money import plain
from chalicelib.drivers.table import Row, Table

_BLOCK: Final = 60
_BLOCKS: Final = "blocks"
_MS: Final = timedelta(milliseconds=1)

Series = tuple[str, Interval]


class _Span(NamedTuple):
    """The blocks in which there is something, both ends included."""

    first: int
    last: int


_NOTHING: Final = _Span(0, -1)


class TableKlines:
    """`Klines` over a table. `kept` is how many of a series have a place, in whole sixties."""

    def __init__(self, table: Table, close: Callable[[], None], *, kept: int) -> None:
        self._table = table
        self._close = close
        self._circle = kept // _BLOCK
        self._spans: dict[Series, _Span] = {}

    def add(self, klines: Sequence[Kline]) -> None:
        """See `Klines.add`."""
        by_series: dict[Series, dict[int, Candle]] = {}
        for symbol, interval, candle in klines:
            numbered = by_series.setdefault((symbol, interval), {})
            numbered[_number(candle.start, interval)] = candle
        for series, numbered in by_series.items():
            self._add(series, numbered)

    def newest(
        self, symbol: str, interval: Interval, limit: int, since: datetime | None = None
    ) -> list[Candle]:
        """See `Klines.newest`."""
        found: list[Candle] = []
        for candle in self._backwards((symbol, interval)):
            if len(found) == limit or (since is not None and candle.start < since):
                break
            found.append(candle)
        return found

    def close(self) -> None:
        """See `Klines.close`."""
        self._close()

    def _add(self, series: Series, numbered: dict[int, Candle]) -> None:
        span = self._spans.get(series) or self._read_span(series)
        last = max(span.last, max(numbered) // _BLOCK)
        oldest = last - self._circle + 1
        placed = {n: candle for n, candle in numbered.items() if n // _BLOCK >= oldest}
        self._table.overwrite([self._row(series, n, candle) for n, candle in placed.items()])
        first = min(n // _BLOCK for n in placed) if placed else last
        if span is not _NOTHING:
            first = max(oldest, min(first, span.first))
        if span != (first, last):
            self._table.overwrite([_span_row(series, _Span(first, last))])
        self._spans[series] = _Span(first, last)

    def _backwards(self, series: Series) -> Iterator[Candle]:
        span = self._read_span(series)
        for block in range(span.last, span.first - 1, -1):
            rows = self._table.query(self._partition(series, block))
            candles = map(_candle, reversed(rows))
            yield from (c for c in candles if _number(c.start, series[1]) // _BLOCK == block)

    def _read_span(self, series: Series) -> _Span:
        row = self._table.get(key("klines", *series), _BLOCKS)
        return _NOTHING if row is None else _Span(*json.loads(row.document))

    def _partition(self, series: Series, block: int) -> str:
        return key("klines", *series, str(block % self._circle))

    def _row(self, series: Series, number: int, candle: Candle) -> Row:
        block, place = divmod(number, _BLOCK)
        document = [milliseconds(candle.start), *map(plain, candle[1:])]
        return Row(
            partition=self._partition(series, block),
            sort=f"{place:02}",
            document=json.dumps(document, separators=(",", ":")),
            version=1,
        )


def _number(start: datetime, interval: Interval) -> int:
    """Of the candle among all since 1970; weeks do not begin with it, which does not matter."""
    return milliseconds(start) // (interval.length // _MS)


def _span_row(series: Series, span: _Span) -> Row:
    document = json.dumps(span)
    return Row(partition=key("klines", *series), sort=_BLOCKS, document=document, version=1)


def _candle(row: Row) -> Candle:
    start, *amounts = json.loads(row.document)
    return Candle(at_ms(start), *map(Decimal, amounts))
