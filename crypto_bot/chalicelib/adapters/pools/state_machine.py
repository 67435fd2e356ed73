"""Trials on a stage: the state machine of infra/modules/sweeps hands them out in batches.

What the functions have found they put into the lake themselves, and there it is looked for. So it
is shown while the machine runs, and kept whatever becomes of the machine or of this process.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.domain.errors import SettingsError
from chalicelib.ports.clock import Clock
from chalicelib.ports.sweeps import SweepShelf

LOOK_AGAIN: Final = 2.0  # seconds
_BATCHES: Final = 20  # several for each function that runs at once, and something to show soon
_CANDLES_A_BATCH: Final = 50_000_000  # half a minute
_MOST_ITEMS: Final = 1000  # some 150 KB, and AWS takes 256 KB
_RUNNING: Final = "RUNNING"
_REFUSED: Final = frozenset({"BotFailed", "BotRefused", "SettingsError"})  # of the function's own
_AWAY: Final = frozenset({"SandboxBusy", "SandboxUnavailable"})
_GOES_ON: Final = "what was tried is kept, and the same command goes on"
_UNKNOWN: Final = frozenset({"StateMachineDoesNotExist", "InvalidArn"})

_Known = dict[Any, Task]


@dataclass(kw_only=True)
class StateMachinePool:
    """A TrialPool. `client` is one of Step Functions, `key` the sweep's, `length` its candles'.

    `put_question` is called before an execution is begun; `wait` takes seconds.
    """

    client: Any
    machine: str
    shelf: SweepShelf
    key: str
    length: int
    put_question: Callable[[], None]
    clock: Clock
    wait: Callable[[float], object]
    _execution: str = field(default="", init=False)
    _found: dict[Any, Trial] = field(default_factory=dict, init=False)

    def run(self, tasks: Sequence[Task], batch: int) -> Iterator[Trial]:  # noqa: ARG002 - calls cost
        """First what is there already, and what an execution finds that was left running.

        SettingsError or BotFailed where the machine could not do its work.
        """
        wanted = {_key(task): task for task in tasks}
        yield from self._arrived(wanted)
        for earlier in self._left_running() if wanted else ():
            yield from self._followed(earlier, wanted)
        if not wanted:
            return
        ended = yield from self._followed(self._begun(list(wanted.values())), wanted)
        if ended["status"] != "SUCCEEDED":
            raise _trouble(ended)
        if wanted:
            raise BotFailed(
                f"{len(wanted):,} of the trials did not come back: the log of the function"
                " sweep_batch says why, and the same command tries them again"
            )

    def close(self) -> None:
        """An execution is stopped: its owner has to pay for it, and nobody waits for it."""
        if self._execution:
            self.client.stop_execution(
                executionArn=self._execution, cause="the command that waited for it has ended"
            )

    def _arrived(self, wanted: _Known) -> Iterator[Trial]:
        """What is not wanted yet may be by the next run: those of an earlier sweep come at once."""
        self._found.update((_key(trial.task), trial) for trial in self.shelf.arrived())
        for key in [key for key in wanted if key in self._found]:
            del wanted[key]
            yield self._found.pop(key)

    def _followed(
        self, execution: str, wanted: _Known
    ) -> Generator[Trial, None, Mapping[str, Any]]:
        """How it ended, once all is read that was put away by then."""
        self._execution = execution
        while True:
            found: Mapping[str, Any] = self.client.describe_execution(executionArn=execution)
            yield from self._arrived(wanted)
            if found["status"] != _RUNNING:
                self._execution = ""
                return found
            self.wait(LOOK_AGAIN)

    def _left_running(self) -> list[str]:
        """Of this sweep: of a command that lost its network, or was killed."""
        try:
            pages = self.client.get_paginator("list_executions").paginate(
                stateMachineArn=self.machine, statusFilter=_RUNNING
            )
            return [
                found["executionArn"]
                for page in pages
                for found in page["executions"]
                if found["name"].startswith(f"{self.key}-")
            ]
        except ClientError as error:
            if error.response["Error"]["Code"] not in _UNKNOWN:
                raise
            raise SettingsError(
                f"there is no state machine {self.machine}: make infra makes it where"
                " sweeps = true in the stage's .tfvars, and make configure tells of it"
            ) from None

    def _begun(self, tasks: Sequence[Task]) -> str:
        run = f"{self.key}-{self.clock.now():%Y%m%dT%H%M%S%f}"
        self.put_question()
        given = {
            "sweep": self.key,
            "tasks": self.shelf.ask(tasks, run),
            "results": self.shelf.results(run),
            "batch": batch_size(len(tasks), self.length),
        }
        begun = self.client.start_execution(
            stateMachineArn=self.machine, name=run, input=json.dumps(given)
        )
        execution: str = begun["executionArn"]
        return execution


def batch_size(tasks: int, length: int) -> int:
    """How many of so many tasks a call is given, with so many candles."""
    return max(1, min(_MOST_ITEMS, _CANDLES_A_BATCH // length, -(-tasks // _BATCHES)))


def _key(task: Task) -> Any:
    return task.span, tuple(sorted(task.parameters.items()))


def _trouble(ended: Mapping[str, Any]) -> Exception:
    error, cause = ended.get("error", ""), ended.get("cause", "")
    if error in _REFUSED:
        return SettingsError(json.loads(cause)["errorMessage"])
    if error in _AWAY:
        return BotFailed(f"{json.loads(cause)['errorMessage']}; {_GOES_ON}")
    said = ": ".join(filter(None, (error, cause)))
    return BotFailed(
        f"the state machine ended as {ended['status']}{said and f' ({said})'}: the log of the"
        f" function sweep_batch says why; {_GOES_ON}"
    )
