"""What a stage's record remembers of the runs before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.domain.market.stage_run import Outcome, StageRun

NOON = datetime(2024, 8, 8, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def run(minute: int, outcome: Outcome, as_of: datetime | None = None) -> StageRun:
    return StageRun(
        stage="load_candles",
        began_at=NOON + minute * MINUTE,
        ended_at=NOON + minute * MINUTE + MINUTE / 2,
        outcome=outcome,
        as_of=as_of,
    )


def test_the_first_run_knows_of_no_other() -> None:
    done = run(0, Outcome.DONE, NOON).after(None)
    assert (done.done_at, done.failing_since, done.as_of) == (done.ended_at, None, NOON)
    failed = run(0, Outcome.FAILED).after(None)
    assert (failed.done_at, failed.failing_since, failed.as_of) == (None, failed.ended_at, None)
    assert done.duration == MINUTE / 2


def test_a_run_that_was_done_fails_no_longer_whatever_it_was_taken_for() -> None:
    failing = replace(run(0, Outcome.DONE), failing_since=NOON)
    assert failing.after(None).failing_since is None


def test_a_failure_remembers_since_when_and_when_it_was_well() -> None:
    done = run(0, Outcome.DONE, NOON).after(None)
    partly = run(1, Outcome.PARTLY).after(done)
    failed = run(2, Outcome.FAILED, NOON + MINUTE).after(partly)
    assert (partly.done_at, partly.failing_since) == (done.ended_at, partly.ended_at)
    assert (failed.done_at, failed.failing_since) == (done.ended_at, partly.ended_at)
    assert (partly.as_of, failed.as_of) == (NOON, NOON + MINUTE)
    well = run(3, Outcome.DONE).after(failed)
    assert (well.done_at, well.failing_since) == (well.ended_at, None)
    assert well.lag(NOON + 5 * MINUTE) == 4 * MINUTE
    assert run(4, Outcome.DONE).after(None).lag(NOON) is None
