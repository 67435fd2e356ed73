"""What a wish leaves in the stance of its strategy once it is applied."""

from decimal import Decimal
from typing import Any

from chalicelib.domain.trading.plan import Stance
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.domain.trading.wishes import Wish


def applied(wish: Wish, stance: Stance) -> dict[str, Any]:
    """What older signals are measured by: an order that has waited is none the newer for that."""
    newest = wish.latest
    if newest.order is not None:
        return {
            "applied_at": stance.applied_at,
            "stepped_over": stance.stepped_over,
            "signal_id": stance.signal_id,
            "keeps": stance.keeps,
            "ordered_at": max(newest.fired_at, stance.ordered_at or newest.fired_at),
        }
    return {
        "applied_at": newest.fired_at,
        "stepped_over": _steps_over(wish, stance),
        "signal_id": newest.id,
        "keeps": newest.keeps,
        "ordered_at": stance.ordered_at,
    }


def told_quantity(wish: Wish, before: Stance, state: DesiredState) -> Decimal | None:
    """What the sender reckons that it holds now, as far as it has said so."""
    if state is not DesiredState.LONG:
        return None
    if wish.latest.holds is not None:
        return wish.latest.holds
    if wish.sets_state or before.told_quantity is None:
        return None
    return before.told_quantity * wish.ratio


def _steps_over(wish: Wish, stance: Stance) -> bool:
    previous = wish.latest.previous_state
    if previous is None:
        return False
    return (previous is DesiredState.LONG) is not (stance.told is DesiredState.LONG)
