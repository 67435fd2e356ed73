"""A range without candles is answered with the one that the lake has, and files before words."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.functional.cli.owner_desk import Desk
from tests.functional.cli.test_backtesting import TRY, document, keep, page, wave
from tests.functional.cli.test_sweeping import CROSS, GRID

HAS = "those that it has are from 2026-01-01 00:00 to 2026-01-01 07:00"
NONE = "there are no candles of binance BTC/USDT 1h in the lake"
FETCH = "to fetch more: crypto-bot candles download binance BTC/USDT --interval 1h --since"
OWN = """
from chalicelib.domain.bots import Bot

class Mine(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"

    def on_candle(self, ctx):
        ctx.target(0.5)
"""


def unread(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The verb as typed, with a reader that stops reading before the first word, as head may."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", *words, "--home", str(home)],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--since", "2026-01-01T06:00", "--until", "2026-01-01T02:00Z"),
            "--until is 2026-01-01T02:00Z; it must be after --since, which is 2026-01-01T06:00",
        ),
        (
            ("--since", "2026-01-01T02:00", "--until", "2026-01-01T02:00"),
            "--until is 2026-01-01T02:00; it must be after --since, which is 2026-01-01T02:00",
        ),
        (("--until", "2020-01-01"), f"{NONE} before 2020-01-01 00:00; {HAS}"),
        (
            ("--since", "2020-01-01", "--until", "2020-02-01"),
            f"{NONE} from 2020-01-01 00:00 on and before 2020-02-01 00:00; {HAS};"
            f" {FETCH} 2020-01-01T00:00",
        ),
        (
            ("--since", "2026-02-01"),
            f"{NONE} from 2026-02-01 00:00 on; {HAS}; {FETCH} 2026-02-01T00:00",
        ),
        # What is yet to come cannot be fetched.
        (("--since", "2027-01-01"), f"{NONE} from 2027-01-01 00:00 on; {HAS}"),
    ],
)
def test_the_range_that_the_lake_has_is_named(
    desk: Desk, tmp_path: Path, words: Sequence[str], told: str
) -> None:
    keep()
    assert desk.refusal(*TRY, *words) == told
    (tmp_path / "mine.py").write_text(OWN)
    desk.run("bots", "save", str(tmp_path / "mine.py"))
    said = desk.run("bots", "backtest", "mine", *words, code=2)
    assert said.stderr.splitlines()[-1] == f"crypto-bot: {told}"


def test_files_do_not_wait_for_a_reader(desk: Desk, tmp_path: Path) -> None:
    keep()
    files = [tmp_path / name for name in ("t.csv", "t.json", "t.html")]
    options = ("--trades", "--json", "--html")
    words = [word for pair in zip(options, map(str, files), strict=True) for word in pair]
    done = unread(desk.home, *TRY, *words)
    assert done.stderr == ""
    assert files[0].read_text(encoding="utf-8-sig").startswith("Trade number,")
    assert document(files[1])["summary"]
    assert page(files[2]) is not None


def test_a_sweeps_files_do_not_wait_for_a_reader(desk: Desk, tmp_path: Path) -> None:
    keep(wave(600))
    (tmp_path / "cross.py").write_text(CROSS)
    files = [tmp_path / "s.json", tmp_path / "s.html"]
    words = ("--json", str(files[0]), "--html", str(files[1]))
    done = unread(desk.home, "sweep", str(tmp_path / "cross.py"), *GRID, *words)
    assert "Traceback" not in done.stderr
    assert all(file.exists() for file in files)


def test_a_backtest_is_kept_whoever_reads(desk: Desk, tmp_path: Path) -> None:
    keep()
    (tmp_path / "mine.py").write_text(OWN)
    desk.run("bots", "save", str(tmp_path / "mine.py"))
    done = unread(desk.home, "bots", "backtest", "mine")
    assert done.stderr.count("\n") == 1
    (test,) = desk.read("bots", "show", "mine")["tests"]
    assert test["version"] == "1.0"


def test_a_file_that_cannot_be_written_takes_nothing_from_what_is_shown(desk: Desk) -> None:
    keep()
    said = desk.run(*TRY, "--json", "/dev/full", code=2)
    assert "round_trips" in said.stdout
    assert said.stderr == "crypto-bot: /dev/full cannot be written: No space left on device\n"
