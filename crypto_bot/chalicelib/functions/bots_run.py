"""The function that runs the deployed bots, woken by its schedule."""

import logging
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap import series as given
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.running_bots import running_deployments
from chalicelib.domain.operation.bot_notices import deployment_stopped
from chalicelib.functions.events import time_left
from chalicelib.services.bots.run_deployments import DeploymentRound
from chalicelib.services.bots.run_deployments import run_deployments as running
from chalicelib.services.market.record_run import recorded
from chalicelib.services.operation.leave_notices import leave_notices

if TYPE_CHECKING:
    from chalice.app import CloudWatchEvent

# Kept of a function's time for the bots that are asked, and what is written after them.
_NEEDED: Final = timedelta(seconds=45)

_LOG = logging.getLogger(__name__)


def run_bots(event: "CloudWatchEvent") -> dict[str, Any]:
    """All that run, as far as the time allows; the next run goes on from there."""
    clock = bootstrap.clock()
    until = clock.now() + time_left(event) - _NEEDED
    with (
        recorded("run_bots", given.stage_runs(), clock) as run,
        closing(given.time_series()) as store,
    ):
        rounds = running(running_deployments(store), until=until)
        run.rows = sum(each.wishes for each in rounds)
        run.as_of = min((each.as_of for each in rounds if each.as_of is not None), default=None)
        run.trouble = tuple(sentence for each in rounds for sentence in each.trouble)
    for each in rounds:
        _tell(each)
    return {
        "signals": run.rows,
        "candles": sum(each.candles for each in rounds),
        "behind": [each.name for each in rounds if not each.finished],
        "stopped": [each.name for each in rounds if each.stopped],
        "trouble": len(run.trouble),
    }


def _tell(done: DeploymentRound) -> None:
    for sentence in done.trouble:
        _LOG.warning("%s", sentence)
    for sentence in done.stopped:
        _LOG.error("%s", sentence, exc_info=done.failure)
    now = bootstrap.clock().now()
    leave_notices(notices(), [deployment_stopped(done.name, said, now) for said in done.stopped])
