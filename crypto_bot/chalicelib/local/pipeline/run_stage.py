"""One run of one stage: alone on this machine, recorded, and over soon after it is told to stop."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import market_settings
from chalicelib.bootstrap.series import series_settings, stage_runs
from chalicelib.domain.errors import (
    ActionRefused,
    CryptoBotError,
    SettingsError,
    StoreUnavailable,
)
from chalicelib.domain.market.stage_run import StageRun
from chalicelib.local.home import locked
from chalicelib.local.pipeline.stages import STAGES, StageStopped, StageWork
from chalicelib.market_ports.stage_runs import StageRuns
from chalicelib.services.market.record_run import recorded

_LOCK: Final = "stages.lock"
_STOPPED: Final = "it was told to stop; the next run goes on from there"


def untold(_done: int, _total: int) -> None:
    """For runs that nobody watches."""


@contextmanager
def alone() -> Iterator[None]:
    """ActionRefused while another process runs stages over this home folder.

    Of a stage on AWS nobody is kept out: its functions run when they are due.
    """
    if bootstrap.is_deployed():
        yield
        return
    with locked(bootstrap.home() / _LOCK) as is_ours:
        if not is_ours:
            raise ActionRefused(
                f"another process runs stages in {bootstrap.home()}, and two could undo what the"
                " other one writes; try again when it has ended"
            )
        yield


def run_stage(
    name: str,
    stopping: Event,
    *,
    since: datetime | None = None,
    told: Callable[[int, int], None] = untold,
) -> StageRun:
    """What of ours went wrong is in the record. Whatever else it raises is recorded and raised."""
    with recorded(name, _runs(), bootstrap.clock()) as run:
        try:
            STAGES[name](StageWork(run=run, stopping=stopping, since=since, told=told))
        except StageStopped:
            run.trouble += (_STOPPED,)
        except CryptoBotError as error:
            run.failure = str(error)
    return run.ended


def last_runs() -> dict[str, StageRun]:
    """By stage."""
    check_stores()
    runs = stage_runs()
    if runs is None:
        return {}
    with closing(runs):
        return {run.stage: run for run in runs.all()}


def check_stores() -> None:
    """SettingsError where data of a deployment would be mixed with that of this machine."""
    if not bootstrap.is_deployed():
        return
    given = {"LAKE_BUCKET": market_settings().lake_bucket, "SERIES_TABLE": series_settings().table}
    for name, value in given.items():
        if not value:
            raise SettingsError(
                f"{name} is not set for stage {bootstrap.settings().stage}; make configure sets it"
                " to what Terraform has made"
            )


def _runs() -> StageRuns | None:
    try:
        return stage_runs()
    except StoreUnavailable:  # the stage may do its work all the same
        return None
