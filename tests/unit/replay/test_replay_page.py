"""docs/replay.md says what the command takes and what the code assumes."""

from pathlib import Path

import click

from chalicelib.cli.replaying import replay
from chalicelib.domain.replay.report import ASSUMPTIONS

PAGE = (Path(__file__).parents[3] / "docs" / "replay.md").read_text(encoding="utf-8")


def test_every_assumption_is_on_the_page() -> None:
    section = PAGE.split("## What is assumed")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert rows == ["| | |", *(f"| {name} | {words} |" for name, words in ASSUMPTIONS)]


def test_every_option_is_on_the_page() -> None:
    options = {option.opts[-1] for option in replay.params if isinstance(option, click.Option)}
    missing = {name for name in options - {"--home", "--stage"} if name not in PAGE}
    assert missing == set()
