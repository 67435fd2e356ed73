"""One channel to the owner, ended; what opened it goes, too, where it was made for it."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.operation.channel import Channel
from chalicelib.ports import OperationPorts, SecretVault


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedChannel:
    """`forgotten` is the secret that went with it, `kept` one that stays; '' for none."""

    channel: Channel
    forgotten: str = ""
    kept: str = ""


def remove_channel(
    ports: OperationPorts,
    name: str,
    own_secret: str,
    vault: Callable[[], SecretVault],
    *,
    dry_run: bool,
) -> RemovedChannel:
    """`own_secret` is the name that `put_channel` gives: one of another name may have other uses.

    ActionRefused where there is no such channel.
    """
    known = ports.notices.notifications()
    channel = known.channel(name)
    if channel is None:
        raise ActionRefused(f"there is no channel {name[:60]!r}; crypto-bot notify lists them")
    after = known.without_channel(name)
    accounts = ports.trading.strategies.configuration().accounts.values()
    used = {one.secret for one in after.channels} | {one.secret for one in accounts}
    is_own = channel.secret == own_secret and channel.secret not in used
    # Before anything is done: where there is no right to the secret, the channel stays, too.
    keeper = vault() if is_own else None
    if not dry_run:
        ports.notices.save_notifications(after)
        if keeper is not None:
            keeper.remove(channel.secret)
    if is_own:
        return RemovedChannel(channel=channel, forgotten=channel.secret)
    return RemovedChannel(channel=channel, kept=channel.secret)
