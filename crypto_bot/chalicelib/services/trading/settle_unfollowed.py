"""Signals that no account follows any more get their last word."""

from collections.abc import Sequence

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.signal import Signal
from chalicelib.ports import TradingPorts


def settle_unfollowed(
    ports: TradingPorts, configuration: Configuration, due: Sequence[Signal]
) -> None:
    """End the due signals of strategies without followers as SKIPPED."""
    for signal in due:
        followers = configuration.followers(signal.strategy)
        if followers and not signal.settled_for(followers).status.is_final:
            continue
        current = ports.signals.get(signal.id)
        if current is None or current.status.is_final:
            continue
        try:
            ports.signals.update(current.settled_for(followers))
        except StoreConflict:
            continue  # another tick has written it
