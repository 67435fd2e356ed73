"""[runs of stages], schedules -> how each stage of the market data is doing."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.deployment.next_run import next_run
from chalicelib.domain.market.stage_run import StageRun
from chalicelib.market_ports.stage_runs import StageRuns


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """`schedule` '' and `next_at` None: nothing runs it by itself. `run` None: it never ran."""

    stage: str
    schedule: str
    next_at: datetime | None
    run: StageRun | None


def report_stages(
    stages: Iterable[str],
    runs: StageRuns | None,
    schedules: Mapping[str, str],
    switched_on: Collection[str],
    now: datetime,
) -> list[StageReport]:
    """In the order of `stages`; after them what else has left a record."""
    known = {} if runs is None else {run.stage: run for run in runs.all()}
    names = list(dict.fromkeys([*stages, *known]))
    return [
        _report(name, known.get(name), schedules.get(name, ""), is_on=name in switched_on, now=now)
        for name in names
    ]


def _report(
    stage: str, run: StageRun | None, schedule: str, *, is_on: bool, now: datetime
) -> StageReport:
    if not is_on or not schedule:
        return StageReport(stage=stage, schedule="", next_at=None, run=run)
    began = now if run is None else run.began_at
    return StageReport(stage=stage, schedule=schedule, next_at=next_run(schedule, began), run=run)
