"""An alert and the strategy it belongs to -> the signal that is stored."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.trading.alerts.address import symbol_of
from chalicelib.domain.trading.alerts.alert import Alert
from chalicelib.domain.trading.alerts.body import meaningless
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import (
    DesiredState,
    Signal,
    signal_id,
    signal_id_from_sender,
)
from chalicelib.domain.trading.signal_order import OwnWords
from chalicelib.domain.trading.strategy import Strategy

CLOCK_TOLERANCE = timedelta(seconds=120)


def signal_from(
    alert: Alert, strategy: Strategy, *, received_at: datetime, body_digest: str
) -> Signal:
    """The wish, due at once if urgent, else when its siblings of the same close have arrived.

    SignalRejected 422 if the instrument is unknown or the alert fired in the future. Without a
    fire time the moment of receipt takes its place.
    """
    _refuse_future(alert.fired_at, received_at)
    symbol = symbol_of(strategy, alert)
    urgent = is_urgent(alert, strategy.stop_words)
    wait = timedelta(0) if urgent else timedelta(seconds=strategy.sibling_wait)
    return Signal(
        id=_identity(alert, strategy, symbol, received_at, body_digest),
        strategy=strategy.name,
        ticker=alert.ticker,
        symbol=symbol,
        state=alert.state,
        fired_at=alert.fired_at or received_at,
        received_at=received_at,
        due_at=received_at + wait,
        body_digest=body_digest,
        urgent=urgent,
        test=alert.test,
        previous_state=alert.previous_state,
        size_ratio=alert.size_ratio,
        size=alert.size,
        price=alert.price,
        stop_loss=alert.stop_loss,
        take_profit=alert.take_profit,
        interval=alert.interval,
        order_id=alert.order_id,
        comment=alert.comment,
    )


def with_own_words(signal: Signal, own: OwnWords) -> Signal:
    """With what only a bot of this program says. An order waits for its price, not for siblings."""
    if own.order is None:
        return replace(signal, keeps=own.keeps, holds=own.holds)
    return replace(
        signal,
        order=own.order,
        keeps=own.keeps,
        holds=own.holds,
        urgent=False,
        due_at=signal.received_at,
    )


def is_urgent(alert: Alert, stop_words: tuple[str, ...]) -> bool:
    """A move to flat, or an order named after a stop; a buy never is."""
    if _is_buy(alert):
        return False
    if alert.state is DesiredState.FLAT:
        return True
    return any(
        _begins(text, word) for text in (alert.order_id, alert.comment) for word in stop_words
    )


def _is_buy(alert: Alert) -> bool:
    if alert.side is not None:
        return alert.side is Side.BUY
    is_trim = alert.size_ratio is not None and alert.size_ratio < 1
    return alert.state is DesiredState.LONG and not is_trim


def _begins(text: str, word: str) -> bool:
    """Whether the text is the word or starts with it as a word: SL-2 does, slow does not."""
    text, word = text.strip().lower(), word.strip().lower()
    return bool(word) and text.startswith(word) and not text[len(word) :][:1].isalpha()


def _refuse_future(fired_at: datetime | None, received_at: datetime) -> None:
    if fired_at is None or fired_at - received_at <= CLOCK_TOLERANCE:
        return
    ahead = int((fired_at - received_at).total_seconds())
    limit = int(CLOCK_TOLERANCE.total_seconds())
    right = f"at most {limit} s may lie between; send {{{{timenow}}}}"
    said = f"time is {fired_at.isoformat()}, {ahead} s ahead of our clock"
    raise meaningless(f"{said}; {right}", "time")


def _identity(
    alert: Alert, strategy: Strategy, symbol: str, received_at: datetime, body_digest: str
) -> str:
    """A message without a fire time is the same one only within a minute and byte for byte.

    Such a message says nothing that tells a repetition from a second wish, so the owner is advised
    to send {{timenow}}.
    """
    if alert.id:
        return signal_id_from_sender(strategy=strategy.name, sender_id=alert.id)
    fired_at, order_id = alert.fired_at, alert.order_id
    if fired_at is None:
        fired_at = received_at.replace(second=0, microsecond=0)
        order_id = f"{order_id}#{body_digest}"
    return signal_id(
        strategy=strategy.name,
        symbol=symbol,
        state=alert.state,
        fired_at=fired_at,
        order_id=order_id,
    )
