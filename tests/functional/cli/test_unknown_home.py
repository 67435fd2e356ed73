"""A mistyped --home: what acts on a bot, or reads one, refuses it and leaves nothing behind."""

from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.domain.trading.account import HaltLevel
from tests.functional.cli.owner_desk import FILES, Desk

OF_A_BOT = [
    "halt",
    "halt --flatten --yes",
    "pause",
    "resume",
    "close trend --yes",
    "approve x",
    "decline x",
    "cancel x --yes",
    "resolve x --absent",
    "tick",
    "backup FILE",
    "signals",
    "orders",
    "positions",
    "balances",
    "ledger",
    "performance",
    "preview",
    "export signals",
    "drift",
    "compare trend",
    "promote trend --to paper",
    "quarantine list",
    "quarantine replay x --yes",
    "accounts list",
    "accounts check paper",
    "accounts reopen paper",
    "accounts strangers paper",
    "strategies list",
    "strategies token trend",
    "tokens list",
    "tokens revoke anna",
]


@pytest.mark.parametrize("words", OF_A_BOT)
def test_a_mistyped_home_is_refused_and_not_made(desk: Desk, words: str) -> None:
    desk.configure()
    typo = desk.home / "typo"
    words = words.replace("FILE", str(desk.home / "kept.backup"))
    refusal = desk.refusal(*words.split(), "--home", str(typo))
    assert refusal.startswith(
        f"there is no crypto-bot home in {typo}; name another one with --home"
    )
    assert not typo.exists()


def test_nor_is_a_folder_taken_that_holds_something_else(desk: Desk) -> None:
    other = desk.home / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    assert "there is no crypto-bot home" in desk.refusal("halt", "--home", str(other))
    assert [path.name for path in other.iterdir()] == ["notes.txt"]


def test_the_default_home_says_what_to_do_first(desk: Desk) -> None:
    assert desk.refusal("signals").endswith(
        "begin this one: crypto-bot run, or crypto-bot strategies apply FILE"
    )
    desk.run("strategies", "apply", str(FILES / "strategies.toml"))
    assert desk.run("signals").stdout == "No alert has arrived yet.\n"


def test_a_halt_in_the_right_home_works_as_ever(desk: Desk, tmp_path: Path) -> None:
    desk.configure()
    assert "Halted (no_entries" in desk.run("halt", "--home", str(tmp_path)).stdout
    assert bootstrap.trading().control.halt_level() is HaltLevel.NO_ENTRIES
