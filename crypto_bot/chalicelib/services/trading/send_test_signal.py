"""The owner tries the way of an alert: a signal like any other, of which nothing is traded."""

import json
from hashlib import sha256

from chalicelib.domain.trading.alerts.alert import parse_alert
from chalicelib.domain.trading.alerts.signal_from import signal_from
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import TradingPorts


def send_test_signal(
    ports: TradingPorts, strategy: Strategy, *, ticker: str, position: str
) -> Signal:
    """`ticker` '' is the strategy's first. SignalRejected for one that it does not have."""
    now = ports.clock.now()
    message = {
        "strategy": strategy.name,
        "ticker": ticker or min(strategy.instruments),
        "market_position": position,
        "time": now.isoformat(),
        "order_comment": "test of the owner's",
        "test": True,
    }
    body = json.dumps(message).encode()
    signal = signal_from(
        parse_alert(body), strategy, received_at=now, body_digest=sha256(body).hexdigest()
    )
    stored = ports.signals.add(signal) or signal
    ports.signals.keep_alert(stored.id, body.decode())
    return stored
