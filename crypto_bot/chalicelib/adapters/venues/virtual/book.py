"""The virtual venue's memory: one row for the wallet, one row per client order id.

An accepted order and what it does to the wallet are one atomic write, so no kill, thread or
second process can leave half of it behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.money import ZERO, Exact
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.order import OrderIntent, OrderStatus, TimeInForce
from chalicelib.domain.trading.side import Side
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

T = TypeVar("T")

_WALLET: Final = "wallet"
_ORDER: Final = "order#"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOrder(Exact):
    """An order the venue accepted. `locked` is what of the wallet it still holds.

    `limit_price` of a market order is the price it was accepted at; `visible_at` is when look-ups
    begin to find it; `fee_rate` is a fraction. A stop trades only once it is `triggered`.
    """

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal
    base: str
    quote: str
    fee_rate: Decimal
    fee_asset: str
    locked: Decimal
    accepted_at: datetime
    visible_at: datetime
    status: OrderStatus = OrderStatus.ACCEPTED
    fills: tuple[Fill, ...] = ()
    stop_price: Decimal | None = None
    triggered: bool = False
    trades_before: int = 0  # of earlier orders under the same client order id
    reason: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is a stop that the market has not come to yet."""
        return self.stop_price is not None and not self.triggered

    @property
    def filled(self) -> Decimal:
        """Base quantity executed."""
        return sum((fill.quantity for fill in self.fills), ZERO)

    @property
    def remaining(self) -> Decimal:
        """Base quantity not executed."""
        return self.quantity - self.filled

    @property
    def locked_asset(self) -> str:
        """What it holds: quote for a buy, base for a sell."""
        return self.quote if self.side is Side.BUY else self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request on the way that the venue will accept at `at`."""

    intent: OrderIntent
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """Everything ever accepted under one client order id, oldest first.

    More than one order means that the sender sent twice. `attempts` counts requests, accepted or
    not; `arrivals` are those still on the way.
    """

    client_order_id: str
    attempts: int = 0
    orders: tuple[BookOrder, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    version: int = 0

    @property
    def open_order(self) -> BookOrder | None:
        """The one in the book; ids are unique among open orders, and only among those."""
        if self.orders and not self.orders[-1].status.is_final:
            return self.orders[-1]
        return None

    @property
    def is_open(self) -> bool:
        """Whether the passing of time or of prices can change it."""
        return self.open_order is not None or bool(self.arrivals)

    @property
    def symbol(self) -> str:
        """The instrument; empty for a file with neither orders nor arrivals."""
        symbols = [*(o.symbol for o in self.orders), *(a.intent.symbol for a in self.arrivals)]
        return symbols[0] if symbols else ""

    def with_order(self, order: BookOrder) -> "OrderFile":
        """Replace the open order by its next state, or append a new one."""
        kept = self.orders[:-1] if self.open_order is not None else self.orders
        return replace(self, orders=(*kept, order))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """What the account holds, which client order ids are open, how many requests it has sent."""

    balances: dict[str, Balance]
    open_orders: tuple[str, ...] = ()
    sent: int = 0
    banned_until: datetime | None = None
    version: int = 0

    def balance(self, asset: str) -> Balance:
        """Free and locked of one asset."""
        return self.balances.get(asset, Balance(asset=asset, free=ZERO))

    def moved(self, asset: str, *, free: Decimal = ZERO, locked: Decimal = ZERO) -> "Wallet":
        """The wallet with these amounts added. An asset below zero is a defect of this venue."""
        old = self.balance(asset)
        new = Balance(asset=asset, free=old.free + free, locked=old.locked + locked)
        if new.free < 0 or new.locked < 0:
            raise ArithmeticError(f"{asset} would fall to {new.free} free, {new.locked} locked")
        return replace(self, balances={**self.balances, asset: new})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one write saves: the wallet and the orders of one client order id."""

    wallet: Wallet
    file: OrderFile


class Book:
    """Reads and writes one account's wallet and orders."""

    def __init__(self, table: Table, account: str, opening: Mapping[str, Decimal]) -> None:
        self._table = table
        self._partition = f"virtual#{account}"
        self._opening = opening

    def wallet(self) -> Wallet:
        """The wallet; the first look ever writes the opening balances down."""
        stored = self._read(_WALLET, Wallet)
        if stored is not None:
            return stored
        balances = {
            name: Balance(asset=name, free=amount) for name, amount in self._opening.items()
        }
        fresh = Wallet(balances=balances, version=1)
        try:
            self._table.write([self._row(_WALLET, fresh, fresh.version)])
        except StoreConflict:  # another thread or process opened it just now
            return self.wallet()
        return fresh

    def order_file(self, client_order_id: str) -> OrderFile:
        """What is known under the id; an empty file (version 0) where nothing is."""
        stored = self._read(_ORDER + client_order_id, OrderFile)
        return stored or OrderFile(client_order_id=client_order_id)

    def order_files(self) -> list[OrderFile]:
        """All of them, by client order id."""
        rows = self._table.query(self._partition, _ORDER)
        return [decode(OrderFile, row.document) for row in rows]

    def page(self, client_order_id: str) -> Page:
        """Wallet and orders as they stand, to be changed and saved together."""
        return Page(wallet=self.wallet(), file=self.order_file(client_order_id))

    def save(self, page: Page) -> None:
        """All of it or nothing. StoreConflict if either row moved on since it was read."""
        name = page.file.client_order_id
        others = tuple(other for other in page.wallet.open_orders if other != name)
        listed = (*others, name) if page.file.is_open else others
        wallet = replace(page.wallet, open_orders=listed, version=page.wallet.version + 1)
        file = replace(page.file, version=page.file.version + 1)
        rows = [
            self._row(_WALLET, wallet, wallet.version),
            self._row(_ORDER + name, file, file.version),
        ]
        self._table.write(rows)

    def _read(self, sort: str, kind: type[T]) -> T | None:
        row = self._table.get(self._partition, sort)
        return None if row is None else decode(kind, row.document)

    def _row(self, sort: str, record: object, version: int) -> Row:
        return Row(partition=self._partition, sort=sort, document=encode(record), version=version)
