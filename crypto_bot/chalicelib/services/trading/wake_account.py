"""The owner's action -> the account is due, so that the next tick looks at it."""

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import StoreConflict
from chalicelib.ports import PlanStore

_ATTEMPTS = 5


def wake_account(plans: PlanStore, account: str, now: datetime) -> None:
    """Sets `due_at` to now unless it is earlier. StoreConflict if others keep winning the write."""
    for attempt in range(1, _ATTEMPTS + 1):
        state = plans.state(account)
        if state.due_at is not None and state.due_at <= now:
            return
        try:
            plans.save_state(replace(state, due_at=now))
        except StoreConflict:
            if attempt == _ATTEMPTS:
                raise
        else:
            return
