"""The books: numbered entries and their fold, appended in one step."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.adapters.stores.keys import key
from chalicelib.domain.errors import LedgerUnbalanced, StoreConflict
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

_PORTFOLIO = "portfolio"


class TableLedgerStore:
    """`LedgerStore` over a table.

    More entries than one write of the table takes become several steps, each of them whole: the
    books are right after every one, and whoever books again finds the first ones booked.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def portfolio(self, account: str, quote: str) -> Portfolio:
        """See `LedgerStore.portfolio`."""
        row = self._table.get(key("ledger", account), _PORTFOLIO)
        if row is None:
            return Portfolio(account=account, quote=quote)
        return decode(Portfolio, row.document)

    def book(self, portfolio: Portfolio, entries: Sequence[Entry]) -> Portfolio:
        """See `LedgerStore.book`."""
        if len({entry.id for entry in entries}) < len(entries):
            raise StoreConflict(f"one of the new entries of {portfolio.account} is there twice")
        limit = self._table.write_limit
        if limit is None or len(entries) < limit:
            return self._book_step(portfolio, entries)
        saved = portfolio
        for fold, part in self._steps(portfolio, entries, limit - 1):
            saved = self._book_step(fold, part)
        return saved

    def entries(self, account: str, after: int = 0, limit: int | None = None) -> list[Entry]:
        """See `LedgerStore.entries`. Stops before a gap that a lagging shelf may have."""
        rows = self._table.shelf(key("ledger", account), above=_position(after), limit=limit)
        entries = [decode(Entry, row.document) for row in rows]
        return [e for number, e in enumerate(entries, after + 1) if e.sequence == number]

    def _book_step(self, portfolio: Portfolio, entries: Sequence[Entry]) -> Portfolio:
        saved = replace(portfolio, version=portfolio.version + 1)
        rows = [_entry_row(entry) for entry in entries]
        self._table.write([*rows, _portfolio_row(saved)])
        return saved

    def _steps(
        self, portfolio: Portfolio, entries: Sequence[Entry], size: int
    ) -> list[tuple[Portfolio, Sequence[Entry]]]:
        """The fold after each part, checked against the whole before anything is written."""
        fold = self.portfolio(portfolio.account, portfolio.quote)
        if fold.version != portfolio.version:
            raise StoreConflict(f"the books of {portfolio.account} moved on")
        steps: list[tuple[Portfolio, Sequence[Entry]]] = []
        for start in range(0, len(entries), size):
            part = entries[start : start + size]
            for entry in part:
                fold, _ = post(fold, entry)
            progress = _progress_before(portfolio, entries[start + size :])
            step = replace(fold, progress=progress, version=portfolio.version + len(steps))
            steps.append((step, part))
        if fold.head_hash != portfolio.head_hash:
            raise LedgerUnbalanced(
                f"the portfolio of {portfolio.account} is not the fold of the entries booked"
            )
        return steps


def _progress_before(portfolio: Portfolio, missing: Sequence[Entry]) -> dict[str, int]:
    """What of the final progress is true while these entries are still to come."""
    to_come = Counter(entry.reference for entry in missing)
    left = {name: count - to_come[name] for name, count in portfolio.progress.items()}
    return {name: count for name, count in left.items() if count > 0}


def _portfolio_row(portfolio: Portfolio) -> Row:
    return Row(
        partition=key("ledger", portfolio.account),
        sort=_PORTFOLIO,
        document=encode(portfolio),
        version=portfolio.version,
    )


def _entry_row(entry: Entry) -> Row:
    partition = key("ledger", entry.account)
    return Row(
        partition=partition,
        sort=_entry_sort(entry.id),
        document=encode(entry),
        version=1,
        shelf=partition,
        at=_position(entry.sequence),
    )


def _entry_sort(entry_id: str) -> str:
    return f"entry#{entry_id}"


def _position(sequence: int) -> str:
    return f"{sequence:012d}"
