"""Work that takes longer than an answer may: begun, looked at, and ended early."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from chalicelib.domain.errors import ActionRefused

AT_ONCE: Final = 2
KEPT: Final = 20


class JobState(StrEnum):
    """How it stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`about` is the caller's own; `total` is 0 while it is not known how much there is to do.

    `error` says why it failed, `result` is what came of it.
    """

    id: str
    kind: str
    about: Mapping[str, str]
    began_at: datetime
    state: JobState = JobState.RUNNING
    done: int = 0
    total: int = 0
    error: str = ""
    result: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A verb of the command line. It finds `files` by name and text in the folder that it begins
    in, and leaves what is wanted of it in the file `result` there, of whose text `read` makes what
    is kept. Where `says`, it is the lines that it prints. After `seconds` it is ended.

    `asked` says the same as data, as JSON has it, for whoever does the work without that verb:
    options by the names that the verb has for them, and what else that one needs.
    """

    kind: str
    about: Mapping[str, str]
    words: Sequence[str]
    files: Mapping[str, str]
    result: str = ""
    read: Callable[[str], Any] = str
    says: bool = False
    seconds: float = 300.0
    asked: Mapping[str, Any] = field(default_factory=dict)


def check_room(running: Iterable[Job]) -> None:
    """ActionRefused where as many are under way as may be."""
    kinds = [job.kind for job in running]
    if len(kinds) >= AT_ONCE:
        told = " and ".join(f"a {kind}" for kind in kinds)
        raise ActionRefused(f"{told} are under way: wait for one of them, or abort it")


def told_to_page(sentence: str) -> str:
    """What an option is to a command line is a field to whoever reads this; what stands behind
    `crypto-bot` is a command, and is left as it is.
    """
    told, command, rest = sentence.partition("crypto-bot ")
    return told.replace("--", "") + command + rest


class WorkEnded(BaseException):
    """Nobody waits for the work any more. No `except Exception` on the way is meant by that."""


class Work(Protocol):
    """A job that has been taken on, by the one who does it."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def asked(self) -> Mapping[str, Any]: ...

    def tell(self, done: int, total: int) -> None:
        """How far it is. WorkEnded where it was aborted, or has taken all its time."""
        ...

    def go_on(self) -> None:
        """WorkEnded as above, looked at now: before something is kept."""
        ...

    def conclude(self, state: JobState, *, error: str = "", result: Any = None) -> None:
        """It is over; nothing happens where it was aborted meanwhile."""
        ...


class Jobs(Protocol):
    """Work that was begun here. In a process of its own it ends with this one, and what it has
    stored stays.
    """

    def begin(self, task: Task) -> Job:
        """ActionRefused where too many are under way."""
        ...

    def get(self, job_id: str) -> Job | None:
        """As it stands now; None where it is unknown, or ended long ago."""
        ...

    def all(self, kind: str) -> list[Job]:
        """Newest first."""
        ...

    def abort(self, job_id: str) -> Job | None:
        """Returns when it has ended; nothing happens to one that has ended before."""
        ...

    def close(self) -> None:
        """End those that are of this process."""
        ...
