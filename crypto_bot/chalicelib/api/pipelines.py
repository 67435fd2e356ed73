"""Routes about the stages of market data: how each ran last, and what is wrong with it."""

from typing import TYPE_CHECKING, Any

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.services.market.report_stages import StageReport

blueprint = Blueprint(__name__)
routes = Routes(blueprint)


@routes.reads(
    "/pipelines", answer={"properties": {"stages": {"type": "array", "items": {"type": "object"}}}}
)
def list_stages(_asked: Asked) -> dict[str, Any]:
    """Every stage with its last run: rows, lag, trouble, since when it fails, when it is next due.

    `lag` is in seconds: how far what the stage has made lies behind. `command` runs it by hand.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.charts import read_stage_runs
    from chalicelib.domain.deployment.market_functions import MARKET_FUNCTIONS
    from chalicelib.services.market.report_stages import report_stages

    settings, now = bootstrap.settings(), bootstrap.clock().now()
    with read_stage_runs() as runs:
        reports = report_stages(
            MARKET_FUNCTIONS, runs, settings.market_schedules, settings.market_functions, now
        )
    stage = f" --stage {settings.stage}" if bootstrap.is_deployed() else ""
    return {"stages": [_row(report, stage, now) for report in reports]}


def _row(report: "StageReport", where: str, now: "datetime") -> dict[str, Any]:
    run = report.run
    row: dict[str, Any] = {
        "stage": report.stage,
        "schedule": report.schedule,
        "next_at": report.next_at,
        "command": _command(report.stage) + where,
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
    """The verb that runs it once."""
    if stage == "collect_trades":
        return "crypto-bot collect-trades"
    if stage == "summarize_trades":
        return "crypto-bot worker summarise --once"
    return f"crypto-bot pipeline run {stage}"
