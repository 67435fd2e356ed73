"""Signals that planning fails on are counted, and given up for the account after some tries."""

from collections.abc import Iterable

from chalicelib.domain.trading.isolation import Failing
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.record_outcome import rewrite_signal


def quarantine_signals(desk: Desk, failing: Iterable[Failing]) -> None:
    """Count one failure more of each; the last of them is the account's word on the signal.

    Written before anything else is decided: whatever happens then, it has been tried.
    """
    for each in failing:
        _count(desk, each)


def _count(desk: Desk, failing: Failing) -> None:
    now = desk.ports.clock.now()
    rewrite_signal(
        desk, failing.signal.id, lambda signal: signal.with_failure(desk.name, failing.why, now)
    )
