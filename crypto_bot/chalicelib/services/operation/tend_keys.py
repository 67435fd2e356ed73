"""An act of an owner's with what opens exchanges and channels -> what there is to be said of it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.operation import key_acts as acts
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.operation.notice import Severity
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.ports import KeyPorts, SecretVault
from chalicelib.services.operation.put_channel import PutChannel, put_channel
from chalicelib.services.operation.remove_channel import remove_channel
from chalicelib.services.operation.try_channel import trial, try_channel, where_of
from chalicelib.services.trading.add_account import add_account
from chalicelib.services.trading.check_venue import check_venue
from chalicelib.services.trading.key_presence import (
    KeyPresence,
    Presence,
    key_presence,
    presence_of,
)
from chalicelib.services.trading.put_keys import put_keys
from chalicelib.services.trading.try_keys import try_keys
from chalicelib.services.trading.unlink_keys import unlink_keys

Told = dict[str, Any]


def tend_keys(ports: KeyPorts, act: acts.KeyAct) -> Told:
    """What JSON can say, and never a value. SettingsError and ActionRefused changed nothing."""
    return _DOING[type(act)](ports, act)


def _show_accounts(ports: KeyPorts, _act: acts.ShowAccountKeys) -> Told:
    vault = _looking(ports)
    accounts = ports.trading.strategies.configuration().accounts
    return {name: asdict(key_presence(account, vault)) for name, account in accounts.items()}


def _looking(ports: KeyPorts) -> SecretVault | None:
    """None where nobody may."""
    try:
        return ports.vault("doctor")
    except ActionRefused:
        return None


def _show_channels(ports: KeyPorts, _act: acts.ShowChannelKeys) -> Told:
    vault = _looking(ports)
    return {
        one.name: {
            **asdict(_channel_presence(one, vault)),
            "where": "" if vault is None else where_of(ports.operation.notifiers, one),
        }
        for one in ports.operation.notices.notifications().channels
    }


def _channel_presence(channel: Channel, vault: SecretVault | None) -> KeyPresence:
    if not channel.kind.needs:
        return KeyPresence(presence=Presence.NOT_NEEDED)
    if vault is None:
        return KeyPresence(presence=Presence.NOT_TOLD)
    return presence_of(channel.secret, vault)


def _put_keys(ports: KeyPorts, act: acts.PutKeys) -> Told:
    kept = put_keys(ports, act.account, act.keys, act.exchange, dry_run=act.dry_run)
    told = f"{', '.join(kept.fields)} of account {act.account} as the secret {kept.secret}"
    said = {"would": f"would store {told}"} if act.dry_run else {"done": f"stored {told}"}
    return {**said, "shared_with": kept.shared_with, "notes": kept.notes}


def _unlink_keys(ports: KeyPorts, act: acts.UnlinkKeys) -> Told:
    gone = unlink_keys(ports, act.account, dry_run=act.dry_run)
    told = f"the keys of account {act.account}, the secret {gone.secret}"
    said = {"would": f"would remove {told}"} if act.dry_run else {"done": f"removed {told}"}
    return {**said, "shared_with": gone.shared_with}


def _check(ports: KeyPorts, act: acts.CheckAccount) -> Told:
    """With keys that are read anew: whoever has replaced them asks about the new ones."""
    vault = ports.vault(f"accounts check {act.account}")
    configuration = ports.trading.strategies.configuration()
    account = configuration.accounts.get(act.account)
    if account is None:
        raise ActionRefused(f"there is no account {act.account}")
    vault.forget(account.secret)
    checks = check_venue(ports.trading, account, configuration)
    wrong = sum(check.ok is False for check in checks)
    told = f"{wrong} of {len(checks)} checks failed" if wrong else "all is well"
    return {"done": f"account {act.account}: {told}", "checks": [asdict(one) for one in checks]}


def _add(ports: KeyPorts, act: acts.AddAccount) -> Told:
    """With keys that are read anew: those that were put a moment ago are the ones to be tried."""
    fields = dict(act.fields)
    needs_keys = fields["mode"] != Mode.VIRTUAL
    vault = ports.vault("accounts apply FILE") if needs_keys else None
    if vault is not None:
        vault.forget(fields.setdefault("secret", ports.usual(act.name)))
    add = partial(
        add_account, ports.trading, act.name, fields, live_refusal=ports.live_refusal, by=act.by
    )
    added = add(dry_run=True)
    notes = added.notes
    if vault is not None and fields["mode"] == Mode.LIVE:
        account = Account(
            name=act.name,
            exchange=fields["exchange"],
            mode=Mode.LIVE,
            quote=fields["quote"],
            secret=fields["secret"],
        )
        notes += try_keys(ports, account, vault.secret(account.secret))
    told = f"account {act.name} on {fields['exchange']} in mode {fields['mode']}"
    if act.dry_run:
        return {"would": f"{told} would be added", "notes": notes}
    return {"done": f"{told} was added", "notes": notes, "version": add(dry_run=False).version}


def _put_channel(ports: KeyPorts, act: acts.PutChannel) -> Told:
    wanted = Channel(
        name=act.name,
        kind=ChannelKind(act.kind),
        secret=ports.of_channel(act.name),
        topic=act.topic,
        least=Severity(act.least),
    )
    vault = partial(ports.vault, f"notify add {act.name} --kind {act.kind}")
    earlier = ports.operation.notices.notifications().channel(act.name)
    if earlier is not None and (opens := ports.taken.get(earlier.secret)):
        raise ActionRefused(f"the secret {earlier.secret} of channel {act.name} opens {opens}")
    found = put_channel(ports.operation, wanted, act.fields, vault, dry_run=act.dry_run)
    return _told_of_channel(found, is_dry_run=act.dry_run)


def _told_of_channel(found: PutChannel, *, is_dry_run: bool) -> Told:
    channel = found.channel
    what = "added" if found.is_new else "changed"
    where = f", {found.where}" if found.where else ""
    said = f"channel {channel.name} ({channel.kind}{where}) from {channel.least} on"
    stored = f"; {', '.join(found.fields)} as the secret {channel.secret}" if found.fields else ""
    shared = {"shared_with": found.shared_with}
    if is_dry_run:
        return {"would": f"{said} would be {what}{stored}", **shared}
    return {"done": f"{said} is {what}{stored}", **shared}


def _remove_channel(ports: KeyPorts, act: acts.RemoveChannel) -> Told:
    removed = remove_channel(
        ports.operation,
        act.channel,
        ports.of_channel(act.channel),
        partial(ports.vault, f"notify remove {act.channel} --yes"),
        dry_run=act.dry_run,
    )
    told = f"channel {act.channel}"
    told += f", and its secret {removed.forgotten}," if removed.forgotten else ""
    stays = f"; the secret {removed.kept} stays" if removed.kept else ""
    if act.dry_run:
        return {"would": f"{told} would be removed{stays}"}
    return {"done": f"{told} is removed{stays}"}


def _try_channel(ports: KeyPorts, act: acts.TryChannel) -> Told:
    ports.vault("notify --test --yes")
    found = ports.operation.notices.notifications().channel(act.channel)
    if found is None:
        raise ActionRefused(f"there is no channel {act.channel[:60]!r}")
    bulletin = trial(ports.operation.stage, ports.trading.clock.now())
    tried = try_channel(ports.operation.notifiers, found, bulletin, send=not act.dry_run)
    if not tried.ok:
        raise ActionRefused(f"channel {act.channel}: {tried.result}")
    if act.dry_run:
        return {"would": f"would send over {act.channel}: {bulletin.text(500)}"}
    return {"done": f"sent over {act.channel}; look whether it has arrived"}


_DOING: Final[Mapping[type[acts.KeyAct], Callable[[KeyPorts, Any], Told]]] = {
    acts.ShowAccountKeys: _show_accounts,
    acts.ShowChannelKeys: _show_channels,
    acts.PutKeys: _put_keys,
    acts.UnlinkKeys: _unlink_keys,
    acts.CheckAccount: _check,
    acts.AddAccount: _add,
    acts.PutChannel: _put_channel,
    acts.RemoveChannel: _remove_channel,
    acts.TryChannel: _try_channel,
}
