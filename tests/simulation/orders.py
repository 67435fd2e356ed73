"""The simulated venue's own book: what it accepted, filled and holds. The truth of a schedule."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_UP, Decimal

from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.order import OrderIntent, OrderReport, OrderStatus
from chalicelib.domain.trading.side import Side


@dataclass(slots=True, eq=False)
class VenueOrder:
    """One accepted order; `hidden_until` is when look-ups begin to see it, in seconds."""

    intent: OrderIntent
    number: int
    accepted_at: float
    hidden_until: float
    status: OrderStatus = OrderStatus.ACCEPTED
    filled: Decimal = ZERO
    fills: list[Fill] = field(default_factory=list)
    fills_hidden_until: float = 0.0
    asleep: bool = False  # a stop that the market has not come to
    is_anothers: bool = False  # of a bot with the same keys, of which nobody told us

    @property
    def remaining(self) -> Decimal:
        return self.intent.quantity - self.filled

    @property
    def is_open(self) -> bool:
        return not self.status.is_final

    def report(self, now: float) -> OrderReport:
        """What the venue says; its list of trades may trail behind the filled quantity."""
        shown = self.fills if now >= self.fills_hidden_until else self.fills[:-1]
        return OrderReport(
            client_order_id=self.intent.client_order_id,
            venue_order_id=str(self.number),
            status=self.status,
            filled=self.filled,
            fills=tuple(shown),
        )


class VenueBook:
    """Balances and orders of one account, moved by fills alone."""

    def __init__(self, balances: dict[str, Decimal], fee: Decimal, fee_in: str) -> None:
        self.totals = dict(balances)
        self.orders: list[VenueOrder] = []
        self.trades = 0
        self._fee = fee
        self._fee_in = fee_in  # quote, received, or the name of a third asset

    def balances(self) -> dict[str, Balance]:
        """Totals, with what open orders have locked."""
        locked: dict[str, Decimal] = {}
        with exact_arithmetic():
            for order in self.orders:
                if order.is_open:
                    asset, amount = self._lock(order.intent, order.remaining)
                    locked[asset] = locked.get(asset, ZERO) + amount
            return {
                asset: Balance(
                    asset=asset,
                    free=max(total - locked.get(asset, ZERO), ZERO),
                    locked=min(locked.get(asset, ZERO), total),
                )
                for asset, total in self.totals.items()
                if total
            }

    def affords(self, intent: OrderIntent) -> bool:
        """Whether the account's free balance covers the order with its fee."""
        asset, amount = self._lock(intent, intent.quantity)
        free = self.balances().get(asset)
        return free is not None and free.free >= amount

    def fill(self, order: VenueOrder, quantity: Decimal, price: Decimal, at: datetime) -> None:
        """Trade a part of the order at a price that is not worse than its limit."""
        intent = order.intent
        base, quote = intent.symbol.split("/")
        self.trades += 1
        with exact_arithmetic():
            cost = quantity * price
            fee_asset, fee = self._fee_of(intent, quantity, cost)
            moved = {base: quantity, quote: -cost}
            if intent.side is Side.SELL:
                moved = {base: -quantity, quote: cost}
            moved[fee_asset] = moved.get(fee_asset, ZERO) - fee
            for asset, amount in moved.items():
                self.totals[asset] = self.totals.get(asset, ZERO) + amount
        order.fills.append(
            Fill(
                trade_id=f"t{self.trades}",
                quantity=quantity,
                price=price,
                fee=fee,
                fee_asset=fee_asset,
                at=at,
            )
        )
        order.filled += quantity
        done = order.filled >= intent.quantity
        order.status = OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED

    def of(self, client_order_id: str) -> list[VenueOrder]:
        """Everything ever accepted under the id."""
        return [o for o in self.orders if o.intent.client_order_id == client_order_id]

    def _fee_of(self, intent: OrderIntent, quantity: Decimal, cost: Decimal) -> tuple[str, Decimal]:
        base, quote = intent.symbol.split("/")
        if self._fee_in == "received" and intent.side is Side.BUY:
            return base, _rounded(quantity * self._fee)
        if self._fee_in in {"received", "quote"}:
            return quote, _rounded(cost * self._fee)
        return self._fee_in, _rounded(cost * self._fee / 100)

    def _lock(self, intent: OrderIntent, quantity: Decimal) -> tuple[str, Decimal]:
        base, quote = intent.symbol.split("/")
        if intent.side is Side.SELL:
            return base, quantity
        return quote, quantity * intent.limit_price * (1 + self._fee)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("1e-8"), rounding=ROUND_UP)
