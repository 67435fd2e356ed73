"""An observation -> the ten figures that alarms are set on; more would cost money on CloudWatch."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.operation.conditions import (
    DAILY_LOSS_CODES,
    KEYS_REFUSED,
    open_breakers,
    unknown_since,
)
from chalicelib.domain.operation.observation import Observation


class FigureName(StrEnum):
    """Their names on every stage."""

    TICK_HEARTBEAT = "TickHeartbeat"
    OLDEST_OPEN_SIGNAL_SEC = "OldestOpenSignalSec"
    ORDERS_HELD = "OrdersHeld"
    UNKNOWN_ORDER_AGE_SEC = "UnknownOrderAgeSec"
    LEDGER_DRIFT = "LedgerDrift"
    BREAKER_OPEN = "BreakerOpen"
    KEY_AUTH_ERRORS = "KeyAuthErrors"
    WEBHOOK_5XX = "Webhook5xx"
    SIGNALS_QUARANTINED = "SignalsQuarantined"
    DAILY_LOSS_STOP = "DailyLossStop"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureKind:
    """`counts` is for what adds up over time; the rest is how things stand."""

    name: FigureName
    meaning: str
    counts: bool = False

    @property
    def unit(self) -> str:
        """CloudWatch's word."""
        return "Seconds" if self.name.endswith("Sec") else "Count"


FIGURES: Final = (
    FigureKind(name=FigureName.TICK_HEARTBEAT, meaning="ticks that ended well", counts=True),
    FigureKind(
        name=FigureName.OLDEST_OPEN_SIGNAL_SEC,
        meaning="age of the oldest signal that is due and has no last word",
    ),
    FigureKind(name=FigureName.ORDERS_HELD, meaning="orders that wait for the owner's word"),
    FigureKind(
        name=FigureName.UNKNOWN_ORDER_AGE_SEC,
        meaning="age of the oldest order that was sent and whose fate is not known",
    ),
    FigureKind(
        name=FigureName.LEDGER_DRIFT,
        meaning="instruments of which strategies own more than the venue holds, where an order "
        "rests that may be another bot's, or of which an order cannot be booked or concluded",
    ),
    FigureKind(name=FigureName.BREAKER_OPEN, meaning="open breakers and bans of all accounts"),
    FigureKind(
        name=FigureName.KEY_AUTH_ERRORS,
        meaning="accounts and orders that the venue refused for their keys",
        counts=True,
    ),
    FigureKind(
        name=FigureName.WEBHOOK_5XX,
        meaning="alerts that were answered with an error of ours",
        counts=True,
    ),
    FigureKind(
        name=FigureName.SIGNALS_QUARANTINED,
        meaning="alerts that could not become signals, and signals that could not be planned",
        counts=True,
    ),
    FigureKind(name=FigureName.DAILY_LOSS_STOP, meaning="daily loss stops that held back entries"),
)


def figures_of(seen: Observation) -> dict[FigureName, int]:
    """All but the webhook's; a heartbeat only after a good tick."""
    late = [s for s in seen.waiting if s not in seen.approvals and not s.waits_for_price]
    waited = [seen.at - s.due_at for s in late]
    unknown = [seen.at - unknown_since(order) for order in seen.unknown]
    breakers = [b for state in seen.states for b in open_breakers(state, seen.at)]
    stops = [b for b in breakers if b.code in DAILY_LOSS_CODES]
    given_up = [s for s in seen.ended if s.quarantined_by]
    stopped = [s for s in seen.ended if any(code in s.reason for code in DAILY_LOSS_CODES)]
    refused = [trouble for trouble in seen.tick.troubles if trouble.status == KEYS_REFUSED]
    figures = {
        FigureName.OLDEST_OPEN_SIGNAL_SEC: max((int(w.total_seconds()) for w in waited), default=0),
        FigureName.ORDERS_HELD: len(seen.held),
        FigureName.UNKNOWN_ORDER_AGE_SEC: max(
            (int(age.total_seconds()) for age in unknown), default=0
        ),
        FigureName.LEDGER_DRIFT: sum(len(state.barred) for state in seen.states),
        FigureName.BREAKER_OPEN: len(breakers)
        + sum(state.is_blocked(seen.at) for state in seen.states),
        FigureName.KEY_AUTH_ERRORS: len(refused) + len(seen.refused),
        FigureName.SIGNALS_QUARANTINED: len(seen.quarantined) + len(given_up),
        FigureName.DAILY_LOSS_STOP: len(stops) + len(stopped),
    }
    return {FigureName.TICK_HEARTBEAT: 1, **figures} if seen.tick.good else figures
