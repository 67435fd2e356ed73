"""Where work is done that takes longer than an answer may."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.domain.errors import ActionRefused
from chalicelib.ports.jobs import Job, Jobs, Work

if TYPE_CHECKING:
    from chalicelib.adapters.job_files import JobFiles
    from chalicelib.adapters.job_function import JobFunction
    from chalicelib.adapters.stores.jobs import TableJobs
    from chalicelib.domain.bots.setup import Setup
    from chalicelib.services.bots.check_on_lake import CheckedOn
    from chalicelib.services.bots.find_bot import FoundBot

# Before the function is called, which the API may wait for with what is left of its own time.
_OF_FILES: Final[dict[str, Any]] = {"connect_timeout": 2.0, "read_timeout": 6.0, "attempts": 2}
# The function answers within this, or the gateway gives up before it does.
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 2.0, "read_timeout": 24.0, "attempts": 1}


def jobs(verb: str = "bots backtest") -> Jobs:
    """ActionRefused in a function on AWS, where the stage has none that works on them; `verb` is
    what does it elsewhere.
    """
    if not bootstrap.is_function():
        return _jobs()
    check_worked_on(verb)
    return _stage_jobs()


def check_worked_on(verb: str) -> None:
    """ActionRefused as above, with what has to be set."""
    from chalicelib.domain.deployment.bot_functions import WORK_ON_JOB

    settings = bootstrap.settings()
    if bootstrap.is_function() and WORK_ON_JOB not in settings.bot_functions:
        raise ActionRefused(
            f"stage {settings.stage} has no function for this: name {WORK_ON_JOB} in BOT_FUNCTIONS"
            " of its environment_variables in .chalice/config.json, then make infra, make configure"
            f" and make deploy; or run it on a machine of yours, with crypto-bot {verb}"
            f" --stage {settings.stage}"
        )


def result_of(job: Job) -> Any:
    """What came of it; None where that is kept no more."""
    return job_files().result(job.id) if bootstrap.is_function() else job.result


def taken_on(job_id: str, left: timedelta) -> Work | None:
    """By a function that has so much time; None where it is not its to do."""
    return _stage_jobs().take_on(job_id, bootstrap.clock().now() + left)


def kept_series() -> list[dict[str, Any]]:
    """Candles of the lake to try bots on; where this process may not look, its function does."""
    if bootstrap.is_function():
        check_worked_on("bots backtest")
        return _function().series()
    return series_of_the_lake()


def checked_by_function(found: "FoundBot", setup: "Setup") -> "CheckedOn":
    """What `check_bot` finds, where this process may not look at candles."""
    from chalicelib.adapters.sandboxes.whole_runs import check_told
    from chalicelib.services.bots.check_on_lake import CheckedOn

    check_worked_on("bots deploy")
    venue, check = _function().check(
        {
            "bot": found.name,
            "version": "" if found.number is None else str(found.number),
            "instruments": list(setup.instruments),
            "interval": setup.interval.value,
            "parameters": dict(setup.parameters),
        }
    )
    return CheckedOn(setup, venue, None if check is None else check_told(check))


def series_of_the_lake() -> list[dict[str, Any]]:
    """The same, where this process may look."""
    from chalicelib.bootstrap.candles import candle_lake
    from chalicelib.services.market.list_series import list_series

    return list_series(candle_lake(), bootstrap.workers())


@bootstrap.made_once
def job_files() -> "JobFiles":
    """What jobs of a stage were sent, and came to."""
    from chalicelib.adapters.job_files import JobFiles
    from chalicelib.adapters.lakes.s3 import S3Lake
    from chalicelib.bootstrap.market import market_settings

    return JobFiles(S3Lake(bootstrap.aws("s3", **_OF_FILES), market_settings().lake_bucket))


def of_here() -> list[str]:
    """Options by which a verb works on the same state as this process."""
    if bootstrap.choices().from_outside:
        return [f"--stage={bootstrap.settings().stage.value}"]
    return [f"--home={bootstrap.home_folder().resolve()}"]


@bootstrap.made_once
def _jobs() -> Jobs:
    from chalicelib.adapters.job_processes import JobProcesses

    made = JobProcesses(bootstrap.clock(), lambda: secrets.token_hex(8))
    bootstrap.closed_at_the_end(made)
    return made


@bootstrap.made_once
def _stage_jobs() -> "TableJobs":
    from chalicelib.adapters.stores.jobs import TableJobs

    return TableJobs(
        bootstrap.table(),
        bootstrap.clock(),
        lambda: secrets.token_hex(8),
        lambda job_id: _function().wake(job_id),
        lambda job_id, files: job_files().keep(job_id, files),
    )


@bootstrap.made_once
def _function() -> "JobFunction":
    from chalicelib.adapters.job_function import JobFunction
    from chalicelib.domain.deployment.bot_functions import WORK_ON_JOB
    from chalicelib.domain.deployment.policies import deployed_name

    stage = bootstrap.settings().stage
    client = bootstrap.aws("lambda", **_PATIENCE)
    return JobFunction(client, deployed_name(WORK_ON_JOB, stage), stage)
