"""What a tick would look at now; compared over time, it tells new work from work that is stuck."""

from chalicelib.ports import TradingPorts
from chalicelib.services.trading.tick import DUE_AT_ONCE

Waiting = frozenset[tuple[str, ...]]

_ORDERS = 30


def what_waits(ports: TradingPorts) -> Waiting:
    """Due signals and accounts, and the owner's words that reach an account which is due anyway."""
    now = ports.clock.now()
    signals = ports.signals.due(now, DUE_AT_ONCE)
    resting = [o.intent.id for o in ports.orders.recent(_ORDERS) if o.cancel_requested]
    held = [o.intent.id for o in ports.orders.held(_ORDERS)]
    return frozenset(
        {
            ("halt", ports.control.halt_level().value),
            ("held", *held),  # as one: an order that was resolved has left the others
            *(("cancel", order_id) for order_id in resting),
            *(("account", name) for name in ports.plans.due_accounts(now)),
            *(("signal", signal.id, signal.due_at.isoformat()) for signal in signals),
        }
    )
