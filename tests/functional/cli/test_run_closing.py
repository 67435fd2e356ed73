"""A verb that asks another venue for prices leaves no connection open when it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.running import configure


@pytest.mark.parametrize(
    "words", [("doctor",), ("preview", "paper"), ("accounts", "check", "paper")]
)
def test_a_verb_ends_without_a_word_about_connections(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    nowhere = "http://127.0.0.1:9/api/v3"
    urls = {"urls": {"api": {"public": nowhere, "private": nowhere}}}
    configure(tmp_path, account={"prices_from": "binance", "exchange_options": urls})
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.cli", *words, "--home", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "binance did not give" in done.stdout + done.stderr
    assert "release all resources" not in done.stderr
    assert "Unclosed" not in done.stderr
