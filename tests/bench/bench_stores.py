"""Stored signals, one commit each, against bare sqlite3 inserting the same rows."""

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from tests.bench.figure import Figure, at_least

if TYPE_CHECKING:
    from chalicelib.domain.trading.signal import Signal

NAMES = ("stored_signals",)

LEAST_RATIO = 0.5
ROUNDS = 500


def figures(only: str | None) -> Iterable[Figure]:
    if only in (None, *NAMES):
        # Beside the code, which is on a disk; /tmp is memory on many machines and syncs nothing.
        with TemporaryDirectory(dir=Path(__file__).parent, prefix=".bench-") as folder:
            ours, bare = _seconds_per_write(Path(folder))
        yield at_least(
            "stored_signals", 1 / ours, "signals/s", limit=LEAST_RATIO / bare, reference=1 / bare
        )


def _seconds_per_write(folder: Path) -> tuple[float, float]:
    """Medians. The two take turns: where the disk slows down, it does so for both."""
    import sqlite3

    from chalicelib.adapters.stores.signals import TableSignalStore
    from chalicelib.drivers.sqlite_table import PRAGMAS, SqliteTable

    ours: list[float] = []
    bare: list[float] = []
    with (
        closing(SqliteTable(folder / "ours.db")) as table,
        closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as connection,
    ):
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.execute(
            "CREATE TABLE row (partition, sort, document, version, shelf, at, urgent,"
            " PRIMARY KEY (partition, sort))"
        )
        signals = TableSignalStore(table)
        for signal in _signals(ROUNDS):
            ours.append(_seconds(lambda: signals.add(signal)))  # noqa: B023 - called at once
            row = table.get(f"signal#{signal.id}", "signal")
            assert row is not None
            values = (row.partition, row.sort, row.document, 1, row.shelf, row.at, 0)
            insert = "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?)"
            bare.append(_seconds(lambda: connection.execute(insert, values)))  # noqa: B023
    return median(ours), median(bare)


def _seconds(write: Callable[[], object]) -> float:
    start = perf_counter()
    write()
    return perf_counter() - start


def _signals(count: int) -> "Iterable[Signal]":
    from chalicelib.domain.trading.signal import DesiredState, Signal, signal_id

    first = datetime(2024, 8, 10, tzinfo=UTC)
    for number in range(count):
        at = first + timedelta(minutes=number)
        yield Signal(
            id=signal_id(
                strategy="trend",
                symbol="BTC/USD",
                state=DesiredState.LONG,
                fired_at=at,
                order_id="long",
            ),
            strategy="trend",
            ticker="BTCUSD",
            symbol="BTC/USD",
            state=DesiredState.LONG,
            fired_at=at,
            received_at=at,
            due_at=at,
            body_digest="0" * 64,
            price=Decimal("67656.77"),
            order_id="long",
            comment="long",
        )
