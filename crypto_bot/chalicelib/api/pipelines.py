"""Routes about the stages of market data: how each ran last, what is wrong, and a run by hand."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes
from chalicelib.api.answers import Answer, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.ports.jobs import Job
    from chalicelib.services.market.report_stages import StageReport

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_KIND: Final = "stage"
_LONGEST: Final = 3_600.0  # seconds: a first collecting takes long, and a run may be aborted
_JOB: Final = {"properties": {"id": {"type": "string"}, "state": {"type": "string"}}}
# Those that a verb of their own runs, and not `pipeline run`.
_VERBS: Final = {
    "collect_trades": "crypto-bot collect-trades",
    "summarize_trades": "crypto-bot worker summarise --once",
}


@routes.reads(
    "/pipelines", answer={"properties": {"stages": {"type": "array", "items": {"type": "object"}}}}
)
def list_stages(_asked: Asked) -> dict[str, Any]:
    """Every stage with its last run: rows, lag, trouble, since when it fails, when it is next due.

    `lag` is in seconds: how far what the stage has made lies behind. `command` runs it by hand, ''
    where nothing but its schedule does. `can_run`: POST /pipelines/{stage}/run does it here, and
    `job` is the last run that was begun so, null where none was. The function that runs the bots is
    among them where the stage has it.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.charts import read_stage_runs
    from chalicelib.bootstrap.jobs import jobs
    from chalicelib.services.market.report_stages import report_stages

    settings, now = bootstrap.settings(), bootstrap.clock().now()
    with read_stage_runs() as runs:
        reports = report_stages(
            _stages(),
            runs,
            {**settings.market_schedules, **settings.bot_schedules},
            settings.opted_functions,
            now,
        )
    begun = {job.about["stage"]: job for job in reversed(jobs().all(_KIND))}
    return {"stages": [_row(report, begun.get(report.stage), now) for report in reports]}


@routes.acts("/pipelines/{stage}/run", confirm=False, good=202, answer=_JOB)
def run(_asked: Asked, stage: str) -> Answer:
    """Run a stage once now, in a process of its own, as `crypto-bot pipeline run` does.

    The answer is a job: GET /jobs/{id} says how it stands, POST /jobs/{id}/abort ends it early. Two
    stages never run at once over one home folder: the second is refused in its job's `error`.
    """
    from chalicelib.api.bot_words import job_row
    from chalicelib.bootstrap.charts import check_rights
    from chalicelib.bootstrap.jobs import jobs, of_here
    from chalicelib.ports.jobs import JobState, Task

    check_rights()
    if stage not in _stages():
        raise Refused(404, f"there is no stage {stage[:40]!r}; GET /pipelines lists them")
    if not _can_run(stage):
        by_hand = _command(stage) or "its schedule"
        raise Refused(409, f"{stage} is not run from here; what runs it is {by_hand}")
    running = [job for job in jobs().all(_KIND) if job.state is JobState.RUNNING]
    if any(job.about["stage"] == stage for job in running):
        raise Refused(409, f"{stage} runs already; wait until it has ended, or abort it")
    task = Task(
        kind=_KIND,
        about={"stage": stage},
        words=["pipeline", "run", *of_here(), "--", stage],
        files={},
        seconds=_LONGEST,
    )
    begun = {"status": "done", "done": f"a run of {stage} has begun"}
    return Answer({**begun, **job_row(jobs().begin(task))}, status=202)


def _stages() -> tuple[str, ...]:
    """Those of market data, and the function of bots where there is one."""
    from chalicelib import bootstrap
    from chalicelib.domain.deployment.market_functions import MARKET_FUNCTIONS

    settings = bootstrap.settings()
    of_bots = [name for name in settings.bot_schedules if name in settings.bot_functions]
    return (*MARKET_FUNCTIONS, *of_bots)


def _can_run(stage: str) -> bool:
    from chalicelib.domain.deployment.market_functions import MARKET_FUNCTIONS

    return stage in MARKET_FUNCTIONS and stage not in _VERBS


def _row(report: "StageReport", job: "Job | None", now: "datetime") -> dict[str, Any]:
    from chalicelib.api.bot_words import job_row

    run = report.run
    row: dict[str, Any] = {
        "stage": report.stage,
        "schedule": report.schedule,
        "next_at": report.next_at,
        "command": _command(report.stage),
        "can_run": _can_run(report.stage),
        "job": None if job is None else job_row(job),
    }
    if run is None:
        return row | {"outcome": "never"}
    lag = run.lag(now)
    return row | {
        "outcome": run.outcome,
        "began_at": run.began_at,
        "ended_at": run.ended_at,
        "seconds": round(run.duration.total_seconds(), 1),
        "rows": run.rows,
        "as_of": run.as_of,
        "lag": None if lag is None else round(lag.total_seconds()),
        "done_at": run.done_at,
        "failing_since": run.failing_since,
        "trouble": run.trouble,
    }


def _command(stage: str) -> str:
    """The verb that runs it once; '' where none does."""
    from chalicelib import bootstrap

    verb = f"crypto-bot pipeline run {stage}" if _can_run(stage) else _VERBS.get(stage, "")
    where = f" --stage {bootstrap.settings().stage}" if bootstrap.is_deployed() else ""
    return verb and verb + where
