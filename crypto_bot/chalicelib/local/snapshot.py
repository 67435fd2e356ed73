"""The stores -> what a View shows. Reads only; no venue is asked for anything."""

from typing import Final

from chalicelib.domain.trading.account import Account
from chalicelib.local.tally import Tally
from chalicelib.local.view import AccountView, Snapshot
from chalicelib.ports import AnalyticsStore, TradingPorts

_ROWS: Final = 30


def take_snapshot(
    ports: TradingPorts, analytics: AnalyticsStore, tally: Tally, notice: str = ""
) -> Snapshot:
    """The newest signals and orders, and every account's books."""
    configuration = ports.strategies.configuration()
    accounts = [configuration.accounts[name] for name in sorted(configuration.accounts)]
    return Snapshot(
        at=ports.clock.now(),
        signals=tuple(ports.signals.recent(_ROWS)),
        orders=tuple(ports.orders.recent(_ROWS)),
        accounts=tuple(_account(account, ports, analytics) for account in accounts),
        ticks=tally.ticks,
        last_tick=tally.last_tick,
        notice=notice,
    )


def _account(account: Account, ports: TradingPorts, analytics: AnalyticsStore) -> AccountView:
    newest = analytics.performance(account.name, "", 1)
    return AccountView(
        account=account,
        portfolio=ports.ledger.portfolio(account.name, account.quote),
        performance=newest[0] if newest else None,
    )
