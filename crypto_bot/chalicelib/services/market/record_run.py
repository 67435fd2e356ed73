"""What a stage did -> [runs of stages], whoever ran it: a schedule, a function, a verb."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.stage_run import Outcome, StageRun
from chalicelib.market_ports.stage_runs import StageRuns
from chalicelib.ports import Clock


@dataclass(slots=True)
class RunUnderWay:
    """What the stage says of itself: `trouble` with parts of its work, `failure` of all of it.

    `ended` is the record, once it has.
    """

    rows: int = 0
    as_of: datetime | None = None
    trouble: tuple[str, ...] = ()
    failure: str = ""
    ended: StageRun = field(init=False)


@contextmanager
def recorded(stage: str, runs: StageRuns | None, clock: Clock) -> Iterator[RunUnderWay]:
    """Written and closed when the block ends, also by an error, which goes on.

    What the stage did counts, written down or not: a record that cannot be kept stops nothing.
    """
    run, began_at = RunUnderWay(), clock.now()
    try:
        yield run
    except BaseException as error:
        run.failure = str(error) or type(error).__name__
        raise
    finally:
        outcome = Outcome.PARTLY if run.trouble else Outcome.DONE
        ended = StageRun(
            stage=stage,
            began_at=began_at,
            ended_at=clock.now(),
            outcome=Outcome.FAILED if run.failure else outcome,
            rows=run.rows,
            trouble=(*run.trouble, *filter(None, [run.failure])),
            as_of=run.as_of,
        )
        run.ended = ended.after(None)
        if runs is not None:
            with suppress(StoreUnavailable):
                run.ended = ended.after(_before(stage, runs))
                runs.save(run.ended)
            runs.close()


def _before(stage: str, runs: StageRuns) -> StageRun | None:
    try:
        return runs.last(stage)
    except StoreUnavailable:  # it cannot be read, or the table is away: then nor can this be kept
        return None
