"""A virtual venue in a test's hands: its clock, its market and its table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from weakref import finalize

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import VirtualOptions, parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.order import (
    OrderIntent,
    OrderReport,
    OrderType,
    TimeInForce,
    client_order_id,
)
from chalicelib.domain.trading.side import Side
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Table

START = datetime(2024, 8, 10, 2, 30, tzinfo=UTC)
BTC = "BTC/USDT"
COARSE = {
    BTC: {
        "quantity_step": "0.001",
        "price_tick": "0.01",
        "minimum_quantity": "0.002",
        "maximum_quantity": "50",
        "minimum_notional": "10",
    }
}


def paper(**options: Any) -> Account:
    virtual = {"balances": {"USDT": "10000", "BTC": "1"}, **options}
    return Account(
        name="paper",
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        exchange_options={"virtual": virtual},
    )


@dataclass(frozen=True, kw_only=True)
class Venue:
    """One exchange, and what moves its world."""

    exchange: VirtualExchange
    clock: ReplayClock
    prices: FixedPrices
    table: Table
    options: VirtualOptions

    def price(self, price: str, symbol: str = BTC) -> None:
        self.prices.set(symbol, Decimal(price))

    def wait(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now() + timedelta(seconds=seconds))

    def send(self, intent: OrderIntent) -> OrderReport:
        return self.exchange.submit(intent, self.clock.now() + timedelta(seconds=5))

    def find(self, intent: OrderIntent) -> OrderReport | None:
        return self.exchange.find(intent, START)

    def held(self) -> dict[str, Decimal]:
        return {asset: balance.total for asset, balance in self.exchange.balances().items()}

    def balance(self, asset: str) -> Balance:
        return self.exchange.balances()[asset]


def open_venue(
    table: Table | None = None, prices: Mapping[str, str] | None = None, **options: Any
) -> Venue:
    account, clock = paper(**options), ReplayClock(START)
    quoted = {symbol: Decimal(price) for symbol, price in (prices or {BTC: "100"}).items()}
    fixed, parsed = FixedPrices(quoted, clock), parse_options(account)
    own = None if table else SqliteTable(":memory:")
    table = table or own
    assert table is not None
    exchange = VirtualExchange(account, table, fixed, clock, parsed)
    venue = Venue(exchange=exchange, clock=clock, prices=fixed, table=table, options=parsed)
    if own is not None:
        finalize(venue, own.close)
    return venue


def order(
    side: Side,
    quantity: str,
    limit: str,
    *,
    name: str = "plan#BTC/USDT#0",
    kind: OrderType = OrderType.LIMIT,
    rests: bool = False,
) -> OrderIntent:
    return OrderIntent(
        id=name,
        client_order_id=client_order_id(name),
        account="paper",
        symbol=BTC,
        side=side,
        quantity=Decimal(quantity),
        limit_price=Decimal(limit),
        type=kind,
        time_in_force=TimeInForce.GTC if rests else TimeInForce.IOC,
        shares=(),
    )


def buy(quantity: str, limit: str, **how: Any) -> OrderIntent:
    return order(Side.BUY, quantity, limit, **how)


def sell(quantity: str, limit: str, **how: Any) -> OrderIntent:
    return order(Side.SELL, quantity, limit, **how)
