"""What the venue said about silence is written down, so that no later tick asks before its time."""

from dataclasses import replace

from chalicelib.domain.errors import StoreConflict
from chalicelib.services.trading.desk import Desk

_ATTEMPTS = 5


def keep_silence(desk: Desk) -> bool:
    """Whether the venue wants silence now; the account is due again when that ends."""
    until = desk.exchange.until
    if until is None or not desk.exchange.is_silent:
        return False
    for attempt in range(1, _ATTEMPTS + 1):
        state = desk.ports.plans.state(desk.name)
        if state.blocked_until is not None and state.blocked_until >= until:
            break
        because = desk.exchange.because
        try:
            desk.ports.plans.save_state(
                replace(state, blocked_until=until, blocked_because=because, due_at=until)
            )
        except StoreConflict:
            if attempt == _ATTEMPTS:
                raise
        else:
            break
    return True
