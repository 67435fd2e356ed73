"""Records -> the few words a table or a line has room for."""

from datetime import datetime

from chalicelib.domain.money import plain
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.signal import Signal


def iso(at: datetime | None) -> str:
    """UTC with a Z, without fractions where there are none; '' for never."""
    return "" if at is None else at.isoformat().replace("+00:00", "Z")


def moment(at: datetime) -> str:
    """As `iso`, to the second: enough for people."""
    return iso(at.replace(microsecond=0))


def clock_time(at: datetime) -> str:
    """The time of day, UTC."""
    return at.strftime("%H:%M:%S")


def outcome_words(signal: Signal) -> str:
    """The reason on record, else what each account has said so far and what the others wait for."""
    if signal.reason:
        return signal.reason
    said = [f"{o.account}: {o.reason or o.status.value.lower()}" for o in signal.outcomes]
    failing = [f"{f.account}: {f.reason}" for f in signal.failing]
    waits = [signal.order.waits] if signal.order and signal.waits_for_price else []
    return "; ".join((*said, *failing, *waits))


def told_at(signal: Signal) -> datetime:
    """When the newest word on the signal was said."""
    said = [outcome.at for outcome in signal.outcomes]
    return max((*said, *(f.at for f in signal.failing)), default=signal.received_at)


def signal_line(signal: Signal) -> str:
    """One signal as one line of text."""
    words = outcome_words(signal)
    tail = f": {words}" if words else ""
    return (
        f"{moment(told_at(signal))} signal {signal.strategy} {signal.ticker} {signal.state.value} "
        f"{signal.status.value}{tail}"
    )


def order_line(order: Order) -> str:
    """One order as one line of text."""
    intent = order.intent
    why = order.reason or intent.because
    tail = f": {why}" if why else ""
    return (
        f"{moment(order.updated_at)} order {intent.account} {intent.side.value} "
        f"{plain(intent.quantity)} {intent.symbol} at {plain(intent.limit_price)} "
        f"{order.status.value}, filled {plain(order.filled)}{tail}"
    )


def quarantine_line(alert: QuarantinedAlert) -> str:
    """One alert that was refused and kept, as one line of text."""
    return (
        f"{moment(alert.received_at)} alert quarantined {alert.strategy} {alert.status}: "
        f"{alert.reason}"
    )
