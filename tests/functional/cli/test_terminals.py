"""What a table is in terminals of several widths, in a pipe, on a full disk, and for nobody."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib import bootstrap
from tests.functional.cli.owner_desk import Desk

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")

COMMAND = [sys.executable, "-m", "chalicelib.cli"]
STYLE = re.compile(r"\x1b\[[0-9;]*m")
NO_SPACE = "crypto-bot: nothing more can be written: No space left on device\n"


@pytest.fixture
def traded(desk: Desk) -> Desk:
    """Three signals are done, and one waits for a word that names its id."""
    desk.trade()
    known = bootstrap.strategies().configuration()
    trend = next(s for s in known.subscriptions if s.strategy == "trend")
    asking = replace(trend, approval=True)
    bootstrap.strategies().apply(expected_version=known.version, subscriptions=[asking])
    desk.alert("trend", "BTCUSD", "long")
    return desk


def on_terminal(desk: Desk, width: int, *words: str) -> list[str]:
    """The lines that a terminal of this width is sent."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *words, "--home", str(desk.home)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        env={**os.environ, "COLUMNS": str(width), "TERM": "xterm"},  # noqa: TID251
    ) as process:
        os.close(theirs)
        sent = b""
        try:
            while some := os.read(ours, 65_536):
                sent += some
        except OSError:  # how Linux says that the other side was closed
            pass
        os.close(ours)
    assert process.returncode == 0
    return STYLE.sub("", sent.decode()).replace("\r", "").splitlines()


@pytest.mark.parametrize("width", [50, 60, 80, 100, 120, 200])
@pytest.mark.parametrize(("verb", "time"), [("signals", "fired_at"), ("orders", "created_at")])
def test_ids_and_times_can_be_copied(traded: Desk, verb: str, time: str, width: int) -> None:
    lines = on_terminal(traded, width, verb)
    assert max(map(len, lines)) <= width
    words = [word for line in lines for word in line.split()]
    for row in reversed(traded.read(verb)):
        at = max(number for number, word in enumerate(words) if word == row["id"])
        assert row[time] in words[:at]
        assert row["id"] not in words[at + 1 :]
        words = words[:at]  # of each row before the next one
    if verb == "signals":
        waiting = traded.read(verb)[0]["id"]
        assert f"crypto-bot approve {waiting}" in " ".join(" ".join(lines).split())


def test_what_has_no_room_beside_is_told_beneath_by_name(traded: Desk) -> None:
    row = traded.read("orders")[0]
    lines = on_terminal(traded, 55, "orders", "--limit", "1")
    assert lines[0].split() == ["created", "at", "account", "side", "symbol", "quantity"]
    assert lines[1].split()[:4] == [row["created_at"], "paper", "sell", "BTC/USD"]
    assert " ".join(lines[2:]).split() == [
        *("filled", row["filled"], "limit", "price", row["limit_price"], "status", "FILLED"),
        *("id", row["id"]),
    ]


def test_with_room_for_all_of_it_a_row_is_a_line(traded: Desk) -> None:
    rows = traded.read("orders")
    for lines in (
        on_terminal(traded, 200, "orders"),
        traded.run("orders").stdout.splitlines(),
    ):
        assert lines[0].split()[-1] == "id"
        assert [line.split()[-1] for line in lines[1:]] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    "words", ["signals", "orders", "orders --json", "export fills", "export orders"]
)
def test_a_full_disk_is_a_sentence(traded: Desk, words: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *words.split(), "--home", str(traded.home)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            # As at an owner's: what is held back is written at the end once more.
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # noqa: TID251
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, NO_SPACE)


@pytest.mark.parametrize("words", ["signals", "orders", "orders --json"])
def test_a_closed_output_is_nobody_to_show_it_to(traded: Desk, words: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *words.split(), "--home", traded.home],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
