"""Every command that the runbook and its neighbours tell to type exists and takes those words."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chalicelib import bootstrap
from chalicelib.cli.verbs import cli
from chalicelib.domain.errors import SettingsError

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")
OTHERS = [(DOCS / name).read_text(encoding="utf-8") for name in ("backup.md", "operation.md")]
ALARMS = (
    "TickHeartbeat",
    "OldestOpenSignalSec",
    "OrdersHeld",
    "UnknownOrderAgeSec",
    "LedgerDrift",
    "BreakerOpen",
    "KeyAuthErrors",
    "Webhook5xx",
    "SignalsQuarantined",
    "DailyLossStop",
    "Dead letters",
)


def told() -> list[str]:
    """In blocks and in the text."""
    text = "\n".join([RUNBOOK, *OTHERS])
    lines = re.findall(r"^crypto-bot .*$", text, re.MULTILINE)
    return sorted({*lines, *re.findall(r"`(crypto-bot [^`]+)`", text)})


@pytest.fixture(autouse=True)
def _untouched() -> Iterator[None]:
    yield
    bootstrap.reset()


def parse(line: str) -> None:
    """As far as click does before the verb itself is called; raises for what is wrong."""
    command: click.Command = cli
    words, context = shlex.split(line)[1:], click.Context(cli)
    while isinstance(command, click.Group) and not words[0].startswith("-"):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.make_context(command.name, words)


@pytest.mark.parametrize("line", told())
def test_a_command_of_the_runbook_is_understood(line: str) -> None:
    parse(line)


@pytest.mark.parametrize(
    "line", ["crypto-bot quarantine reply X", "crypto-bot resolve X --adoptt", "crypto-bot resolve"]
)
def test_a_mistyped_command_would_be_noticed(line: str) -> None:
    with pytest.raises((click.ClickException, SettingsError)):
        parse(line)


def test_each_alarm_has_a_section_with_a_command() -> None:
    sections = re.split(r"^### ", RUNBOOK, flags=re.MULTILINE)[1:]
    by_title = {section.splitlines()[0]: section for section in sections}
    for alarm in ALARMS:
        [title] = [title for title in by_title if title.startswith(alarm)]
        assert "```sh\ncrypto-bot " in by_title[title], title


def test_the_alarms_are_those_that_are_measured() -> None:
    from chalicelib.domain.operation.figures import FigureName

    assert {name.value for name in FigureName} <= set(ALARMS)
