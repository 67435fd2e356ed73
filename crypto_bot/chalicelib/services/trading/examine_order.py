"""What the venue shows now of an order of unknown fate: asked for the owner, nothing is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.evidence import Activity, Evidence
from chalicelib.domain.trading.order import Order
from chalicelib.ports import Exchange, ShowsActivity, TradingPorts

_LONGEST_LOOK: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The order as it is stored, and what the venue shows of it."""

    order: Order
    evidence: Evidence


def examine_order(ports: TradingPorts, order_id: str, *, owner: str) -> Examination:
    """Look the order up under its account's lease, so that no tick moves what is being compared.

    ActionRefused for an order that was never sent, and while the account is at work or blocked;
    ExchangeUnavailable where the venue does not answer.
    """
    order = ports.orders.get(order_id)
    if order is None:
        raise ActionRefused(f"there is no order {order_id}; crypto-bot orders --held lists them")
    if not order.attempts:
        raise ActionRefused(f"order {order_id} is {order.status} and was never sent")
    account = ports.strategies.configuration().accounts.get(order.intent.account)
    if account is None:
        raise ActionRefused(
            f"order {order_id} is of account {order.intent.account}, and there is no such account: "
            "crypto-bot accounts apply FILE with it"
        )
    now = ports.clock.now()
    state = ports.plans.state(account.name)
    if state.blocked_until is not None and state.is_blocked(now):
        raise ActionRefused(
            f"the venue asked account {account.name} for silence until "
            f"{state.blocked_until.isoformat()}; look again after that"
        )
    lease = ports.control.acquire(account.name, owner, now, _LONGEST_LOOK)
    if lease is None:
        raise ActionRefused(f"a tick works on account {account.name} just now; try again")
    try:
        current = ports.orders.get(order_id) or order
        evidence = _evidence(ports, account, current, ports.exchanges.open(account))
        return Examination(order=current, evidence=evidence)
    finally:
        ports.control.release(lease)


def _evidence(ports: TradingPorts, account: Account, order: Order, exchange: Exchange) -> Evidence:
    since = order.first_sent_at or order.created_at
    return Evidence(
        asked_at=ports.clock.now(),
        found=exchange.find(order.intent, since),
        activity=_activity(exchange, order, since),
        differences=_differences(ports, account, order, exchange),
    )


def _activity(exchange: Exchange, order: Order, since: datetime) -> Activity | None:
    if not isinstance(exchange, ShowsActivity):
        return None
    return exchange.activity(order.intent, order.venue_order_id, since)


def _differences(
    ports: TradingPorts, account: Account, order: Order, exchange: Exchange
) -> Mapping[str, Decimal]:
    """What the venue holds beyond the books, of the order's two assets."""
    portfolio = ports.ledger.portfolio(account.name, account.quote)
    balances = exchange.balances()
    with exact_arithmetic():
        return {
            asset: (balances[asset].total if asset in balances else ZERO) - portfolio.owned(asset)
            for asset in order.intent.symbol.split("/", maxsplit=1)
        }
