"""Where work is done that takes longer than an answer may."""

import secrets

from chalicelib import bootstrap
from chalicelib.domain.errors import ActionRefused
from chalicelib.ports.jobs import Jobs


def jobs() -> Jobs:
    """ActionRefused in a function on AWS, which has ended before they would."""
    if bootstrap.is_function():
        raise ActionRefused(
            "a function on AWS has no time for this: run it on a machine of yours, with the verbs"
            " crypto-bot bots backtest, bots check and replay, or in crypto-bot run"
        )
    return _jobs()


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
