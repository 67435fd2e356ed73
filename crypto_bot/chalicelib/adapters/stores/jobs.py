"""Jobs of a stage, whose work is done by a function: a row for each of the last twenty.

A row is taken again by a later job, so that nothing has to be deleted, and every write is one of a
version: two who begin a job, or two who take it on, cannot both be right. A function that is
started twice finds the job taken. One that dies leaves a job whose time is over, which is told as
failed, and is taken on by nobody after that.
"""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table
from chalicelib.ports.clock import Clock
from chalicelib.ports.jobs import KEPT, Job, JobState, Task, WorkEnded, check_room

_LOG = logging.getLogger(__name__)
PARTITION: Final = "jobs"
_RETRIES: Final = 9
_DIGITS: Final = 2  # of a row's number, which an id begins with
_TOLD_EVERY: Final = timedelta(seconds=2)
# By then a function has begun the work, or none will.
_BEGINS_WITHIN: Final = timedelta(minutes=5)
_LONGEST_ERROR: Final = 2_000  # a row has no room for all that may be wrong
_LAST: Final = timedelta(seconds=10)  # of a function's time, to say how it ended
_NEVER_BEGUN: Final = (
    "no function has begun it within five minutes: too many may be running, or its function is"
    " not there; begin it again"
)
_DIED: Final = (
    "its function has ended before the work had: it ran out of time or memory, and its log says"
    " which; try less at once"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """`asked` is JSON inside JSON, since it may hold floats. `until` is when whoever has taken it
    on has no time left, None before that.
    """

    id: str
    kind: str
    about: dict[str, str]
    asked: str
    seconds: int
    began_at: datetime
    state: JobState = JobState.RUNNING
    done: int = 0
    total: int = 0
    error: str = ""
    lines: tuple[str, ...] = ()
    until: datetime | None = None


class TableJobs:
    """`Jobs` over a table. `keep` is given the files of a job, and `call` then wakes the function
    that takes on the job of this id; what they raise is why that could not be.
    """

    def __init__(
        self,
        table: Table,
        clock: Clock,
        make_id: Callable[[], str],
        call: Callable[[str], None],
        keep: Callable[[str, Mapping[str, str]], None],
    ) -> None:
        self._table = table
        self._clock = clock
        self._make_id = make_id
        self._call = call
        self._keep = keep

    def begin(self, task: Task) -> Job:
        """See `Jobs`."""
        for _ in range(_RETRIES):
            with suppress(StoreConflict):
                return self._called(self._put(task), task)
        return self._called(self._put(task), task)

    def get(self, job_id: str) -> Job | None:
        """See `Jobs`."""
        row = self._row(job_id)
        return None if row is None else _job(_read(row), self._clock.now())

    def all(self, kind: str) -> list[Job]:
        """See `Jobs`."""
        now = self._clock.now()
        jobs = [_job(_read(row), now) for row in self._rows().values()]
        found = [job for job in jobs if job.kind == kind]
        return sorted(found, key=lambda job: job.began_at, reverse=True)

    def abort(self, job_id: str) -> Job | None:
        """See `Jobs`: from here on it counts for nothing, and its function ends within seconds."""
        while True:
            row = self._row(job_id)
            if row is None:
                return None
            job = _job(_read(row), self._clock.now())
            if job.state is not JobState.RUNNING:
                return job
            with suppress(StoreConflict):
                self._write(row, replace(_read(row), state=JobState.ABORTED))

    def close(self) -> None:
        """None of them is of this process."""

    def take_on(self, job_id: str, until: datetime) -> "TableWork | None":
        """By a function that has time until then. None where somebody else has, or nobody may."""
        row = self._row(job_id)
        if row is None or _read(row).until is not None:
            return None
        kept = _read(row)
        if _job(kept, self._clock.now()).state is not JobState.RUNNING:
            return None
        taken = replace(kept, until=until)
        try:
            row = self._write(row, taken)
        except StoreConflict:
            return None
        return TableWork(self._write, row, taken, self._clock, until)

    def _put(self, task: Task) -> str:
        """Its id. StoreConflict where somebody else was faster, and everything may be different."""
        rows, now = self._rows(), self._clock.now()
        jobs = {number: _job(_read(row), now) for number, row in rows.items()}
        check_room(job for job in jobs.values() if job.state is JobState.RUNNING)
        ended = [n for n, job in jobs.items() if job.state is not JobState.RUNNING]
        free = [n for n in range(KEPT) if n not in rows]
        number = free[0] if free else min(ended, key=lambda n: jobs[n].began_at)
        kept = _Kept(
            id=f"{number:0{_DIGITS}}{self._make_id()}",
            kind=task.kind,
            about=dict(task.about),
            asked=json.dumps(task.asked),
            seconds=int(task.seconds),
            began_at=now,
        )
        row = rows.get(number) or Row(
            partition=PARTITION, sort=f"{number:0{_DIGITS}}", document="", version=0
        )
        self._write(row, kept)
        return kept.id

    def _called(self, job_id: str, task: Task) -> Job:
        try:
            if task.files:
                self._keep(job_id, task.files)
            self._call(job_id)
        except Exception as error:
            row = self._row(job_id)
            if row is not None:
                with suppress(StoreConflict):
                    self._write(row, replace(_read(row), state=JobState.FAILED, error=str(error)))
            raise
        job = self.get(job_id)
        if job is None:
            raise StoreUnavailable(f"the job {job_id} is not there: begin it again")
        return job

    def _rows(self) -> dict[int, Row]:
        return {int(row.sort): row for row in self._table.query(PARTITION)}

    def _row(self, job_id: str) -> Row | None:
        number = job_id[:_DIGITS]
        row = self._table.get(PARTITION, number) if number.isdecimal() else None
        return row if row is not None and _read(row).id == job_id else None

    def _write(self, row: Row, kept: _Kept) -> Row:
        written = replace(row, document=encode(kept), version=row.version + 1)
        self._table.write([written])
        return written


class TableWork:
    """`Work` on a row."""

    def __init__(
        self,
        write: Callable[[Row, _Kept], Row],
        row: Row,
        kept: _Kept,
        clock: Clock,
        until: datetime,
    ) -> None:
        self.id: Final = kept.id
        self.kind: Final = kept.kind
        self.asked: Final[Mapping[str, Any]] = json.loads(kept.asked)
        self._write = write
        self._row = row
        self._kept = kept
        self._clock = clock
        self._told_at = clock.now()
        mine = timedelta(seconds=kept.seconds)
        self._late_at = min(self._told_at + mine, until - _LAST)

    def tell(self, done: int, total: int) -> None:
        """See `Work`; now and then it is written."""
        now = self._clock.now()
        if now < self._told_at + _TOLD_EVERY:
            return
        self._told_at = now
        self._kept = replace(self._kept, done=done, total=total)
        try:
            self.go_on()
        except StoreUnavailable as error:  # how far it is, is no reason to stop
            _LOG.warning("how far a %s is could not be written: %s", self.kind, error)

    def go_on(self) -> None:
        """See `Work`."""
        now = self._clock.now()
        if now >= self._late_at:
            took = f"{(now - self._kept.began_at).total_seconds():.0f} seconds"
            error = f"it took longer than it may, {took}, and was ended: try less at once"
            self.conclude(JobState.FAILED, error=error)
            raise WorkEnded(error)
        self._save()

    def conclude(self, state: JobState, *, error: str = "", result: Any = None) -> None:
        """See `Work`."""
        self._kept = replace(
            self._kept,
            state=state,
            error=error[:_LONGEST_ERROR],
            lines=tuple(result or ()),
            done=self._kept.total if state is JobState.DONE else self._kept.done,
        )
        with suppress(WorkEnded):
            self._save()

    def _save(self) -> None:
        try:
            self._row = self._write(self._row, self._kept)
        except StoreConflict:
            raise WorkEnded("it was aborted") from None


def _read(row: Row) -> _Kept:
    return decode(_Kept, row.document)


def _job(kept: _Kept, now: datetime) -> Job:
    """As it stands now: one whose function is gone says nothing of that by itself."""
    state, error = kept.state, kept.error
    if state is JobState.RUNNING and kept.until is None and now > kept.began_at + _BEGINS_WITHIN:
        state, error = JobState.FAILED, _NEVER_BEGUN
    if state is JobState.RUNNING and kept.until is not None and now > kept.until:
        state, error = JobState.FAILED, _DIED
    return Job(
        id=kept.id,
        kind=kept.kind,
        about=kept.about,
        began_at=kept.began_at,
        state=state,
        done=kept.done,
        total=kept.total,
        error=error,
        result=list(kept.lines) or None,
    )
