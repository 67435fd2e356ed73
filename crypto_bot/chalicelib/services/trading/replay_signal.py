"""A signal in quarantine -> due again, for the accounts that could not plan it."""

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.signal import Signal
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.keep_following import keep_following


def replay_signal(ports: TradingPorts, signal_id: str, *, dry_run: bool) -> Signal:
    """Have it decided anew, with its own fire time; what other accounts made of it stands.

    An entry that has become too late is skipped as any other, and so is what a newer alert of the
    strategy has overtaken. ActionRefused where there is nothing to decide anew.
    """
    signal = ports.signals.get(signal_id)
    if signal is None or not signal.quarantined_by:
        raise ActionRefused(
            f"there is no signal {signal_id} in quarantine; crypto-bot quarantine list shows them"
        )
    configuration = keep_following(ports, ports.strategies.configuration(), [signal])
    followers = configuration.followers(signal.strategy)
    accounts = {outcome.account for outcome in signal.quarantined_by} & set(followers)
    if not accounts:
        raise ActionRefused(
            f"signal {signal_id} is over: none of the accounts that could not plan it follows "
            f"{signal.strategy} any more, or holds anything of it"
        )
    again = signal.taken_again(accounts, ports.clock.now()).settled_for(followers)
    return again if dry_run else ports.signals.update(again)
