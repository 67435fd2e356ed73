"""What one account holds: orders lock it, trades move it, fees are taken off it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from tests.venues.orders import (
    ZERO,
    FeeAsset,
    Order,
    OrderRequest,
    Refusal,
    Refused,
    Side,
    Trade,
)

FEE_STEP = Decimal("1e-8")


@dataclass(slots=True)
class Balance:
    free: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.free + self.locked


class Wallet:
    def __init__(self, balances: Mapping[str, Decimal], fee_asset: FeeAsset) -> None:
        self.balances = {asset: Balance(free=amount) for asset, amount in balances.items()}
        self._fee_asset = fee_asset

    def balance(self, asset: str) -> Balance:
        return self.balances.setdefault(asset, Balance())

    def lock(self, order: Order, price: Decimal) -> None:
        """What the order may cost at that price; Refused where it is not there."""
        needed = self._needed(order, price)
        balance = self.balance(_paid_in(order))
        if needed > balance.free:
            raise Refused(Refusal.FUNDS)
        balance.free -= needed
        balance.locked += needed
        order.locked = needed

    def fee(
        self, request: OrderRequest, quantity: Decimal, price: Decimal, rate: Decimal
    ) -> tuple[Decimal, str]:
        """Amount and asset."""
        instrument = request.instrument
        in_base = self._pays_fee_in(request) == instrument.base
        fee = (quantity if in_base else quantity * price) * rate
        asset = instrument.base if in_base else instrument.quote
        return fee.quantize(FEE_STEP, rounding=ROUND_DOWN), asset

    def settle(self, order: Order, trade: Trade) -> None:
        instrument = trade.instrument
        cost = trade.price * trade.quantity
        if trade.side is Side.BUY:
            spent, asset, received = cost, instrument.base, trade.quantity
        else:
            spent, asset, received = trade.quantity, instrument.quote, cost
        if trade.fee_asset == asset:
            received -= trade.fee
        else:
            spent += trade.fee
        order.locked -= spent
        self.balance(_paid_in(order)).locked -= spent
        self.balance(asset).free += received

    def keep_what_it_needs(self, order: Order, price: Decimal) -> None:
        """Of an order that goes on; the rest is free again."""
        self._release(order, down_to=self._needed(order, price))

    def release(self, order: Order) -> None:
        """Of an order that is over."""
        self._release(order, down_to=ZERO)

    def _needed(self, order: Order, price: Decimal) -> Decimal:
        request = order.request
        given = order.remaining * (1 if request.side is Side.SELL else price)
        if self._pays_fee_in(request) == _paid_in(order):
            given += given * request.instrument.fee_rate
        return given

    def _pays_fee_in(self, request: OrderRequest) -> str:
        buys = request.side is Side.BUY
        match request.fee_asset or self._fee_asset:
            case FeeAsset.BASE:
                return request.instrument.base
            case FeeAsset.RECEIVED if buys:
                return request.instrument.base
            case _:
                return request.instrument.quote

    def _release(self, order: Order, *, down_to: Decimal) -> None:
        excess = order.locked - down_to
        balance = self.balance(_paid_in(order))
        balance.locked -= excess
        balance.free += excess
        order.locked = down_to


def _paid_in(order: Order) -> str:
    instrument = order.request.instrument
    return instrument.quote if order.request.side is Side.BUY else instrument.base
