"""crypto-bot sweep --stage: the same report as here, out of trials of the stage's functions."""

import gzip
import json
import logging
from _thread import interrupt_main
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest
from botocore import handlers
from click.testing import Result

from chalicelib import bootstrap
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import work_on
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.functions import sweeping
from chalicelib.settings import Stage
from tests.functional.cli.test_backtesting import keep, wave
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.sweep_machine import MACHINE, SweepMachine
from tests.functional.test_tick_events import Context

BUCKET = "crypto-bot-prod-lake-123456789012"
SWEEP = ("sweep", "sma-cross", "--instrument", "BTC/USDT", "--interval", "1h")
GRID = ("--param", "fast=3:6:1", "--param", "slow=20")  # four combinations, all among the ten best
PATIENCE = 120  # seconds, where a fraction of one is usual


def handled(event: Any, seconds: float = 300) -> Any:
    """By the function, which has so many seconds."""
    return sweeping.sweep_batch(event, Context(seconds=seconds))


@dataclass(kw_only=True)
class SweptStage:
    """Prod with 600 hours in its lake; `folder` is a test's own, and so is the owner's home."""

    on_aws: OnAws
    machine: SweepMachine
    looked: Event = field(default_factory=Event)  # the command, how its execution is doing
    folder: Path = field(init=False)
    said: Result = field(init=False)
    _before: int = 0

    def begin(self, folder: Path) -> None:
        """With a lake in which nobody has asked anything."""
        self.folder = folder
        for key in self.objects(""):
            self.lake.delete(key)
        self.machine.handler = handled
        self.machine.calls.clear()
        self.machine.waits.clear()
        self.looked.clear()
        self._before = len(self._executions())
        self.configure(MACHINE)

    def configure(self, machine: str) -> None:
        given = outputs_of("prod", sweep_machine_arn=machine)
        told = typed("configure", "prod", "--outputs", "-", given=json.dumps(given))
        assert told.exit_code == 0, told.output

    def sweep(self, *words: str, code: int = 0) -> Any:
        """What JSON has of it; None where it failed."""
        file = self.folder / "sweep.json"
        file.unlink(missing_ok=True)
        self.said = self.on_aws.run(*SWEEP, *GRID, *words, "--json", str(file), code=code)
        return json.loads(file.read_text()) if file.exists() else None

    @property
    def last_word(self) -> str:
        return self.said.stderr.splitlines()[-1].removeprefix("crypto-bot: ")

    @cached_property
    def lake(self) -> S3Lake:
        return S3Lake(self.on_aws.client("s3"), BUCKET)

    @cached_property
    def machines(self) -> Any:
        return self.on_aws.client("stepfunctions")

    def objects(self, part: str) -> list[str]:
        return [kept.key for kept in self.lake.objects("sweeps/") if part in kept.key]

    def executions(self) -> list[str]:
        """How each has ended, newest first."""
        for _ in range(PATIENCE * 50):
            if "RUNNING" not in self._executions():
                break
            Event().wait(0.02)
        ended = self._executions()
        return ended[: len(ended) - self._before]

    def _executions(self) -> list[str]:
        listed = self.machines.list_executions(stateMachineArn=MACHINE)
        return [found["status"] for found in listed["executions"]]

    @property
    def handed_out(self) -> list[int]:
        """How many items each call was given."""
        return [len(event["Items"]) for event in self.machine.calls]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SweptStage]:
    clone, machine = tmp_path_factory.mktemp("clone") / "clone", SweepMachine(handler=handled)
    with pytest.MonkeyPatch.context() as patch, stage_on_aws(clone, patch) as on_aws:
        patch.setattr("chalicelib.adapters.pools.state_machine.LOOK_AGAIN", 0.05)
        stage = SweptStage(on_aws=on_aws, machine=machine)
        where = {"LocationConstraint": "eu-west-1"}
        on_aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        work_on(Stage.PROD)
        keep(wave(600))
        bootstrap.use(Choices())
        with machine.serving(BUCKET, patch):
            yield stage


@pytest.fixture
def stage(
    serving: SweptStage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> SweptStage:
    caplog.set_level(logging.ERROR, logger="moto")  # it tells each step at great length
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(tmp_path / "home"))
    serving.begin(tmp_path)
    looking = ("provide-client-params.*.DescribeExecution", lambda **_: serving.looked.set())
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, looking])
    return serving


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
    file = stage.folder / "mine.py"
    assert stage.on_aws.refusal("sweep", str(file), "--param", "fast") == (
        f"sweeps of {file} cannot run on stage prod: its function may read the lake, and runs only"
        " bots that come with the program; with --here they run on this machine, on the stage's"
        " candles"
    )
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
    told = typed(*SWEEP, *GRID, "--here")
    assert told.exit_code == 2
    assert told.stderr == "crypto-bot: --here is for the candles of a stage: give --stage, too\n"
