"""What a signal that nothing has become of yet waits for, as far as the owner can help."""

from chalicelib import bootstrap
from chalicelib.cli.attention import frozen_on
from chalicelib.domain.trading.account import Subscription
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus


class Waiting:
    """One reading of the configuration for many signals."""

    def __init__(self) -> None:
        self._configuration = bootstrap.strategies().configuration()
        self._frozen = {name: frozen_on(name) for name in self._configuration.accounts}

    def words(self, signal: Signal) -> str:
        """What the signal waits for; '' where that is nothing but its time."""
        if signal.status is not SignalStatus.RECEIVED or signal.test:
            return ""
        asked = [s for s in self._configuration.subscriptions if _is_open(signal, s)]
        words = []
        entry = signal.state is DesiredState.LONG
        if entry and not signal.approved and any(s.approval for s in asked):
            words.append(f"waits for your approval: crypto-bot approve {signal.id}")
        if any(signal.symbol in self._frozen.get(s.account, {}) for s in asked):
            words.append("waits: the instrument is frozen")
        return "; ".join(words)


def _is_open(signal: Signal, subscription: Subscription) -> bool:
    outcome = signal.outcome_for(subscription.account)
    spoken = outcome is not None and outcome.status.is_final
    return subscription.strategy == signal.strategy and not spoken
