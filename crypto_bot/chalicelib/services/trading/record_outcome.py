"""One account's word on a signal goes into the signal's record; nobody else's word is lost."""

from collections.abc import Callable
from typing import Final

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.signal import Outcome, Signal, SignalStatus
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import open_plans

_RETRIES: Final = 5


def record_outcome(desk: Desk, signal_id: str, outcome: Outcome) -> None:
    """Write the account's word; StoreConflict if others keep writing at the same time."""
    rewrite_signal(desk, signal_id, lambda signal: signal.with_outcome(outcome))


def rewrite_signal(desk: Desk, signal_id: str, change: Callable[[Signal], Signal]) -> None:
    """Write what the account has to say, and with it where the signal stands now.

    What is final stays as it is. StoreConflict if others keep writing at the same time.
    """
    for _ in range(_RETRIES):
        signal = desk.ports.signals.get(signal_id)
        if signal is None or signal.status.is_final:
            return
        settled = change(signal).settled_for(desk.configuration.followers(signal.strategy))
        if settled == signal:
            return
        try:
            desk.ports.signals.update(settled)
        except StoreConflict:
            continue
        return
    raise StoreConflict(f"signal {signal_id} changes faster than anything can be written")


def record_planned(desk: Desk) -> None:
    """Show the signals of plans that go on in the next tick as PLANNED."""
    now = desk.ports.clock.now()
    state = desk.ports.plans.state(desk.name)
    for item in open_plans(desk.ports.plans, desk.ports.orders, state):
        for verdict in item.plan.verdicts:
            signal = desk.ports.signals.get(verdict.signal_id)
            if signal is not None and signal.outcome_for(desk.name) is None:
                outcome = Outcome(
                    account=desk.name,
                    status=SignalStatus.PLANNED,
                    reason="waits for its order",
                    at=now,
                    plan_id=item.plan.id,
                )
                record_outcome(desk, verdict.signal_id, outcome)
