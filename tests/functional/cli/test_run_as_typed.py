"""`crypto-bot run` as typed: the demonstration in lines and as a picture, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "chalicelib.cli", "run"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_demonstration_books_a_fill_and_leaves_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "terminal.svg"
    done = run("--home", str(tmp_path), "--port", "0", "--for", "15", "--picture", str(picture))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Webhook: http://127.0.0.1:")
    assert "SYNTHETIC" in done.stdout
    assert re.search(r"signal demo-btc BTCUSDT long EXECUTED: bought ", done.stdout)
    assert re.fullmatch(r"Ran \d+ s: .* fills booked\. State is kept in .*demo\.", lines[-1])
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_ctrl_c_ends_with_a_summary(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--home", str(tmp_path), "--port", "0", "--no-demo"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Webhook: ")
        os.kill(process.pid, signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert "0 alerts taken" in rest.splitlines()[-1]


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--home", str(tmp_path), "--port", port, "--for", "5")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("crypto-bot: ")
    assert port in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_picture_without_a_folder_is_refused_before_the_run(tmp_path: Path) -> None:
    picture = tmp_path / "no" / "x.svg"
    done = run("--home", str(tmp_path / "home"), "--port", "0", "--picture", str(picture))
    assert (done.returncode, done.stdout) == (2, "")
    told = f"crypto-bot: {picture} cannot be written: there is no folder {picture.parent}\n"
    assert done.stderr == told
    assert not (tmp_path / "home").exists()


def test_a_public_url_that_is_none_is_refused_before_the_run(tmp_path: Path) -> None:
    done = run("--home", str(tmp_path / "home"), "--port", "0", "--public-url", "foo")
    assert (done.returncode, done.stdout) == (2, "")
    told = "--public-url is 'foo'; it must be an address such as https://bot.example.com"
    assert done.stderr == f"crypto-bot: {told}\n"
    assert not (tmp_path / "home").exists()


def test_a_replay_without_prices_is_a_sentence(tmp_path: Path) -> None:
    done = run("--home", str(tmp_path), "--replay-clock")
    assert done.returncode == 2
    assert done.stderr.startswith("crypto-bot: --replay-clock needs ")
