"""The stores -> what a View shows. Reads only; no venue is asked for anything."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.signal import Signal
from chalicelib.local.tail import Tail
from chalicelib.local.tally import Tally
from chalicelib.local.view import AccountView, Snapshot
from chalicelib.ports import AnalyticsStore, TradingPorts


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at the stores again and again, and overlooks nothing in between."""

    ports: TradingPorts
    analytics: AnalyticsStore
    tally: Tally
    notice: str = ""
    market: Callable[[], str] = str
    _signals: Tail[Signal] = field(init=False)
    _orders: Tail[Order] = field(init=False)
    _quarantined: Tail[QuarantinedAlert] = field(init=False)

    def __post_init__(self) -> None:
        self._signals = Tail(
            recent=self.ports.signals.recent,
            at=lambda signal: signal.received_at,
            row_id=lambda signal: signal.id,
            is_over=lambda signal: signal.status.is_final,
            get=self.ports.signals.get,
        )
        self._orders = Tail(
            recent=self.ports.orders.recent,
            at=lambda order: order.created_at,
            row_id=lambda order: order.intent.id,
            is_over=lambda order: order.status.is_final,
            get=self.ports.orders.get,
        )
        self._quarantined = Tail(
            recent=self.ports.signals.quarantined,
            at=lambda alert: alert.received_at,
            row_id=lambda alert: alert.id,
            is_over=lambda _alert: True,
        )

    def look(self, *, is_old: bool = False) -> Snapshot:
        """What is new or has changed, the newest rows besides, and every account's books."""
        configuration = self.ports.strategies.configuration()
        accounts = [configuration.accounts[name] for name in sorted(configuration.accounts)]
        return Snapshot(
            at=self.ports.clock.now(),
            signals=self._signals.look(),
            orders=self._orders.look(),
            quarantined=self._quarantined.look(),
            accounts=tuple(self._account(account) for account in accounts),
            troubles=self.tally.troubles(),
            ticks=self.tally.ticks,
            last_tick=self.tally.last_tick,
            notice=self.notice,
            is_old=is_old,
            market=self.market(),
        )

    def _account(self, account: Account) -> AccountView:
        newest = self.analytics.performance(account.name, "", 1)
        return AccountView(
            account=account,
            portfolio=self.ports.ledger.portfolio(account.name, account.quote),
            performance=newest[0] if newest else None,
        )
