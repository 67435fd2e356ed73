"""The virtual desk of a backtest: takes a bot's orders and fills them as `fill_model` says."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import Bar, OpenOrder
from chalicelib.domain.bots.fill_model import BUYS, SELLS, Costs
from chalicelib.domain.bots.intent import ALL, CANCEL, CLOSE, QUANTITY, SELL, TARGET, Intent
from chalicelib.domain.bots.paper_ledger import PaperLedger
from chalicelib.domain.bots.paper_order import PaperOrder, protections
from chalicelib.domain.bots.paper_sizing import Sizing
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.side import Side

if TYPE_CHECKING:
    from chalicelib.domain.trading.instrument import Instrument

# The finer candles within one, oldest first; the candle itself where there are none.
FinerBars = Callable[[Bar], Sequence[Bar]]
# When a fill was, and the cash and the position after it.
AfterFill = tuple[int, float, float]


class Denied(NamedTuple):
    """An order that came to nothing, and why; `at` is the start of the candle, in ms."""

    order_id: str
    symbol: str
    at: int
    code: str


class PaperDesk:
    """One bot's account, shown to it through its context."""

    def __init__(
        self,
        ctx: Context,
        instruments: Mapping[str, "Instrument"],
        cash: Decimal,
        sizing: Sizing,
        finer: FinerBars | None = None,
    ) -> None:
        self.waiting: list[PaperOrder] = []
        self.ledger: Final = PaperLedger(instruments, cash)
        self.denied: Final[list[Denied]] = []
        self.after_fills: Final[list[AfterFill]] = []
        self.marked: Final[list[int]] = []  # when, and what a portfolio's equity was
        self.equity: Final[list[float]] = []
        self._ctx = ctx
        self._markets = ctx.markets
        self._instruments = instruments
        self._sizing = sizing
        self._costs: Costs = sizing.costs
        self._finer = finer
        ctx.cash = float(cash)

    def accept(self, intents: Sequence[Intent]) -> None:
        """Cancellations at once; orders from the next open on."""
        for intent in intents:
            if intent.action is CANCEL or intent.action is CLOSE:
                self._cancel(intent.symbol, intent.cancels)
                if intent.action is CANCEL:
                    continue
            side = SELLS if intent.action is SELL else BUYS
            until = None
            if intent.expires is not None:
                until = intent.at + intent.expires * self._ctx.candle_ms
            self.waiting.append(PaperOrder(intent, side, until))

    def match(self, bars: Sequence[Bar]) -> None:
        """Of candles that begin at one time."""
        waiting = self.waiting
        first = waiting[0]
        if len(waiting) == 1 and first.is_market and len(bars) == 1:
            if first.symbol == bars[0].symbol:  # what most orders are: nothing to put in order
                waiting.clear()
                self._meet_open(first, bars[0])
        else:
            self._pass_gaps(bars)
            self._meet_opens({bar.symbol: bar for bar in bars})
        if not waiting:
            return
        for bar in bars:
            for part in self._finer(bar) if self._finer else (bar,):
                self._meet(part)
            self._expire(bar)
        self._forget()

    def mark(self, start: int) -> None:
        """A portfolio's equity at this close."""
        self.marked.append(start)
        self.equity.append(self._ctx.equity)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """What waits; a market order too, where its candle has not come."""
        return tuple(
            OpenOrder(
                order.id,
                order.symbol,
                order.side.value,
                None if order.quantity is None else float(order.quantity),
                order.limit,
                order.stands_at,
            )
            for order in self.waiting
        )

    def _pass_gaps(self, bars: Sequence[Bar]) -> None:
        """What ended where candles are missing meets none of the later ones."""
        for bar in bars:
            for order in self.waiting:
                if order.symbol == bar.symbol and order.until is not None:
                    order.is_done = order.until < bar.start

    def _meet_opens(self, bars: Mapping[str, Bar]) -> None:
        new = [order for order in self.waiting if order.is_new and order.symbol in bars]
        if len(new) > 1:
            new.sort(key=self._enlarges(bars))
        for order in new:
            self._meet_open(order, bars[order.symbol])
        self._forget()

    def _forget(self) -> None:
        self.waiting[:] = [order for order in self.waiting if not order.is_done]

    def _enlarges(self, bars: Mapping[str, Bar]) -> Callable[[PaperOrder], bool]:
        def enlarges(order: PaperOrder) -> bool:
            wanted = self._signed(order, Decimal(repr(bars[order.symbol].open)))
            # What cannot be paid yet may be once another has been sold.
            return not wanted or not self._reduces(order, BUYS if wanted > ZERO else SELLS)

        return enlarges

    def _reduces(self, order: PaperOrder, side: Side) -> bool:
        held = self.ledger.holdings[order.symbol].quantity
        return held > 0 if side is SELLS else held < 0

    def _signed(self, order: PaperOrder, price: Decimal) -> Decimal:
        return self._sizing.signed(order, price, self.ledger, self._markets)

    def _cancel(self, symbol: str, order_id: str) -> None:
        for order in self.waiting:
            if order_id in {order.id, order.group} if order_id else order.symbol == symbol:
                order.is_done = True
        self._forget()

    def _meet_open(self, order: PaperOrder, bar: Bar) -> None:
        if order.is_done:
            return
        if order.until is not None and bar.start > order.until:
            return  # and forgotten at the candle's end
        if order.is_market:
            self._fill(order, bar.open, bar.start, is_maker=False)
            return
        order.settle(self._instruments[order.symbol], bar.open)
        price = order.met_at_open(bar.open)
        if price is not None:
            self._fill(order, price, bar.start, is_maker=False)
        elif order.intent.unit is QUANTITY:
            order.quantity = order.intent.amount
        elif order.intent.unit is not ALL:  # which is all that there is when it is filled
            self._size(order, bar)

    def _size(self, order: PaperOrder, bar: Bar) -> None:
        """At the price that it waits for; what is a part of nothing has no size yet."""
        at = order.level if order.is_stop else float(order.limit or 0)
        if at:
            order.quantity = abs(self._signed(order, Decimal(repr(at)))) or None
        else:
            order.is_done = True
            self._deny(order, ZERO, bar.start, "PRICE_BELOW_TICK")

    def _meet(self, bar: Bar) -> None:
        """What turns against the position first: nobody knows which price came first."""
        before = self._resting(bar.symbol)
        reducing = [order for order in before if self._reduces(order, order.side)]
        entering = [order for order in before if order not in reducing]
        self._trigger([order for order in reducing if order.is_stop], bar)
        self._trigger(entering, bar)
        for order in self._resting(bar.symbol):
            if order.is_stop and order not in before:  # the open was before there was a position
                self._trigger([order], bar._replace(open=order.best))
        self._trigger([order for order in reducing if not order.is_stop], bar)
        for order in self._resting(bar.symbol):
            order.follow(bar)

    def _resting(self, symbol: str) -> list[PaperOrder]:
        return [
            order
            for order in self.waiting
            if order.symbol == symbol and not order.is_new and not order.is_done
        ]

    def _trigger(self, orders: Iterable[PaperOrder], bar: Bar) -> None:
        for order in orders:
            price = None if order.is_done else order.met_within(bar)
            if price is not None:
                self._fill(order, price, bar.start, is_maker=order.limit is not None)

    def _expire(self, bar: Bar) -> None:
        for order in self.waiting:
            if order.symbol == bar.symbol and order.until is not None and bar.start >= order.until:
                order.is_done = True

    def _fill(self, order: PaperOrder, met: float, at: int, *, is_maker: bool) -> None:
        order.is_done = True
        symbol, costs, sizing = order.symbol, self._costs, self._sizing
        price = Decimal(repr(met))
        quantity = sizing.signed(order, price, self.ledger, self._markets)
        if order.is_move:
            order.side = BUYS if quantity > ZERO else SELLS
        if costs.slippage_bps and order.limit is None:
            price = costs.slipped(price, order.side)
            quantity = self._signed(order, price)
        code = sizing.shortfall(order, quantity, price)
        if code:
            self._deny(order, quantity, at, code)
            return
        ledger = self.ledger
        before = ledger.holdings[symbol].quantity
        rate = costs.maker_fee if is_maker else costs.taker_fee
        ledger.book(order.id, symbol, quantity, price, rate, at, is_maker=is_maker)
        self._show(symbol, at)
        intent = order.intent
        is_bare = intent.stop_loss is intent.take_profit is intent.trail_stop is None
        if self.waiting or not is_bare:
            self._protect(order, before, ledger.holdings[symbol].quantity, met)

    def _deny(self, order: PaperOrder, quantity: Decimal, at: int, code: str) -> None:
        """Where nothing had to be traded, nothing was denied: a target is as good as reached."""
        is_reached = order.intent.action is TARGET or not quantity
        if not (is_reached and (order.is_move or order.group)):
            self.denied.append(Denied(order.id, order.symbol, at, code))

    def _show(self, symbol: str, at: int) -> None:
        market, holding = self._markets[symbol], self.ledger.holdings[symbol]
        market.position = position = float(holding.quantity)
        market.average_price = float(holding.cost) / position if position else None
        self._ctx.cash = cash = float(self.ledger.cash)
        self.after_fills.append((at, cash, position))

    def _protect(
        self, order: PaperOrder, before: Decimal, position: Decimal, market: float
    ) -> None:
        """Stops and targets end with their position, and come with what enlarges one."""
        if order.group:
            self._end(lambda other: other.group == order.group)
        turned = before * position < 0
        if turned or not position:
            self._end(lambda other: bool(other.group) and other.symbol == order.symbol)
        added = abs(position) - (ZERO if turned else abs(before))
        if added <= 0:
            return
        undoing = SELLS if position > 0 else BUYS
        fill = self.ledger.fills[-1]
        made = protections(order.intent, added, undoing)
        for protection in made:
            protection.settle(self._instruments[order.symbol], float(fill.price))
        self.waiting += made
        for protection in made:
            price = protection.met_at_open(market)
            if price is not None:  # what is bought beyond its target has reached it
                self._fill(protection, price, fill.at, is_maker=False)

    def _end(self, is_over: Callable[[PaperOrder], bool]) -> None:
        for order in self.waiting:
            if is_over(order):
                order.is_done = True
