"""A venue under test: the exchange, and what a test does at the venue behind its back."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt import client_ids
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.ccxt.venue_table import venue_row
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
from tests.venues import binance, bitfinex, gemini, kraken, kraken_wire, kucoin
from tests.venues.binance_wire import ORDER
from tests.venues.faults import Fault, FaultKind
from tests.venues.matching import Book
from tests.venues.orders import OrderRequest
from tests.venues.orders import OrderType as BookOrderType
from tests.venues.orders import Side as BookSide
from tests.venues.orders import TimeInForce as BookTimeInForce
from tests.venues.server import VenueServer

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
    """One order in the venue's own book; the virtual one keeps no limit price."""

    client_order_id: str
    trades: tuple[Traded, ...]
    limit_price: Decimal | None = None


@dataclass(kw_only=True)
class Control:
    """`limit_price` is a little above `price`, both with all the digits that the venue allows."""

    exchange: Exchange
    symbol: str
    accepted: Callable[[], list[Accepted]]
    move_market: Callable[[Decimal], None]
    crowd: Callable[[int], None]  # that many small orders of other makers than this program
    reconnect: Callable[[], Exchange]  # the same account from another process
    holds: Callable[[str], Decimal]  # of an asset, by the venue's own book
    price: Decimal = Decimal("60000.12")
    limit_price: Decimal = Decimal("60060.13")
    in_venue_form: Callable[[str], str] = str  # of a client order id
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
            "limit_price": self.limit_price,
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
    prices = FixedPrices({"BTC/USDT": Control.price}, clock)

    def connected() -> VirtualExchange:
        return VirtualExchange(account, table, prices, clock, parse_options(account))

    def crowd(count: int) -> None:
        for number in range(count):
            other = control.buy(f"other {number}", "0.0001")
            exchange.submit(other, control.permit_until())

    exchange = connected()

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

    control = Control(
        exchange=exchange,
        symbol="BTC/USDT",
        accepted=accepted,
        move_market=lambda price: prices.set("BTC/USDT", price),
        crowd=crowd,
        reconnect=connected,
        holds=lambda asset: exchange.balances()[asset].total,
    )
    return control


@dataclass(frozen=True, slots=True, kw_only=True)
class Loopback:
    """A venue that ccxt reaches on this machine."""

    symbol: str
    order_path: str
    book: Callable[..., Book]
    serve: Callable[[Book], VenueServer]
    ccxt_options: Callable[[VenueServer], dict[str, Any]]
    price: Decimal = Control.price
    limit_price: Decimal = Control.limit_price
    trade_word: Callable[[int], str] = str


LOOPBACKS = {
    "binance": Loopback(
        symbol="BTC/USDT",
        order_path=ORDER,
        book=binance.standard_book,
        serve=binance.BinanceVenue,
        ccxt_options=binance.ccxt_options,
    ),
    "gemini": Loopback(
        symbol="BTC/USD",
        order_path="/v1/order/new",
        book=gemini.standard_book,
        serve=lambda book: gemini.GeminiVenue(
            book,
            limits=gemini.GeminiLimits(public_per_minute=60_000, private_per_minute=60_000),
        ),
        ccxt_options=gemini.ccxt_options,
    ),
    "kraken": Loopback(
        symbol="BTC/USD",
        order_path=kraken.ADD_ORDER,
        book=kraken.standard_book,
        serve=lambda book: kraken.KrakenVenue(
            book, limits=kraken.KrakenLimits(highest_count=Decimal(10_000))
        ),
        ccxt_options=kraken.ccxt_options,
        price=Decimal("60000.1"),
        limit_price=Decimal("60060.2"),
        trade_word=kraken_wire.trade_word,
    ),
    "kucoin": Loopback(
        symbol="BTC/USDT",
        order_path=kucoin.HF_ORDERS,
        book=kucoin.standard_book,
        serve=kucoin.KucoinVenue,
        ccxt_options=kucoin.ccxt_options,
        price=Decimal("60000.1"),
        limit_price=Decimal("60060.2"),
    ),
    "bitfinex": Loopback(
        symbol="BTC/USDT",
        order_path=bitfinex.SUBMIT,
        book=bitfinex.standard_book,
        serve=lambda book: bitfinex.BitfinexVenue(
            book, limits=bitfinex.BitfinexLimits(calls_per_minute=10_000)
        ),
        ccxt_options=bitfinex.ccxt_options,
        price=Decimal(60001),
        limit_price=Decimal(60061),
    ),
}


def open_loopback(
    name: str, stack: ExitStack, *troubles: Trouble, fill_half: bool = False
) -> Control:
    venue = LOOPBACKS[name]
    quote = venue.symbol.partition("/")[2]
    server = stack.enter_context(
        venue.serve(venue.book({venue.symbol: venue.price}, {quote: CASH}))
    )
    _arrange(server, venue.order_path, troubles, fill_half=fill_half)
    return _over_loopback(stack, server, venue)


OPENERS: dict[str, Opener] = {
    "virtual": open_virtual,
    **{name: partial(open_loopback, name) for name in LOOPBACKS},
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


def _over_loopback(stack: ExitStack, server: VenueServer, venue: Loopback) -> Control:
    row = venue_row(server.name)
    account = Account(
        name="a",
        exchange=server.name,
        mode=Mode.SANDBOX if row.has_sandbox else Mode.LIVE,
        quote=venue.symbol.partition("/")[2],
        exchange_options={**venue.ccxt_options(server), "rateLimit": 1, "timeout_on_exit": 0},
    )

    def connected() -> Exchange:
        exchange = connect(account, {}, SystemClock())
        stack.callback(exchange.close)
        return exchange

    def accepted() -> list[Accepted]:
        return [
            Accepted(
                client_order_id=order.request.client_id,
                limit_price=order.request.price,
                trades=tuple(
                    Traded(
                        trade_id=venue.trade_word(trade.id),
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
        exchange=connected(),
        symbol=venue.symbol,
        accepted=accepted,
        received=lambda: server.count(venue.order_path, "POST"),
        move_market=lambda price: server.set_price(venue.symbol, price),
        crowd=partial(_crowd, server, venue),
        reconnect=connected,
        holds=lambda asset: server.book.balance(asset).total,
        price=venue.price,
        limit_price=venue.limit_price,
        in_venue_form=lambda given: str(client_ids.render(given, row.id_format)),
    )


def _crowd(server: VenueServer, venue: Loopback, count: int) -> None:
    chosen = server.book.instrument(venue.symbol)
    for number in range(count):
        other = OrderRequest(
            instrument=chosen,
            side=BookSide.BUY,
            type=BookOrderType.LIMIT,
            client_id=str(1_000_000 + number),
            quantity=Decimal("0.0001"),
            price=venue.limit_price,
            time_in_force=BookTimeInForce.IOC,
        )
        server.place(other, None)
