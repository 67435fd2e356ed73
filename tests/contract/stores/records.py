"""Records of the domain with sensible values; a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.ledger import Entry, EntryKind, Portfolio, Posting, post
from chalicelib.domain.trading.order import Order, OrderIntent, Share, client_order_id, order_id
from chalicelib.domain.trading.plan import Plan, Step
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.domain.trading.strategy import Strategy

NOON = datetime(2024, 8, 10, 12, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def signal(name: str = "s1", **changes: Any) -> Signal:
    plain = Signal(
        id=name,
        strategy="trend",
        ticker="BTCUSD",
        symbol="BTC/USD",
        state=DesiredState.LONG,
        fired_at=NOON,
        received_at=NOON,
        due_at=NOON,
        body_digest="abc",
    )
    return replace(plain, **changes)


def plan(name: str = "p1", **changes: Any) -> Plan:
    plain = Plan(
        id=name,
        account="main",
        sequence=1,
        step=Step.INCREASE,
        created_at=NOON,
        configuration_version=1,
        equity=Decimal(1000),
    )
    return replace(plain, **changes)


def order(plan_id: str = "p1", symbol: str = "BTC/USD", leg: int = 0, **changes: Any) -> Order:
    identity = order_id(plan_id, symbol, leg)
    intent = OrderIntent(
        id=identity,
        client_order_id=client_order_id(identity),
        account="main",
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal("0.10"),
        limit_price=Decimal("67656.77"),
        shares=(Share(strategy="trend", quantity=Decimal("0.10")),),
    )
    plain = Order(intent=intent, plan_id=plan_id, leg=leg, created_at=NOON, updated_at=NOON)
    return replace(plain, **changes)


def deposit(number: int, amount: str = "1", account: str = "main") -> Entry:
    return Entry(
        id=f"drift#{number}#USD",
        account=account,
        kind=EntryKind.DRIFT,
        at=minutes(number),
        postings=(
            Posting(account="unmanaged", asset="USD", amount=Decimal(amount)),
            Posting(account="exchange", asset="USD", amount=-Decimal(amount)),
        ),
    )


def posted(portfolio: Portfolio, *entries: Entry) -> tuple[Portfolio, list[Entry]]:
    """The fold of the entries and the entries as they are stored."""
    numbered = []
    for entry in entries:
        portfolio, stored = post(portfolio, entry)
        numbered.append(stored)
    return portfolio, numbered


def strategy(name: str = "trend", **changes: Any) -> Strategy:
    return replace(Strategy(name=name, instruments={"BTCUSD": "BTC/USD"}), **changes)


def account(name: str = "main", **changes: Any) -> Account:
    plain = Account(name=name, exchange="virtual", mode=Mode.VIRTUAL, quote="USD")
    return replace(plain, **changes)


def subscription(name: str = "trend", **changes: Any) -> Subscription:
    plain = Subscription(account="main", strategy=name, weight=Decimal("0.20"))
    return replace(plain, **changes)
