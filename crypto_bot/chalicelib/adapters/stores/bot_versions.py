"""Bots by name, one row each; a row for each version's source, and one for each test of it."""

from dataclasses import replace
from typing import Final

from chalicelib.adapters.stores.keys import key, moment
from chalicelib.domain.bots.version import BacktestNote, StoredBot, VersionNumber
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

_BOTS: Final = "bots"


class TableBotStore:
    """`BotStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self) -> list[StoredBot]:
        """See `BotStore.all`."""
        return [_bot(row) for row in self._table.query(_BOTS)]

    def get(self, name: str) -> StoredBot | None:
        """See `BotStore.get`."""
        row = self._table.get(_BOTS, key(name))
        return None if row is None else _bot(row)

    def source(self, name: str, number: VersionNumber) -> str | None:
        """See `BotStore.source`."""
        row = self._source_row(name, number)
        return None if row is None else decode(str, row.document)

    def save(self, bot: StoredBot, source: str | None = None) -> StoredBot:
        """See `BotStore.save`."""
        written = replace(bot, version=bot.version + 1)
        rows = [
            Row(
                partition=_BOTS,
                sort=key(bot.name),
                document=encode(written),
                version=written.version,
            )
        ]
        if source is not None:
            number = bot.newest.number
            before = self._source_row(bot.name, number)
            rows.append(
                Row(
                    partition=key("bot.source", bot.name),
                    sort=str(number),
                    document=encode(source),
                    version=1 if before is None else before.version + 1,
                )
            )
        self._table.write(rows)
        return written

    def note(self, test: BacktestNote) -> None:
        """See `BotStore.note`."""
        shelf = _tests(test.bot, test.number)
        at = moment(test.at, test.report)
        self._table.write(
            [Row(partition=shelf, sort=at, document=encode(test), version=1, shelf=shelf, at=at)]
        )

    def tests(self, name: str, number: VersionNumber, limit: int) -> list[BacktestNote]:
        """See `BotStore.tests`."""
        rows = self._table.shelf(_tests(name, number), descending=True, limit=limit)
        return [decode(BacktestNote, row.document) for row in rows]

    def _source_row(self, name: str, number: VersionNumber) -> Row | None:
        return self._table.get(key("bot.source", name), str(number))


def _tests(name: str, number: VersionNumber) -> str:
    return key("bot.tests", name, str(number))


def _bot(row: Row) -> StoredBot:
    return decode(StoredBot, row.document)
