"""What the README tells a newcomer to type works, in the order in which it is told."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click import Context

from chalicelib.cli.verbs import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What needs a network, a person or an hour; the continuous integration runs them by themselves.
ELSEWHERE = ("python3 -m venv", ".venv/bin/", "curl ")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(ELSEWHERE)]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed here")
@pytest.mark.parametrize("command", sorted({c for c in commands() if c.startswith("make ")}))
def test_every_make_target_of_the_readme_exists(command: str) -> None:
    words = shlex.split(command)
    make = shutil.which("make") or "make"
    told = subprocess.run([make, "-n", *words[1:]], cwd=ROOT, capture_output=True, check=False)
    assert told.returncode == 0, told.stderr.decode()


def test_the_readme_leads_from_two_files_to_a_running_bot(tmp_path: Path) -> None:
    strategies, accounts = blocks("toml")
    (tmp_path / "strategies.toml").write_text(strategies, encoding="utf-8")
    (tmp_path / "accounts.toml").write_text(accounts, encoding="utf-8")
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "CRYPTO_BOT_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT / "crypto_bot"),
    }
    told = [shlex.split(c)[1:] for c in commands() if c.startswith("crypto-bot ")]
    assert ["doctor"] in told
    for words in told:
        port = ["--port", "0"] if words[0] == "run" else []
        done = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", *words, *port],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        if words[:2] == ["strategies", "apply"]:
            assert "/hook/btc-trend/" in done.stdout


def test_every_verb_in_the_readme_is_one_of_the_command_line() -> None:
    verbs = set(re.findall(r"`crypto-bot ([a-z-]+)", README))
    known = set(cli.list_commands(Context(cli)))
    assert verbs
    assert verbs <= known, verbs - known


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_into_the_repository_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
