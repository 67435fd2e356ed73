"""What a backup brings back, made fit to meet a venue that has gone on without it.

Orders may have been sent after the backup, and nothing in it knows of them: not their fills, and
not that their numbers are taken. So no number is given twice, nothing that was under way is sent
again, and the account decides nothing until its owner has compared books and venue.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.signal import DesiredState, Outcome, Signal, SignalStatus

CODE: Final = "RESTORED_FROM_BACKUP"

_MILLISECOND: Final = timedelta(milliseconds=1)


def restored_state(state: AccountState, *, taken_at: datetime, now: datetime) -> AccountState:
    """The account waits for its owner; its plans are numbered on above all that ever were.

    A plan's number decides the client order ids, and the venue remembers those of the plans that
    the backup does not know. No account makes a plan in every millisecond of its life.
    """
    epoch = datetime(1970, 1, 1, tzinfo=now.tzinfo)
    above_all = (now - epoch) // _MILLISECOND
    return replace(
        state, restored_from=taken_at, sequence=max(state.sequence + 1, above_all), due_at=now
    )


def restored_orders(orders: Sequence[Order], now: datetime) -> Iterator[Order]:
    """Those that have to change: what may have been sent is looked up, and nothing follows it."""
    for order in orders:
        if order.status.is_final:
            if order.remaining > 0:  # its next leg may have been sent
                yield replace(order, cancel_requested=True)
        elif order.status.is_resting and order.intent.is_stop:
            continue  # it protects what is held, and the venue has it under this very id
        else:
            yield _looked_up(order, now)


def _looked_up(order: Order, now: datetime) -> Order:
    taken_back = replace(order, cancel_requested=True)
    if order.status not in {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED}:
        return taken_back
    # The code ends it where it is proved absent, instead of setting it free to be sent again.
    sent = taken_back.moved_to(
        OrderStatus.SUBMITTED,
        at=now,
        code=CODE,
        reason=f"was on its way when the backup was taken: looked up, not sent again ({CODE})",
    )
    return replace(
        sent,
        attempts=max(order.attempts, 1),
        first_sent_at=order.first_sent_at or order.created_at,
        sent_at=now,
        permit_until=now,
    )


def repeats_itself(signal: Signal) -> bool:
    """Whether executing it a second time would do more than the first time did.

    Being flat is a state, and reached once; an entry buys again, a change of size halves the half.
    """
    return signal.state is DesiredState.LONG


def not_repeated(account: str, taken_at: datetime, now: datetime) -> Outcome:
    """The last word of an account on a signal that it may have executed after the backup."""
    moment = taken_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Outcome(
        account=account,
        status=SignalStatus.SKIPPED,
        reason=f"was open in the backup of {moment}, may be executed already ({CODE})",
        at=now,
    )
