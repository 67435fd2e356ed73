"""What a venue's book is about: instruments, order requests, orders, trades, refusals. No I/O."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    MARKET = "MARKET"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class FeeAsset(StrEnum):
    RECEIVED = "received"  # a buyer pays in base, a seller in quote
    QUOTE = "quote"
    BASE = "base"


class Refusal(StrEnum):
    SYMBOL = "symbol"
    QUANTITY = "quantity"
    PRICE = "price"
    NOTIONAL = "notional"
    FUNDS = "funds"
    DUPLICATE = "duplicate"
    TRIGGER = "trigger"


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """`id` is the venue's word for it, `symbol` is ccxt's."""

    id: str
    base: str
    quote: str
    step: Decimal = Decimal("0.00001")
    tick: Decimal = Decimal("0.01")
    minimum_quantity: Decimal = Decimal("0.00001")
    maximum_quantity: Decimal = Decimal(9_000_000)
    minimum_notional: Decimal = ZERO
    fee_rate: Decimal = Decimal("0.001")
    maker_fee_rate: Decimal = Decimal("0.001")

    @property
    def symbol(self) -> str:
        return f"{self.base}/{self.quote}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    id: int
    order_id: int
    client_id: str
    instrument: Instrument
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    time_ms: int
    maker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A market order names `quantity` or the quote amount to spend (`budget`)."""

    instrument: Instrument
    side: Side
    type: OrderType
    client_id: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    budget: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    fee_asset: FeeAsset | None = None  # None: as the book has it for all


@dataclass(slots=True, kw_only=True)
class Order:
    id: int
    request: OrderRequest
    quantity: Decimal
    created_ms: int
    updated_ms: int
    visible_from_ms: int
    waits: bool = False  # a stop that the market has not come to yet
    status: OrderStatus = OrderStatus.NEW
    executed: Decimal = ZERO
    cost: Decimal = ZERO
    locked: Decimal = ZERO
    trades: list[Trade] = field(default_factory=list)

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def is_open(self) -> bool:
        return self.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
