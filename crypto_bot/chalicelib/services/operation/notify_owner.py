"""What a look has found -> notices, each stored once, and bulletins over the owner's channels.

A notice is stored before anything is sent, and is told again until every channel has taken it:
a crash in between costs a repetition, never a notice.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from chalicelib.domain.errors import NotDelivered, SettingsError, StoreConflict
from chalicelib.domain.operation.channel import Channel, ChannelRecord, Dispatch, Notifications
from chalicelib.domain.operation.conditions import worth_saying
from chalicelib.domain.operation.notice import Notice, bulletin_of
from chalicelib.domain.operation.observation import Observation
from chalicelib.ports import OperationPorts
from chalicelib.services.operation.sum_up_day import sum_up_day

# No account can have this name, so the accounts' leases serve here, too.
_LEASE: Final = "#notices"
_LEASE_TIME: Final = timedelta(seconds=30)
_AT_ONCE: Final = 1_000
_KNOWN: Final = 500
# What no channel took for so long is left in the list.
_STALE: Final = timedelta(days=1)


def notify_owner(
    ports: OperationPorts, seen: Observation, *, owner: str, may_send: bool = True
) -> int:
    """Store what is new and tell what is untold; how many channels took a message.

    `owner` names this caller on the lease. Without `may_send` the next call sends.
    """
    notifications = ports.notices.notifications()
    _remember(ports, seen, notifications)
    waiting = ports.notices.undone(_AT_ONCE)
    if not waiting or not may_send:
        return 0
    control, now = ports.trading.control, ports.trading.clock.now()
    lease = control.acquire(_LEASE, owner, now, _LEASE_TIME)
    if lease is None:
        return 0  # somebody else is telling them
    try:
        return _tell(ports, notifications, waiting)
    except StoreConflict:
        return 0  # what was not written down is told again
    finally:
        control.release(lease)


def _remember(ports: OperationPorts, seen: Observation, notifications: Notifications) -> None:
    """Notices first, then the watch: after a crash in between the same are found again."""
    summary = sum_up_day(ports.trading, seen, notifications)
    found = [*worth_saying(seen), *([] if summary is None else [summary])]
    if found:
        known = {notice.key for notice in ports.notices.recent(_KNOWN)}
        for notice in found:
            if notice.key not in known:
                ports.notices.add(notice)
    watch = seen.watch if summary is None else replace(seen.watch, summed_up=seen.at.date())
    if watch != seen.before:
        try:
            ports.notices.save_watch(watch)
        except StoreConflict:
            return  # somebody else has looked at the same time, and found the same


def _tell(ports: OperationPorts, notifications: Notifications, waiting: Sequence[Notice]) -> int:
    dispatch = ports.notices.dispatch()
    due = {
        channel.name: found
        for channel in notifications.channels
        if (found := _due(ports, notifications, channel, dispatch, waiting))
    }
    channels = [channel for channel in notifications.channels if channel.name in due]
    tasks = [
        lambda channel=channel: _send(ports, channel, due[channel.name]) for channel in channels
    ]
    troubles = ports.trading.workers.run_all(tasks, max(1, len(tasks)))
    outcome = {channel.name: trouble for channel, trouble in zip(channels, troubles, strict=True)}
    if outcome:
        ports.notices.save_dispatch(_after(dispatch, outcome, ports))
    for notice in waiting:
        took = [name for name in outcome if not outcome[name] and notice in due[name]]
        _tick_off(ports, notifications, notice, took)
    return sum(not trouble for trouble in outcome.values())


def _due(
    ports: OperationPorts,
    notifications: Notifications,
    channel: Channel,
    dispatch: Dispatch,
    waiting: Sequence[Notice],
) -> list[Notice]:
    """What the channel has to be told now; nothing while it rests or has had enough."""
    untold = [n for n in waiting if channel.wants(n.severity) and channel.name not in n.told]
    if not untold:
        return []
    gravest = min(notice.severity for notice in untold)
    now, record = ports.trading.clock.now(), dispatch.record(channel.name)
    return untold if record.has_room(gravest, notifications.most_per_hour, now) else []


def _send(ports: OperationPorts, channel: Channel, notices: Sequence[Notice]) -> str:
    """Why it was not taken; '' if it was."""
    try:
        ports.notifiers.open(channel).send(bulletin_of(notices, ports.stage))
    except (NotDelivered, SettingsError) as trouble:
        return str(trouble)
    return ""


def _after(dispatch: Dispatch, outcome: dict[str, str], ports: OperationPorts) -> Dispatch:
    now = ports.trading.clock.now()
    changed: dict[str, ChannelRecord] = {}
    for name, trouble in outcome.items():
        before = dispatch.record(name)
        changed[name] = before.failed(now, trouble) if trouble else before.succeeded(now)
    return replace(dispatch, records={**dispatch.records, **changed})


def _tick_off(
    ports: OperationPorts, notifications: Notifications, notice: Notice, took: Sequence[str]
) -> None:
    told = (*notice.told, *took)
    wanting = {c.name for c in notifications.channels if c.wants(notice.severity)}
    is_stale = ports.trading.clock.now() - notice.at > _STALE
    done = wanting <= set(told) or is_stale
    if took or done:
        ports.notices.update(replace(notice, told=told, done=done))
