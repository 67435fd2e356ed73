"""A stage on moto that runs sweeps: its lake, its state machine, and the functions behind it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from botocore import handlers
from click.testing import Result

from chalicelib import bootstrap
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import work_on
from chalicelib.functions import sweeping
from chalicelib.settings import Stage
from tests.functional.cli.test_backtesting import keep, wave
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.sweep_machine import MACHINE, SweepMachine
from tests.functional.test_tick_events import Context

BUCKET = "crypto-bot-prod-lake-123456789012"
ON = ("--instrument", "BTC/USDT", "--interval", "1h")
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

    bot: str = "sma-cross"

    def begin(self, folder: Path) -> None:
        """With a lake in which nobody has asked anything."""
        self.folder = folder
        for key in self.objects(""):
            self.lake.delete(key)
        self.machine.handler = handled
        self.machine.calls.clear()
        self.machine.waits.clear()
        self.machine.sandboxed = 0
        self.bot = "sma-cross"
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
        typed = ("sweep", self.bot, *ON, *GRID, *words, "--json", str(file))
        self.said = self.on_aws.run(*typed, code=code)
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


@contextmanager
def swept_stage(folder: Path) -> Iterator[SweptStage]:
    """With 600 hours of BTC/USDT."""
    machine = SweepMachine(handler=handled)
    with pytest.MonkeyPatch.context() as patch, stage_on_aws(folder / "clone", patch) as on_aws:
        patch.setattr("chalicelib.adapters.pools.state_machine.LOOK_AGAIN", 0.05)
        stage = SweptStage(on_aws=on_aws, machine=machine)
        where = {"LocationConstraint": "eu-west-1"}
        on_aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        work_on(Stage.PROD)
        keep(wave(600))
        bootstrap.use(Choices())
        with machine.serving(BUCKET, patch):
            yield stage


def begun(
    stage: SweptStage, folder: Path, patch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> SweptStage:
    """For one test, with a home of its own."""
    caplog.set_level(logging.ERROR, logger="moto")  # it tells each step at great length
    patch.setenv("CRYPTO_BOT_HOME", str(folder / "home"))
    stage.begin(folder)
    looking = ("provide-client-params.*.DescribeExecution", lambda **_: stage.looked.set())
    patch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, looking])
    return stage
