"""The marks of a bot's last candles: fifty to a row, and eight rows that are used in a circle.

A row of its own has the ids of the last signals, which may be further apart than the candles are.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from chalicelib.adapters.stores.keys import key
from chalicelib.domain.bots.candles import length_ms
from chalicelib.domain.bots.trail import Mark, Point
from chalicelib.domain.market.interval import Interval
from chalicelib.drivers.table import Row, Table

SIGNALS_KEPT: Final = 50
_BLOCK: Final = 50
_BLOCKS: Final = 8
_SIGNALS: Final = "signals"
_EMPTY: Final = "null"


class TableBotTrails:
    """`BotTrails` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, deployment: str, symbol: str, interval: Interval, marks: Sequence[Mark]) -> None:
        """See `BotTrails.add`."""
        blocks: dict[int, dict[int, Mark]] = {}
        for mark in marks:
            number = mark.at // length_ms(interval)
            blocks.setdefault(number // _BLOCK, {})[mark.at] = mark
        rows = [
            self._block_row(deployment, symbol, block, found)
            for block, found in sorted(blocks.items())[-_BLOCKS:]
        ]
        sent = [mark.signal for mark in marks if mark.signal]
        if sent:
            rows.append(self._signals_row(deployment, symbol, sent))
        self._table.overwrite(rows)

    def newest(self, deployment: str, symbol: str, limit: int) -> list[Mark]:
        """See `BotTrails.newest`."""
        rows = self._table.query(_partition(deployment, symbol))
        found = [
            mark
            for row in rows
            if row.sort != _SIGNALS and row.document != _EMPTY
            for mark in _marks(json.loads(row.document)[1])
        ]
        return sorted(found, key=lambda mark: mark.at, reverse=True)[:limit]

    def signals(self, deployment: str, symbol: str) -> list[str]:
        """See `BotTrails.signals`."""
        row = self._table.get(_partition(deployment, symbol), _SIGNALS)
        return [] if row is None else (json.loads(row.document) or [])[::-1]

    def _block_row(self, deployment: str, symbol: str, block: int, marks: dict[int, Mark]) -> Row:
        partition, sort = _partition(deployment, symbol), str(block % _BLOCKS)
        before = self._table.get(partition, sort)
        known: dict[int, Mark] = {}
        if before is not None and before.document != _EMPTY:
            number, held = json.loads(before.document)
            # What was there a circle ago makes room.
            known = {mark.at: mark for mark in _marks(held)} if number == block else {}
        kept = [mark for _, mark in sorted((known | marks).items())]
        return _row(partition, sort, [block, kept])

    def _signals_row(self, deployment: str, symbol: str, sent: Sequence[str]) -> Row:
        known = self.signals(deployment, symbol)[::-1]
        new = [identity for identity in dict.fromkeys(sent) if identity not in known]
        return _row(_partition(deployment, symbol), _SIGNALS, [*known, *new][-SIGNALS_KEPT:])


def emptied_trails(table: Table, deployment: str, symbol: str) -> list[Row]:
    """What is left of them when the deployment is deleted."""
    rows = table.query(_partition(deployment, symbol))
    return [_row(row.partition, row.sort, None) for row in rows if row.document != _EMPTY]


def _partition(deployment: str, symbol: str) -> str:
    return key("bot.trail", deployment, symbol)


def _row(partition: str, sort: str, content: object) -> Row:
    document = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Row(partition=partition, sort=sort, document=document, version=1)


def _marks(rows: Sequence[Any]) -> list[Mark]:
    return [
        Mark(at, close, tuple(lines), tuple(Point(*point) for point in points), signal)
        for at, close, lines, points, signal in rows
    ]
