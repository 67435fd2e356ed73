"""One channel to the owner, added or changed; what opens it goes to the vault and nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.domain.operation.channel import (
    MOST_CHANNELS,
    Channel,
    ChannelKind,
    Notifications,
)
from chalicelib.domain.operation.configuration import check_channel
from chalicelib.domain.trading.exchange_keys import checked_fields
from chalicelib.ports import OperationPorts, SecretVault


@dataclass(frozen=True, slots=True, kw_only=True)
class PutChannel:
    """What is in force now. `where` its messages go, '' where its secret stays as it was.

    `fields` are the names of what was handed over, `shared_with` channels that open with it, too.
    """

    channel: Channel
    is_new: bool
    where: str
    fields: tuple[str, ...]
    shared_with: tuple[str, ...]


def put_channel(
    ports: OperationPorts,
    wanted: Channel,
    fields: object,
    vault: Callable[[], SecretVault],
    *,
    dry_run: bool,
) -> PutChannel:
    """`fields` are what its secret is to hold; None leaves the secret of an old channel as it is.

    `wanted.secret` is the name for a new one's. SettingsError and ActionRefused change nothing, and
    repeat nothing of what was handed over. The secret is kept first: a channel has what opens it.
    """
    check_channel(wanted)
    known = ports.notices.notifications()
    earlier = known.channel(wanted.name)
    channel = _channel(wanted, earlier, known)
    given = _given(channel, fields, is_new=earlier is None)
    opened = ports.notifiers.open(channel, given) if given or not channel.kind.needs else None
    put = PutChannel(
        channel=channel,
        is_new=earlier is None,
        where="" if opened is None else opened.where(),
        fields=tuple(given),
        shared_with=_sharing(known, channel) if given else (),
    )
    keeper = _keeper(ports, channel, vault) if given else None
    if dry_run:
        return put
    if keeper is not None:
        keeper.put(channel.secret, given)
    after = known.with_channel(channel)
    if after != known:
        ports.notices.save_notifications(after)
    return put


def _channel(wanted: Channel, earlier: Channel | None, known: Notifications) -> Channel:
    if earlier is None:
        if len(known.channels) >= MOST_CHANNELS:
            raise ActionRefused(f"there are {MOST_CHANNELS} channels, the most; remove one first")
        return replace(wanted, secret=wanted.secret if wanted.kind.needs else "")
    if earlier.kind is not wanted.kind:
        raise ActionRefused(
            f"channel {wanted.name} is {earlier.kind}, and cannot become {wanted.kind}; choose "
            "another name, or remove it first"
        )
    return replace(wanted, secret=earlier.secret)


def _given(channel: Channel, fields: object, *, is_new: bool) -> Mapping[str, str]:
    """None of it for a channel that goes on with what it has."""
    whose = f"the fields of channel {channel.name}"
    if channel.kind is ChannelKind.SNS:
        if fields:
            raise SettingsError(f"{whose} are for nothing: sns is opened by the function's role")
        return {}
    if fields is None and not is_new:
        return {}
    given = checked_fields({} if fields is None else fields, channel.kind.needs, whose)
    known = (*channel.kind.needs, *channel.kind.takes)
    if any(name not in known for name in given):
        raise SettingsError(
            f"{whose} have one that {channel.kind} does not know; it takes {', '.join(known)}; "
            "nothing was stored"
        )
    return given


def _keeper(
    ports: OperationPorts, channel: Channel, vault: Callable[[], SecretVault]
) -> SecretVault:
    keeper = vault()
    accounts = ports.trading.strategies.configuration().accounts
    owners = sorted(name for name, one in accounts.items() if one.secret == channel.secret)
    if owners:
        raise ActionRefused(
            f"the secret {channel.secret} of channel {channel.name} holds the keys of account "
            f"{', '.join(owners)}; choose another name for the channel"
        )
    return keeper


def _sharing(known: Notifications, channel: Channel) -> tuple[str, ...]:
    others = (one for one in known.channels if one.name != channel.name)
    return tuple(one.name for one in others if one.secret == channel.secret)
