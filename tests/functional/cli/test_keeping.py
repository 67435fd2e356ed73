"""The state as one file, and back: byte for byte, into an empty home, and stilled."""

import gzip
import json
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.stores.archive import rows_at_one_moment
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.drivers.table import Row
from chalicelib.local.home import held
from tests.functional.cli.owner_desk import Desk


def another_home(desk: Desk, name: str = "other") -> Path:
    """The desk moves to an empty folder."""
    desk.home = desk.home / name
    bootstrap.use(replace(bootstrap.choices(), home=desk.home))
    return desk.home


def ledger() -> list[Row]:
    return [row for row in bootstrap.table().scan() if row.partition.startswith("ledger#")]


def exported(desk: Desk) -> list[str]:
    kinds = ("fills", "orders", "signals", "positions", "ledger")
    return [desk.run("export", kind).stdout for kind in kinds]


def test_there_and_back_leaves_every_byte_of_the_ledger(desk: Desk) -> None:
    desk.trade()
    before, rows = exported(desk), ledger()
    file = desk.home / "state.backup"
    told = desk.read("backup", str(file))
    assert told["counts"]["ledger"] == len(rows)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in desk.home.glob("*.new")] == []
    another_home(desk)
    shown = desk.run("restore", str(file), "--yes").stdout
    assert "hashes and books are right" in shown
    assert "crypto-bot accounts reopen paper" in shown
    assert ledger() == rows
    assert exported(desk) == before


def test_a_restored_desk_trades_on_once_its_owner_has_looked(desk: Desk) -> None:
    desk.trade()
    file = desk.home / "state.backup"
    desk.run("backup", str(file))
    another_home(desk)
    desk.run("restore", str(file), "--yes")
    assert bootstrap.trading().control.halt_level() is HaltLevel.NO_ENTRIES
    waits = "crypto-bot accounts reopen paper"
    assert (
        f"WRONG account paper: restored: decides nothing: {waits}"
        in desk.run("doctor", code=1).stdout
    )
    assert f"paper decides nothing yet: {waits}." in desk.run("resume").stdout
    desk.alert("majors", "ETHUSD", "flat")
    assert "restored from a backup: crypto-bot accounts reopen paper" in desk.tick()
    assert len(desk.read("positions")) == 1
    compared = desk.read("accounts", "reopen", "paper")
    assert (compared["reopened"], compared["gaps"], compared["refusals"]) == (False, [], [])
    assert "is open again" in desk.run("accounts", "reopen", "paper", "--yes").stdout
    desk.tick()
    assert desk.read("positions") == []
    desk.alert("trend", "BTCUSD", "long")
    desk.tick()
    assert [p["strategy"] for p in desk.read("positions")] == ["trend"]
    assert "account paper is open" in desk.refusal("accounts", "reopen", "paper", code=1)


def test_what_was_open_in_the_backup_is_named(desk: Desk) -> None:
    desk.trade()
    entry = desk.alert("trend", "BTCUSD", "long")
    exit_ = desk.alert("majors", "ETHUSD", "flat")
    file = desk.home / "state.backup"
    desk.run("backup", str(file))
    home = another_home(desk)
    shown = desk.run("restore", str(file)).stdout
    assert "Not executed again: " in shown
    assert "Runs once its accounts are reopened: " in shown
    assert "Dry run" in shown
    assert not home.exists()
    told = desk.read("restore", str(file), "--yes")
    assert (told["skipped_signals"], told["kept_signals"]) == ([entry], [exit_])


def test_a_home_that_holds_something_is_left_alone(desk: Desk) -> None:
    desk.trade()
    file = desk.home / "state.backup"
    desk.run("backup", str(file))
    rows = rows_at_one_moment(bootstrap.table())
    refusal = desk.refusal("restore", str(file), "--yes", code=1)
    assert refusal.startswith(f"there are {len(rows)} rows already")
    assert rows_at_one_moment(bootstrap.table()) == rows


def test_a_home_where_a_run_works_is_left_alone(desk: Desk) -> None:
    desk.trade()
    file = desk.home / "state.backup"
    desk.run("backup", str(file))
    with held(another_home(desk)):
        assert "another crypto-bot run works in" in desk.refusal("restore", str(file), "--yes")


def test_a_backup_replaces_no_other_file(desk: Desk) -> None:
    desk.configure()
    file = desk.home / "state.backup"
    file.write_text("mine")
    assert "exists; a backup replaces nothing" in desk.refusal("backup", str(file))
    assert file.read_text() == "mine"
    nowhere = desk.home / "nowhere" / "state.backup"
    assert "cannot be written: No such file" in desk.refusal("backup", str(nowhere))
    assert "there is no file" in desk.refusal("restore", str(nowhere))


def rewritten(file: Path, change: Any) -> None:
    """The backup with its lines changed, and nothing else set right."""
    lines = gzip.decompress(file.read_bytes()).decode().removesuffix("\n").split("\n")
    file.write_bytes(gzip.compress("".join(f"{line}\n" for line in change(lines)).encode()))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: lines[:-1], "is damaged: take another one"),
        (lambda lines: [*lines[:2], *lines[3:], lines[2]], "is damaged: take another one"),
        (lambda lines: lines[1:], "does not begin with a backup's manifest"),
        (
            lambda lines: [lines[0].replace("crypto-bot", "other-bot"), *lines[1:]],
            "is a backup of other-bot, not of crypto-bot",
        ),
        (
            lambda lines: [lines[0].replace('"format":1', '"format":2'), *lines[1:]],
            "has format 2, and this program reads up to 1",
        ),
    ],
    ids=["a row less", "rows in another order", "no manifest", "another product", "a later format"],
)
def test_a_damaged_file_is_refused(desk: Desk, change: Any, sentence: str) -> None:
    desk.trade()
    file = desk.home / "state.backup"
    desk.run("backup", str(file))
    rewritten(file, change)
    another_home(desk)
    assert sentence in desk.refusal("restore", str(file), "--yes")
    assert bootstrap.table().scan() == []


def test_half_a_file_is_no_backup(desk: Desk) -> None:
    desk.trade()
    file = desk.home / "state.backup"
    desk.run("backup", str(file))
    file.write_bytes(file.read_bytes()[:-20])
    assert "is no whole backup" in desk.refusal("restore", str(file))


@pytest.mark.parametrize(
    ("tampering", "sentence"),
    [
        (
            'UPDATE record SET document = replace(document, \'"fee":"\', \'"fee":"1\')'
            " WHERE sort LIKE 'entry#fill%'",
            "does not follow its predecessor",
        ),
        (
            'UPDATE record SET document = replace(document, \'"cost":"\', \'"cost":"1\')'
            " WHERE sort = 'portfolio'",
            "the balances of paper are not what its",
        ),
        ("DELETE FROM record WHERE sort LIKE 'entry#opening%'", "of them are there"),
    ],
    ids=["an entry changed", "a balance changed", "an entry gone"],
)
def test_books_that_were_tampered_with_are_not_backed_up(
    desk: Desk, tampering: str, sentence: str
) -> None:
    desk.trade()
    store = sqlite3.connect(desk.home / bootstrap.STATE_FILE)
    assert store.execute(tampering).rowcount > 0
    store.commit()
    store.close()
    file = desk.home / "state.backup"
    assert sentence in desk.refusal("backup", str(file), code=1)
    assert not file.exists()


def test_no_secret_is_in_it(desk: Desk) -> None:
    secrets = desk.home / "secrets.json"
    secrets.write_text(json.dumps({"keys": {"api-key": "canary-key", "api-secret": "canary"}}))
    secrets.chmod(0o600)
    desk.trade()
    file = desk.home / "state.backup"
    desk.run("backup", str(file))
    text = gzip.decompress(file.read_bytes()).decode()
    assert "canary" not in text
    assert not any(token in text for token in desk.tokens.values())
