"""The owner approves or declines a signal that waits for a word."""

from dataclasses import replace

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.signal import DesiredState, Outcome, Signal, SignalStatus
from chalicelib.ports import TradingPorts

DECLINED = "declined by the owner"


def decide_signal(ports: TradingPorts, signal_id: str, *, approved: bool) -> Signal:
    """The signal with the owner's word; accounts that need no approval are not asked again.

    ActionRefused where it is already final, or no account waits for it.
    """
    signal, waiting = waiting_signal(ports, signal_id)
    now = ports.clock.now()
    if approved:
        return ports.signals.update(replace(signal, approved=True, due_at=now))
    for account in waiting:
        signal = signal.with_outcome(
            Outcome(account=account, status=SignalStatus.SKIPPED, reason=DECLINED, at=now)
        )
    followers = ports.strategies.configuration().followers(signal.strategy)
    return ports.signals.update(signal.settled_for(followers))


def waiting_signal(ports: TradingPorts, signal_id: str) -> tuple[Signal, list[str]]:
    """The signal and the accounts that wait for the owner's word on it; ActionRefused for none."""
    signal = ports.signals.get(signal_id)
    if signal is None:
        raise ActionRefused(f"there is no signal {signal_id}; crypto-bot signals lists them")
    if signal.status.is_final:
        raise ActionRefused(
            f"signal {signal_id} is already {signal.status}: {signal.reason or 'no reason given'}"
        )
    waiting = accounts_waiting(ports.strategies.configuration(), signal)
    if not waiting:
        raise ActionRefused(f"signal {signal_id} waits for nobody's approval")
    return signal, waiting


def accounts_waiting(configuration: Configuration, signal: Signal) -> list[str]:
    """Accounts that need the owner's word for it and have said nothing final.

    Only an entry waits: whoever could decline an exit would keep the position.
    """
    if signal.approved or signal.test or signal.state is not DesiredState.LONG:
        return []
    waiting = []
    for subscription in configuration.subscriptions:
        outcome = signal.outcome_for(subscription.account)
        open_still = outcome is None or not outcome.status.is_final
        if subscription.strategy == signal.strategy and subscription.approval and open_still:
            waiting.append(subscription.account)
    return waiting
