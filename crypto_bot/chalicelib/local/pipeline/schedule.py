"""The embedded stand-in for the cloud's schedule of stages: a thread that runs them one by one.

What has failed is said and tried again; neither the other stages nor the trading wait for it.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

from chalicelib import bootstrap
from chalicelib.adapters.telemetry.correlation import correlated
from chalicelib.bootstrap.candles import candle_settings
from chalicelib.bootstrap.market import market_settings
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.series import series_settings
from chalicelib.domain.deployment.next_run import next_run
from chalicelib.domain.errors import ActionRefused, StoreUnavailable
from chalicelib.domain.market.stage_run import Outcome, StageRun
from chalicelib.domain.operation.market_notices import stage_failing
from chalicelib.local.pipeline.run_stage import alone, last_runs, run_stage
from chalicelib.local.pipeline.stages import STAGES
from chalicelib.services.operation.leave_notices import leave_notices

_LOG = logging.getLogger(__name__)
# What came to nothing need not wait for a day: the network of a laptop comes and goes.
_AGAIN: Final = timedelta(minutes=15)
# The clock of a machine that slept jumps; nobody tells this thread.
_LOOK: Final = 20.0


def stage_schedule() -> "StageSchedule | None":
    """Of the stages that MARKET_FUNCTIONS names; None where it names none of them.

    SettingsError for what none of them could work with, before anything has begun.
    """
    settings = bootstrap.settings()
    stages = [name for name in STAGES if name in settings.market_functions]
    if not stages:
        return None
    for read in (market_settings, candle_settings, series_settings):
        read()
    return StageSchedule(stages=stages, schedules=settings.market_schedules)


@dataclass(slots=True, kw_only=True)
class StageSchedule:
    """`stages` by name. `look` is how many seconds pass at most before it looks at the clock."""

    stages: Sequence[str]
    schedules: Mapping[str, str]
    look: float = _LOOK
    _runs: dict[str, StageRun] = field(default_factory=dict, init=False)
    _due: dict[str, datetime | None] = field(default_factory=dict, init=False)
    _stopping: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Run at once what is overdue by its record."""
        notices()  # made before the threads that will ask for it
        self._thread = Thread(target=self._run, name="stages", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the stage that is under way has come to the end of its piece of work."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def status(self) -> str:
        """One line: what did not go well, else what ran last."""
        runs = sorted(self._runs.values(), key=lambda run: run.ended_at)
        bad = [run for run in runs if run.outcome is not Outcome.DONE]
        if bad:
            return "stages: " + "; ".join(f"{r.stage} {r.outcome}: {r.trouble[0]}" for r in bad)
        if not runs:
            return ""
        return f"stages: {runs[-1].stage} {runs[-1].ended_at:%H:%M}, {runs[-1].rows} rows"

    def _run(self) -> None:
        self._runs = {name: run for name, run in _known().items() if name in self.stages}
        began = bootstrap.clock().now()
        for name in self.stages:
            self._due[name] = self._next(name, began)
        while not self._stopping.is_set():
            now = bootstrap.clock().now()
            for name in self._waiting(now):
                if self._stopping.is_set():
                    return
                self._attempt(name)
            self._stopping.wait(self.look)

    def _waiting(self, now: datetime) -> list[str]:
        """In the order in which one needs what another makes."""
        due = {name for name, at in self._due.items() if at is not None and at <= now}
        return [name for name in STAGES if name in due]

    def _next(self, name: str, now: datetime) -> datetime | None:
        """A rate begins now where it never ran; what a time of day missed is made up for."""
        run = self._runs.get(name)
        schedule = self.schedules[name]
        if run is None:
            return now if schedule.startswith("rate") else next_run(schedule, now)
        due = next_run(schedule, run.began_at)
        if run.outcome is not Outcome.DONE and not run.rows:
            return run.ended_at + _AGAIN if due is None else min(due, run.ended_at + _AGAIN)
        return due

    def _attempt(self, name: str) -> None:
        now = bootstrap.clock().now()
        with correlated(f"{name}-{now:%Y%m%dT%H%M%S}"):
            try:
                with alone():
                    run = run_stage(name, self._stopping)
            except ActionRefused as error:
                _LOG.info("%s waits: %s", name, error)
                return  # it is still due
            except Exception:  # noqa: BLE001 - the trading and the other stages go on
                _LOG.exception("%s failed", name)
                run = _unforeseen(name, now)
        self._runs[name] = run
        self._due[name] = self._next(name, now)
        for trouble in run.trouble:
            _LOG.warning("%s %s: %s", name, run.outcome, trouble)
        if run.failing_since is not None and run.outcome is Outcome.FAILED:
            told = stage_failing(name, run.failing_since, run.trouble[-1], run.ended_at)
            with suppress(StoreUnavailable):  # the next failure tells it
                leave_notices(notices(), [told])


def _known() -> dict[str, StageRun]:
    """None of them where the record cannot be read: then all of it is due."""
    try:
        return last_runs()
    except Exception as error:  # noqa: BLE001 - the stages can do their work all the same
        _LOG.warning("how the stages ran last is not known: %s", error)
        return {}


def _unforeseen(name: str, began_at: datetime) -> StageRun:
    kept = _known().get(name)
    if kept is not None and kept.began_at >= began_at:
        return kept
    at = bootstrap.clock().now()
    return StageRun(
        stage=name,
        began_at=began_at,
        ended_at=at,
        outcome=Outcome.FAILED,
        trouble=("the log has it",),
        failing_since=at,
    )
