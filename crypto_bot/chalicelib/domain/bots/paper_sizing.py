"""How much an order of a backtest buys or sells, at the price it is filled at."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.intent import BUY, FRACTION, QUANTITY, SELL, VALUE, Unit
from chalicelib.domain.bots.market import Market
from chalicelib.domain.bots.paper_ledger import PaperLedger
from chalicelib.domain.bots.paper_order import PaperOrder
from chalicelib.domain.money import ONE, ZERO

if TYPE_CHECKING:
    from chalicelib.domain.trading.instrument import Instrument

Markets = Mapping[str, Market]


class Sizing:
    """`allows_short`: a sale may go below zero, as far as the equity would cover the purchase."""

    def __init__(
        self, instruments: Mapping[str, "Instrument"], costs: Costs, *, allows_short: bool
    ) -> None:
        self.costs: Final = costs
        self._instruments = instruments
        self._allows_short = allows_short
        self._with_fee = ONE + costs.taker_fee
        self._with_either_fee = ONE + max(costs.maker_fee, costs.taker_fee)

    def signed(
        self, order: PaperOrder, price: Decimal, ledger: PaperLedger, markets: Markets
    ) -> Decimal:
        """Above zero to buy, below zero to sell, in whole steps; never more than can be paid."""
        held = ledger.holdings[order.symbol].quantity
        wanted = self._wanted(order, price, held, ledger, markets)
        if wanted < ZERO:  # to compare with the int 0 takes four times as long
            if not self._allows_short or order.group:
                most = held if held > ZERO else ZERO
                wanted = -most if wanted < -most else wanted
            elif held + wanted < ZERO:
                most = equity_at(order.symbol, price, ledger, markets) / price
                wanted = max(wanted, min(ZERO, -(most + held)))
        elif wanted > ZERO:
            if order.group:
                wanted = min(wanted, -min(held, ZERO))
            # Whether a limit order will have waited is not known when its size is settled.
            with_fee = self._with_fee if order.limit is None else self._with_either_fee
            most = ledger.cash / (price * with_fee)
            wanted = most if wanted > most else wanted
        instrument = self._instruments[order.symbol]
        if instrument.maximum_quantity is not None:
            wanted = max(min(wanted, instrument.maximum_quantity), -instrument.maximum_quantity)
        step = instrument.quantity_step
        # Towards zero, as Instrument.round_quantity for what is above it, at a tenth of the time.
        return wanted // step * step

    def shortfall(self, order: PaperOrder, quantity: Decimal, price: Decimal) -> str:
        """Why nothing is traded; empty where something is."""
        code = self._instruments[order.symbol].shortfall(abs(quantity), price)
        return "NOTHING_TO_TRADE_WITH" if code and not quantity else code

    def _wanted(
        self,
        order: PaperOrder,
        price: Decimal,
        held: Decimal,
        ledger: PaperLedger,
        markets: Markets,
    ) -> Decimal:
        intent = order.intent
        if order.quantity is not None:
            return order.quantity if intent.action is BUY else -order.quantity
        if order.is_move and not intent.amount:
            return -held
        if intent.action is SELL:
            return -_of_position(intent.amount, intent.unit, price, held)
        if intent.unit is not FRACTION:
            return intent.amount / price if intent.unit is VALUE else intent.amount
        equity = equity_at(order.symbol, price, ledger, markets)
        wanted = equity * intent.amount / price
        if order.is_move:
            wanted -= held
        return ZERO if intent.band and abs(wanted) * price < intent.band * equity else wanted


def equity_at(symbol: str, price: Decimal, ledger: PaperLedger, markets: Markets) -> Decimal:
    """Cash and positions: this one at `price`, the others at their last close."""
    equity = ledger.cash
    for name, holding in ledger.holdings.items():
        if holding.quantity:
            mark = price if name == symbol else Decimal(repr(markets[name].close))
            equity += holding.quantity * mark
    return equity


def _of_position(amount: Decimal, unit: Unit, price: Decimal, held: Decimal) -> Decimal:
    if unit is QUANTITY:
        return amount
    if unit is VALUE:
        return amount / price
    return held * amount if unit is FRACTION else held
