"""A venue under test: the exchange, and what a test does at the venue behind its back."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.order import (
    OrderIntent,
    OrderType,
    TimeInForce,
    client_order_id,
)
from chalicelib.domain.trading.side import Side
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.ports import Exchange
from tests.venues import binance, gemini
from tests.venues.binance_wire import ORDER
from tests.venues.faults import Fault, FaultKind
from tests.venues.server import VenueServer

PRICE = Decimal("60000.12")
CASH = Decimal(10000)


class Trouble(StrEnum):
    """What happens to an order on its way, in the words of the person who sends it."""

    ANSWER_LOST = "accepted, and the answer is lost"
    ERROR_AFTER = "accepted, and a 500 comes back"
    REQUEST_LOST = "cut before it is read"
    RATE_LIMITED = "429"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """One trade in the venue's own book."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One order in the venue's own book."""

    client_order_id: str
    trades: tuple[Traded, ...]


@dataclass(kw_only=True)
class Control:
    exchange: Exchange
    symbol: str
    accepted: Callable[[], list[Accepted]]
    received: Callable[[], int] | None = None  # orders that reached the venue, good or bad
    permit: timedelta = field(default=timedelta(seconds=20))

    def now(self) -> datetime:
        return SystemClock().now()

    def permit_until(self) -> datetime:
        return self.now() + self.permit

    def buy(self, name: str = "a", quantity: str = "0.00123", **changes: Any) -> OrderIntent:
        """Marketable and immediate-or-cancel unless `changes` say otherwise."""
        usual: dict[str, Any] = {
            "id": name,
            "client_order_id": client_order_id(name),
            "account": "a",
            "symbol": self.symbol,
            "side": Side.BUY,
            "quantity": Decimal(quantity),
            "limit_price": Decimal("60060.13"),
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.IOC,
            "shares": (),
        }
        return OrderIntent(**(usual | changes))

    def resting(self, name: str = "r") -> OrderIntent:
        return self.buy(name, limit_price=Decimal(30000), time_in_force=TimeInForce.GTC)


Opener = Callable[..., Control]


def open_virtual(stack: ExitStack, *troubles: Trouble, fill_half: bool = False) -> Control:
    words = {
        Trouble.ANSWER_LOST: "answer_lost",
        Trouble.ERROR_AFTER: "error_after",
        Trouble.REQUEST_LOST: "lost",
        Trouble.RATE_LIMITED: "rate_limited",
    }
    options = {
        "balances": {"USDT": str(CASH)},
        "instruments": {"BTC/USDT": {"minimum_notional": "5", "price_tick": "0.01"}},
        "fee_in": "received",
        "fee_digits": 8,
        "faults": {"script": [words[trouble] for trouble in troubles]},
        "partial_fill": "1" if fill_half else "0",
    }
    account = Account(
        name="a",
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        exchange_options={"virtual": options},
    )
    table = SqliteTable(":memory:")
    stack.callback(table.close)
    clock = SystemClock()
    prices = FixedPrices({"BTC/USDT": PRICE}, clock)
    exchange = VirtualExchange(account, table, prices, clock, parse_options(account))

    def accepted() -> list[Accepted]:
        return [
            Accepted(
                client_order_id=report.client_order_id,
                trades=tuple(
                    Traded(
                        trade_id=fill.trade_id,
                        quantity=fill.quantity,
                        price=fill.price,
                        fee=fill.fee,
                        fee_asset=fill.fee_asset,
                    )
                    for fill in report.fills
                ),
            )
            for report in exchange.accepted()
        ]

    return Control(exchange=exchange, symbol="BTC/USDT", accepted=accepted)


def open_binance(stack: ExitStack, *troubles: Trouble, fill_half: bool = False) -> Control:
    book = binance.standard_book({"BTC/USDT": PRICE}, {"USDT": CASH})
    server = stack.enter_context(binance.BinanceVenue(book))
    _arrange(server, ORDER, troubles, fill_half=fill_half)
    return _over_loopback(stack, server, "BTC/USDT", ORDER, binance.ccxt_options(server))


def open_gemini(stack: ExitStack, *troubles: Trouble, fill_half: bool = False) -> Control:
    book = gemini.standard_book({"BTC/USD": PRICE}, {"USD": CASH})
    limits = gemini.GeminiLimits(public_per_minute=60_000, private_per_minute=60_000)
    server = stack.enter_context(gemini.GeminiVenue(book, limits=limits))
    _arrange(server, "/v1/order/new", troubles, fill_half=fill_half)
    return _over_loopback(stack, server, "BTC/USD", "/v1/order/new", gemini.ccxt_options(server))


OPENERS: dict[str, Opener] = {
    "virtual": open_virtual,
    "binance": open_binance,
    "gemini": open_gemini,
}


def _arrange(
    server: VenueServer, path: str, troubles: tuple[Trouble, ...], *, fill_half: bool
) -> None:
    faults = {
        Trouble.ANSWER_LOST: (FaultKind.CUT, True),
        Trouble.ERROR_AFTER: (FaultKind.ERROR_500, True),
        Trouble.REQUEST_LOST: (FaultKind.CUT, False),
        Trouble.RATE_LIMITED: (FaultKind.RATE_LIMIT, False),
    }
    for trouble in troubles:
        kind, after = faults[trouble]
        server.add_fault(Fault(kind=kind, method="POST", path=path, after=after))
    if fill_half:
        server.add_fault(Fault(kind=FaultKind.PARTIAL_FILL, method="POST", path=path))


def _over_loopback(
    stack: ExitStack, server: VenueServer, symbol: str, path: str, options: dict[str, Any]
) -> Control:
    account = Account(
        name="a",
        exchange=server.name,
        mode=Mode.SANDBOX,
        quote=symbol.partition("/")[2],
        exchange_options={**options, "rateLimit": 1, "timeout_on_exit": 0},
    )
    exchange = connect(account, {}, SystemClock())
    stack.callback(exchange.close)

    def accepted() -> list[Accepted]:
        return [
            Accepted(
                client_order_id=order.request.client_id,
                trades=tuple(
                    Traded(
                        trade_id=str(trade.id),
                        quantity=trade.quantity,
                        price=trade.price,
                        fee=trade.fee,
                        fee_asset=trade.fee_asset,
                    )
                    for trade in order.trades
                ),
            )
            for order in server.orders
        ]

    return Control(
        exchange=exchange,
        symbol=symbol,
        accepted=accepted,
        received=lambda: server.count(path, "POST"),
    )
