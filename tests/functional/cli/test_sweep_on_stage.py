"""crypto-bot sweep --stage: the same report as here, out of trials of the stage's functions."""

import gzip
import json
from _thread import interrupt_main
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest

from chalicelib.domain.bots.refusals import BotRefused
from tests.functional.cli.swept_stage import (
    GRID,
    ON,
    PATIENCE,
    SweptStage,
    begun,
    handled,
    swept_stage,
)
from tests.functional.stage_on_aws import typed
from tests.functional.sweep_machine import MACHINE


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


def test_it_finds_what_this_machine_finds(
    stage: SweptStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.machine.throttled = 3
    on_stage = stage.sweep()
    assert on_stage["trials"] == 4
    # Each execution looks at the question, and hands out one at a time of so few.
    assert stage.handed_out == [0] * 4 + [1] * 4 + [0] + [1] * 4
    assert len(stage.machine.waits) == 3  # too many functions ran
    assert max(stage.machine.waits) <= 2**3
    assert stage.executions() == ["SUCCEEDED", "SUCCEEDED"]
    assert len(stage.objects("/question.gz")) == 1
    assert len(stage.objects("/results/")) == 2
    stage.machine.calls.clear()
    assert stage.sweep("--here", "--output", str(stage.folder / "t.jsonl")) == on_stage
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(stage.folder / "on another machine"))
    assert stage.sweep() == on_stage
    assert stage.machine.calls == []


def test_another_program_on_the_stage_is_told_at_once(stage: SweptStage) -> None:
    def of_another_program(event: Any) -> Any:
        [key] = stage.objects("/question.gz")
        head, end, rest = gzip.decompress(stage.lake.get(key) or b"").partition(b"\n")
        asked = json.dumps(json.loads(head) | {"program": "another"}).encode()
        stage.lake.put(key, gzip.compress(asked + end + rest))
        return handled(event)

    stage.machine.handler = of_another_program
    stage.sweep(code=2)
    assert stage.last_word.startswith(
        "the stage runs another version of this program than the one that asks, whose trials"
    )
    assert stage.handed_out == [0]
    assert stage.machine.waits == []
    assert stage.executions() == ["FAILED"]


def test_trials_that_did_not_come_back_are_tried_again(stage: SweptStage) -> None:
    def failing(event: Any) -> Any:
        if any(row["parameters"]["fast"] > 4 for row in event["Items"]):
            raise MemoryError("out of it")
        return handled(event)

    stage.machine.handler = failing
    stage.sweep(code=1)
    assert stage.last_word == (
        "2 of the trials did not come back: the log of the function sweep_batch says why, and the"
        " same command tries them again"
    )
    tries = Counter(json.dumps(call["Items"]) for call in stage.machine.calls)
    # At once, two batches sometimes begin moto's count of one of them again.
    assert [count >= 3 for count in tries.values()].count(True) == 2
    stage.machine.calls.clear()
    stage.machine.handler = handled
    assert stage.sweep()["trials"] == 4
    assert stage.handed_out[:4] == [0, 1, 1, 0]


def test_ctrl_c_stops_it_and_keeps_what_is_done(stage: SweptStage) -> None:
    pressed, ended = Lock(), Event()

    def interrupted(event: Any) -> Any:
        if any(row["parameters"]["fast"] > 4 for row in event["Items"]):
            stage.looked.wait(PATIENCE)
            if pressed.acquire(blocking=False):
                interrupt_main()
            ended.wait(PATIENCE)
            raise MemoryError
        return handled(event)

    stage.machine.handler = interrupted
    stage.sweep(code=130)
    ended.set()
    assert stage.last_word.startswith("stopped, on the stage, too; what was tried is kept in ")
    assert stage.executions() == ["ABORTED"]
    stage.machine.handler = handled
    assert stage.sweep()["trials"] == 4
    assert stage.executions() == ["SUCCEEDED", "SUCCEEDED", "ABORTED"]
    assert len(stage.objects("/tasks.json")) == 3
    [_, again, _] = [json.loads(stage.lake.get(key) or b"") for key in stage.objects("/tasks.json")]
    assert {row["parameters"]["fast"] for row in again} >= {5, 6}


def test_what_a_killed_command_left_running_is_waited_for(stage: SweptStage) -> None:
    def interrupted(_event: Any) -> Any:
        stage.looked.wait(PATIENCE)
        interrupt_main()
        raise BotRefused("never mind")

    stage.machine.handler = interrupted
    stage.sweep(code=130)

    def slow(event: Any) -> Any:
        """There is time for one trial, and then it is called again."""
        stage.looked.wait(PATIENCE)
        return handled(event, seconds=0)

    stage.machine.handler = slow
    stage.machine.calls.clear()
    stage.looked.clear()
    [tasks] = stage.objects("/tasks.json")
    _, key, _, run, _ = tasks.split("/")
    given = {"sweep": key, "tasks": tasks, "results": f"sweeps/{key}/runs/{run}/results"}
    stage.machines.start_execution(
        stateMachineArn=MACHINE, name=f"{key}-left", input=json.dumps(given | {"batch": 4})
    )
    assert stage.sweep()["trials"] == 4
    assert stage.handed_out[:6] == [0, 4, 4, 4, 4, 0]
    progress = [call.get("progress") for call in stage.machine.calls[1:5]]
    assert progress == [None, *({"first": n, "left": 4 - n} for n in (1, 2, 3))]
    assert stage.executions()[:2] == ["SUCCEEDED", "SUCCEEDED"]
    assert len(stage.objects("/tasks.json")) == 2


def test_what_is_of_this_machine_is_not_asked_of_a_stage(stage: SweptStage) -> None:
    stage.sweep("--processes", "2", code=2)
    assert stage.last_word == "--processes are those of this machine: with --stage add --here"
    assert stage.machine.calls == []


def test_a_stage_without_a_machine_says_so(stage: SweptStage) -> None:
    stage.configure("")
    stage.sweep(code=2)
    assert stage.last_word == (
        "stage prod has nothing to run sweeps on (docs/bots.md says how to switch it on); with"
        " --here they run on this machine, on the stage's candles"
    )
    gone = f"{MACHINE}-gone"
    stage.configure(gone)
    stage.sweep(code=2)
    assert stage.last_word == (
        f"there is no state machine {gone}: make infra makes it where sweeps = true in the"
        " stage's .tfvars, and make configure tells of it"
    )
    assert stage.machine.calls == []


def test_here_needs_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(tmp_path))
    told = typed("sweep", "sma-cross", *ON, *GRID, "--here")
    assert told.exit_code == 2
    assert told.stderr == "crypto-bot: --here is for the candles of a stage: give --stage, too\n"
