"""An owner with channels that remember what they were told, over the trading floor's stores."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from chalicelib.adapters.stores.notices import TableNoticeStore
from chalicelib.domain.errors import NotDelivered, SettingsError
from chalicelib.domain.operation.channel import Channel, ChannelKind, Notifications
from chalicelib.domain.operation.notice import Bulletin, Severity
from chalicelib.domain.operation.observation import AccountTrouble, Observation, TickEnd
from chalicelib.ports import Notifier, OperationPorts
from chalicelib.services.operation.notify_owner import notify_owner
from chalicelib.services.operation.observe_trading import observe_trading
from tests.trading_floor import TradingFloor


@dataclass
class Mailbox:
    """`Notifier` that keeps what it was given, unless it is broken."""

    trouble: str = ""
    letters: list[Bulletin] = field(default_factory=list)

    def where(self) -> str:
        return "a mailbox"

    def send(self, bulletin: Bulletin) -> None:
        if self.trouble:
            raise NotDelivered(self.trouble)
        self.letters.append(bulletin)

    @property
    def sentences(self) -> list[str]:
        return [notice.sentence for letter in self.letters for notice in letter.notices]


@dataclass
class Mailboxes:
    """The Notifiers port over mailboxes by name of the channel."""

    by_name: Mapping[str, Mailbox]

    def open(self, channel: Channel, fields: Mapping[str, str] | None = None) -> Notifier:
        if fields is not None:
            raise SettingsError("nobody hands anything over here")
        if channel.name not in self.by_name:
            raise SettingsError(f"the secret {channel.secret!r} is not there")
        return self.by_name[channel.name]


class Owner:
    """Scenario words: looks happen after ticks, and letters arrive."""

    def __init__(
        self,
        floor: TradingFloor,
        *,
        most_per_hour: int = 20,
        summary_hour: int | None = None,
        **channels: Severity,
    ) -> None:
        self.floor = floor
        self.notices = TableNoticeStore(floor.table)
        self.boxes = {name: Mailbox() for name in channels or {"phone": Severity.P2}}
        self.ports = OperationPorts(
            trading=floor.ports,
            notices=self.notices,
            notifiers=Mailboxes(self.boxes),
            stage="local",
        )
        self.notices.save_notifications(
            Notifications(
                channels=tuple(
                    Channel(name=name, kind=ChannelKind.SLACK, secret=name, least=least)
                    for name, least in (channels or {"phone": Severity.P2}).items()
                ),
                most_per_hour=most_per_hour,
                summary_hour=summary_hour,
            )
        )

    @property
    def phone(self) -> Mailbox:
        return self.boxes["phone"]

    def observe(self, **end: Any) -> Observation:
        tick = TickEnd(**{"interval": timedelta(minutes=1), **end})
        return observe_trading(self.floor.ports, self.notices.watch(), tick)

    def look(self, *, owner: str = "test", **end: Any) -> Observation:
        """What follows a tick: look, and tell what is new."""
        seen = self.observe(**end)
        notify_owner(self.ports, seen, owner=owner)
        return seen

    def news(self, **end: Any) -> list[str]:
        """The sentences that this look brought."""
        before = len(self.phone.sentences)
        self.look(**end)
        return self.phone.sentences[before:]

    def trouble(self, status: str, detail: str) -> list[str]:
        account = self.floor.account.name
        told = AccountTrouble(account=account, status=status, detail=detail)
        return self.news(troubles=(told,))

    def change_state(self, **changes: Any) -> None:
        plans = self.floor.ports.plans
        plans.save_state(replace(plans.state(self.floor.account.name), **changes))
