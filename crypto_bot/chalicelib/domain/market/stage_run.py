"""How a stage of the market data ran last, and since when it has been well or not."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """`PARTLY`: some of it could not be done, and the next run tries again."""

    DONE = "done"
    PARTLY = "partly"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """`rows` is what the run wrote, `as_of` up to when the data goes that the stage has made.

    `done_at` is the end of the last run that was all done, `failing_since` the end of the first one
    since then that was not.
    """

    stage: str
    began_at: datetime
    ended_at: datetime
    outcome: Outcome
    rows: int = 0
    trouble: tuple[str, ...] = ()
    as_of: datetime | None = None
    done_at: datetime | None = None
    failing_since: datetime | None = None

    @property
    def duration(self) -> timedelta:
        """How long it took."""
        return self.ended_at - self.began_at

    def lag(self, now: datetime) -> timedelta | None:
        """How far what was made lies behind; None where nothing says so."""
        return None if self.as_of is None else now - self.as_of

    def after(self, before: "StageRun | None") -> "StageRun":
        """With what only the runs before can tell."""
        known = None if before is None else before.as_of
        as_of = self.as_of or known
        if self.outcome is Outcome.DONE:
            return replace(self, as_of=as_of, done_at=self.ended_at, failing_since=None)
        return replace(
            self,
            as_of=as_of,
            done_at=None if before is None else before.done_at,
            failing_since=(before and before.failing_since) or self.ended_at,
        )
