"""A bot that has stopped buys nothing more: its purchases that wait are taken back.

What sells goes on waiting, for it protects what is held.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import Final

from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal, signal_id_from_sender
from chalicelib.domain.trading.signal_order import OrderKind, SignalOrder
from chalicelib.services.trading.receive_signal import Inbox

_EVERYTHING: Final = 10_000_000


def withdraw_purchases(
    inbox: Inbox, *, strategy: str, sender: str, symbols: Collection[str] | None = None
) -> int:
    """How many; `sender` is the deployment's name, and without `symbols` all are meant. The tick
    does it, as for any other cancel.
    """
    now = inbox.clock.now()
    waiting = [
        (signal, signal.order)
        for signal in inbox.signals.due(now, _EVERYTHING)
        if signal.strategy == strategy and signal.comment == sender and signal.order is not None
        if symbols is None or signal.symbol in symbols
    ]
    waiting = [(s, o) for s, o in waiting if o.side is Side.BUY and o.kind is not OrderKind.CANCEL]
    for signal, order in waiting:
        identity = f"{order.name} cancelled"  # as the bot would have said it itself
        inbox.signals.add(
            Signal(
                id=signal_id_from_sender(strategy=strategy, sender_id=identity),
                strategy=strategy,
                ticker=signal.ticker,
                symbol=signal.symbol,
                state=DesiredState.FLAT,
                fired_at=now,
                received_at=now,
                due_at=now,
                body_digest=sha256(identity.encode()).hexdigest(),
                interval=signal.interval,
                comment=sender,
                order=SignalOrder(kind=OrderKind.CANCEL, side=Side.BUY, name=order.name),
            )
        )
    return len(waiting)
