"""crypto-bot sweep --stage of a bot in a file: its code runs where it may do nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.deployment.bot_functions import BOT_SANDBOX
from chalicelib.domain.deployment.policies import deployed_name
from chalicelib.domain.errors import SandboxBusy, SandboxUnavailable
from tests.functional.cli.swept_stage import SweptStage, begun, handled, swept_stage

MINE = """
from chalicelib.domain.bots import Bot, Param

class Other(Bot):
    def on_candle(self, ctx): ...

class Mine(Bot):
    warmup = 20
    fast = Param(3, 2, 30)
    slow = Param(20, 3, 90)

    def start(self, ctx):
        self.f, self.s = ctx.sma(self.fast), ctx.bollinger(self.slow)
        if self.fast == 5:
            [][1]
        try:
            with open("LEFT", "a") as left:
                left.write("here ")
        except OSError:
            pass

    def on_candle(self, ctx):
        if self.f.crossed_above(self.s.middle) and ctx.random.random() < 0.9:
            ctx.target(0.9)
        elif self.f.crossed_below(self.s.middle):
            ctx.target(0)
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SweptStage]:
    with swept_stage(tmp_path_factory.mktemp("clone")) as found:
        yield found


@pytest.fixture
def stage(
    serving: SweptStage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> SweptStage:
    return begun(serving, tmp_path, monkeypatch, caplog)


def own(stage: SweptStage, source: str = MINE) -> Path:
    """What code that could open a file has left behind."""
    left, file = stage.folder / "left.txt", stage.folder / "mine.py"
    file.write_text(source.replace("LEFT", str(left)), encoding="utf-8")
    stage.bot = f"{file}:Mine"
    left.touch()
    return left


def test_a_bot_of_ones_own_runs_where_it_may_do_nothing(stage: SweptStage) -> None:
    left = own(stage)
    on_stage = stage.sweep()
    assert on_stage["trials"] == 4
    assert list(on_stage["failed"].values()) == [1]
    assert stage.handed_out == [0] + [1] * 4 + [0] + [1] * 3
    assert stage.machine.calls[0]["at_once"] == 5
    assert stage.machine.sandboxed == len(stage.handed_out)
    # By the command itself, for the report: the chosen one's days, in-sample and out of it.
    assert left.read_text().split() == ["here"] * 2
    assert stage.sweep("--here", "--output", str(stage.folder / "t.jsonl")) == on_stage
    assert len(left.read_text().split()) == 2 + 3 + 3 + 2


def test_what_is_wrong_with_a_bot_of_ones_own_is_told_at_once(stage: SweptStage) -> None:
    own(stage, "import sqlite3\n" + MINE)
    stage.sweep(code=2)
    file = stage.bot.removesuffix(":Mine")
    assert re.match(rf"line 1, {re.escape(file)}: \w+Error: ", stage.last_word)
    assert stage.handed_out == [0]
    assert stage.executions() == ["FAILED"]
    stage.sweep("--here")


def test_more_candles_than_a_function_takes_are_refused_here(
    stage: SweptStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(stage)
    monkeypatch.setattr("chalicelib.adapters.sandboxes.packing.MOST_PACKED", 3_000)
    stage.sweep(code=2)
    assert stage.last_word == (
        "420 candles in one part are more than a function can be given at once, which is some"
        " 180,000: give --since, or --walk-forward, whose parts are shorter; with --here they run"
        " on this machine, on the stage's candles"
    )
    assert stage.machine.calls == []


def test_a_stage_without_the_function_for_code_says_so(stage: SweptStage) -> None:
    own(stage)
    name = deployed_name(BOT_SANDBOX, "prod")

    def without(_event: Any) -> Any:
        raise SandboxUnavailable(f"the function {name} cannot be called: ResourceNotFound")

    stage.machine.handler = without
    stage.sweep(code=1)
    assert stage.last_word == (
        f"the function {name} cannot be called: ResourceNotFound; what was tried is kept, and the"
        " same command goes on"
    )
    assert stage.handed_out == [0] * 3

    def busy_at_first(event: Any) -> Any:
        if len(stage.machine.calls) < 12:
            raise SandboxBusy(f"the function {name} cannot be called: TooManyRequestsException")
        return handled(event)

    stage.machine.calls.clear()
    stage.machine.handler = busy_at_first
    assert stage.sweep()["trials"] == 4
    assert stage.handed_out[:12] == [0] * 12
