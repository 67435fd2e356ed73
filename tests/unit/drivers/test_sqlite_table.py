"""The SQLite file: durable, shared between processes, migrated forward, and frank about trouble."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.drivers.sqlite_table import MIGRATIONS, SqliteTable
from chalicelib.drivers.table import Row

PACKAGE_ROOT = Path(__file__).parents[3] / "crypto_bot"

COUNTER = """
import sys
from chalicelib.domain.errors import StoreConflict
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row

table, won, lost = SqliteTable(sys.argv[1], patience=20), 0, 0
while won < 40:
    seen = table.get("p", "counter")
    version = 1 if seen is None else seen.version + 1
    try:
        table.write([Row(partition="p", sort="counter", document=str(version), version=version)])
        won += 1
    except StoreConflict:
        lost += 1
print(won, lost)
"""

WRITER = """
import sys
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row

table, number = SqliteTable(sys.argv[1]), 0
while True:
    number += 1
    rows = [Row(partition=p, sort=f"{number:06d}", document="x" * 500, version=1) for p in "ab"]
    table.write(rows)
    print(number, flush=True)
"""


def row(sort: str = "a", version: int = 1, document: str = "{}") -> Row:
    return Row(partition="p", sort=sort, document=document, version=version, shelf="s", at=sort)


def start(program: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},  # noqa: TID251 - passed on
    )


def test_two_processes_on_a_new_file_lose_no_update(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    racers = [start(COUNTER, path) for _ in range(2)]
    reports = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [won for won, _ in reports] == ["40", "40"]
    table = SqliteTable(path)
    counter = table.get("p", "counter")
    table.close()
    assert counter is not None
    assert (counter.version, counter.document) == (80, "80")


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with start(WRITER, path) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(25)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    table = SqliteTable(path)
    first, second = ([r.sort for r in table.query(partition)] for partition in "ab")
    table.close()
    assert first == second  # each write is both rows or neither
    assert first[: len(acknowledged)] == [f"{number:06d}" for number in acknowledged]
    assert len(first) <= len(acknowledged) + 1


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    table = SqliteTable(tmp_path / "state.db")
    pragmas = [
        table._connection.execute(f"PRAGMA {name}").fetchone()[0]  # noqa: SLF001 - no other way
        for name in ("journal_mode", "synchronous")
    ]
    table.close()
    assert pragmas == ["wal", 2]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_file_of_an_earlier_version_is_migrated_and_keeps_its_rows(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "state.db"
    old = sqlite3.connect(path)
    for script in MIGRATIONS[:version]:
        old.execute(script)
    old.execute("INSERT INTO record VALUES ('p', 'a', '{}', 1, 's', 'a', 0)")
    old.execute(f"PRAGMA user_version = {version}")
    old.commit()
    old.close()

    table = SqliteTable(path)
    assert table.shelf("s") == [row()]
    table.close()
    new = sqlite3.connect(path)
    plan = new.execute("EXPLAIN QUERY PLAN SELECT * FROM record WHERE shelf = 's' ORDER BY at")
    assert "record_by_shelf" in str(plan.fetchall())
    assert new.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    new.close()


def test_a_file_from_the_future_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    future = sqlite3.connect(path)
    future.execute("PRAGMA user_version = 999")
    future.close()
    with pytest.raises(SettingsError, match=r"schema version 999.*newer crypto-bot"):
        SqliteTable(path)
    again = sqlite3.connect(path)
    assert again.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    again.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("these are my notes, not a database, and they are quite long" * 10)
    with pytest.raises(StoreUnavailable, match=r"state\.db failed: file is not a database"):
        SqliteTable(path)
    assert path.read_text().startswith("these are my notes")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        SqliteTable(tmp_path / "missing" / "state.db")


def test_a_lock_that_is_not_given_back_is_trouble_and_passes(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    table = SqliteTable(path, patience=0.05)
    table.write([row()])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        table.write([row(version=2)])
    assert table.get("p", "a") == row()  # reading goes on meanwhile
    other.execute("ROLLBACK")
    other.close()
    table.write([row(version=2)])
    assert table.get("p", "a") == row(version=2)
    table.close()


def test_a_full_disk_is_trouble_and_nothing_is_half_written(tmp_path: Path) -> None:
    table = SqliteTable(tmp_path / "state.db")
    table._connection.execute("PRAGMA max_page_count = 20")  # noqa: SLF001 - stands for the disk
    with pytest.raises(StoreUnavailable, match="full"):
        table.write([row("small"), row("large", document="x" * 100_000)])
    assert table.query("p") == []
    table.write([row("small")])
    assert table.query("p") == [row("small")]
    table.close()


def test_a_file_that_may_not_be_written_is_trouble() -> None:
    table = SqliteTable(":memory:")
    table._connection.execute("PRAGMA query_only = ON")  # noqa: SLF001 - root may write any file
    with pytest.raises(StoreUnavailable, match="readonly"):
        table.write([row()])
    table.close()


def test_a_mistake_of_the_program_is_not_called_trouble() -> None:
    table = SqliteTable(":memory:")
    table.close()
    with pytest.raises(sqlite3.ProgrammingError):
        table.write([row()])
