"""Work that takes longer than an answer may: begun, looked at, and ended early."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


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
    """

    kind: str
    about: Mapping[str, str]
    words: Sequence[str]
    files: Mapping[str, str]
    result: str = ""
    read: Callable[[str], Any] = str
    says: bool = False
    seconds: float = 300.0


class Jobs(Protocol):
    """Jobs of this process; they end with it, and what they have stored stays."""

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
        """End them all."""
        ...
