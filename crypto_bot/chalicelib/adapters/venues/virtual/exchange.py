"""The virtual venue: the Exchange port over a table of rows and a source of prices.

For paper trading, the demonstration, replays and tests. It knows no time of its own: resting
orders, and requests that arrive late, are worked off whenever somebody touches it. A taker trades
at last (plus spread and slippage), a resting order at its own limit, a stop as a taker once the
last price has come to it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from threading import Lock
from time import sleep
from typing import Final, TypeVar

from chalicelib.adapters.venues.virtual.activity import activity_of, open_orders_of
from chalicelib.adapters.venues.virtual.book import Arrival, Book, BookOrder, Page
from chalicelib.adapters.venues.virtual.faults import Fault, failure
from chalicelib.adapters.venues.virtual.floor import Floor
from chalicelib.adapters.venues.virtual.matching import Market
from chalicelib.adapters.venues.virtual.options import Filters, VirtualOptions
from chalicelib.adapters.venues.virtual.prices import PriceSource
from chalicelib.domain.errors import (
    ExchangeUnavailable,
    OrderNotPlaced,
    OrderRejected,
    OutcomeUnknown,
    StoreConflict,
    StoreUnavailable,
)
from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.evidence import Activity
from chalicelib.domain.trading.instrument import Balance, Instrument, Ticker
from chalicelib.domain.trading.order import OrderIntent, OrderReport
from chalicelib.domain.trading.stranger import OpenOrder
from chalicelib.drivers.table import Table
from chalicelib.ports import Clock, VenueTraits

T = TypeVar("T")

# Every lost race means that somebody else got on, so this is reached by a defect alone.
_TRIES: Final = 200


class VirtualExchange:
    """One account at the virtual venue; what it holds is kept in the table handed in.

    `pause` takes seconds and is called once per request where the options name a latency.
    """

    def __init__(
        self,
        account: Account,
        table: Table,
        prices: PriceSource,
        clock: Clock,
        options: VirtualOptions,
        *,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._book = Book(table, account.name, options.balances)
        self._floor = Floor(options=options)
        self._prices = prices
        self._clock = clock
        self._options = options
        self._pause = pause
        self._lock = Lock()  # saves threads of one process most of their conflicts
        self._filters_of: dict[str, tuple[Instrument, Instrument]] = {}  # theirs, and ours of it

    def traits(self) -> VenueTraits:
        """As the options say; without faults, "not found" is true at once."""
        return self._options.traits

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """The price source's filters under those of the options."""
        known = self._prices.instruments(symbols)
        return {symbol: self._filtered(instrument) for symbol, instrument in known.items()}

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """The price source's; with a spread, bid and ask lie half of it beside the last price."""
        self._travel()
        known = self._prices.tickers(symbols)
        return {symbol: self._quoted(ticker) for symbol, ticker in known.items()}

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """The price source's."""
        return self._prices.daily_closes(symbol, days)

    def balances(self) -> Mapping[str, Balance]:
        """Every asset with anything in it."""
        self._travel()
        with _reading():
            self.match()
            wallet = self._book.wallet()
        return {asset: held for asset, held in wallet.balances.items() if held.total}

    def submit(self, intent: OrderIntent, permit_until: datetime) -> OrderReport:
        """Accept, refuse, or whatever fault the options have in store for this order."""
        with _placing():
            self._travel()
            self.match()
            market = self._market(intent.symbol)
            return self._repeat(partial(self._submit, intent, market, permit_until))

    def find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        """The order, or the latest of several under one client order id, once it is visible."""
        del since  # a look-up by id needs no window
        self._travel()
        with _reading():
            self.match()
            orders = self._book.order_file(intent.client_order_id).orders
        now = self._clock.now()
        visible = [order for order in orders if order.visible_at <= now]
        if not visible or not self._options.traits.finds_by_client_id:
            return None
        return _report(visible[-1])

    def activity(self, intent: OrderIntent, venue_order_id: str, since: datetime) -> Activity:
        """What of the instrument is visible by now."""
        del venue_order_id  # the client order id is on every row here
        self._travel()
        with _reading():
            self.match()
            files = self._book.order_files()
        return activity_of(files, intent, since, self._clock.now())

    def open_orders(self, symbols: Sequence[str]) -> Sequence[OpenOrder]:
        """Whatever the instrument."""
        del symbols
        self._travel()
        with _reading():
            self.match()
            files = [self._book.order_file(name) for name in self._book.wallet().open_orders]
        return open_orders_of(files, self._clock.now())

    def cancel(self, intent: OrderIntent, venue_order_id: str) -> None:
        """Unlock the rest of an open order; nothing happens to one that is not open."""
        del venue_order_id  # the client order id is enough here
        self._travel()
        with _reading():
            self.match()
            self._repeat(partial(self._cancel, intent.client_order_id))

    def match(self) -> None:
        """Let late requests arrive and resting orders trade, as of now."""
        for client_order_id in self._book.wallet().open_orders:
            self._repeat(partial(self._work_off, client_order_id))

    def close(self) -> None:
        """End the connections of the price source; most have none."""
        close = getattr(self._prices, "close", None)
        if close is not None:
            close()

    def accepted(self) -> list[OrderReport]:
        """Every order the venue ever accepted, for audits: a second one under the same client
        order id is an order that somebody sent twice.
        """
        return [_report(order) for file in self._book.order_files() for order in file.orders]

    def _submit(self, intent: OrderIntent, market: Market, permit_until: datetime) -> OrderReport:
        now = self._clock.now()
        if now > permit_until:
            raise OrderNotPlaced(f"the permit of {intent.id} ended at {permit_until.isoformat()}")
        page = self._book.page(intent.client_order_id)
        dice = self._floor.dice(intent.client_order_id, page.file.attempts)
        fault = dice.fault(self._options.faults, page.wallet.sent)
        page = _counted(page)
        if fault is Fault.NONE or fault.hides_the_answer:
            return self._receive(page, intent, market, fault)
        if fault is Fault.BANNED:
            until = now + self._options.faults.ban
            self._book.save(replace(page, wallet=replace(page.wallet, banned_until=until)))
            raise failure(fault, intent, until)
        if fault is Fault.LATE:
            page = _on_its_way(page, Arrival(intent=intent, at=now + self._options.faults.late_by))
        self._book.save(page)
        raise failure(fault, intent, now + self._options.faults.retry_after)

    def _receive(
        self, page: Page, intent: OrderIntent, market: Market, fault: Fault
    ) -> OrderReport:
        """The request has reached the venue; whether its answer reaches us is another matter."""
        now = self._clock.now()
        if page.file.open_order is not None:
            self._book.save(page)
            raise OutcomeUnknown(f"order {intent.client_order_id} is open already; look it up")
        try:
            admitted = self._floor.admit(page, intent, market, now)
        except OrderRejected as refusal:
            self._book.save(page)
            if fault.hides_the_answer:
                raise failure(fault, intent, now) from refusal
            raise
        self._book.save(admitted)
        if fault.hides_the_answer:
            raise failure(fault, intent, now)
        return _report(admitted.file.orders[-1])

    def _work_off(self, client_order_id: str) -> None:
        page = self._book.page(client_order_id)
        market = self._market_of(page.file.symbol)
        if market is not None:
            self._save_if_changed(page, self._floor.work_off(page, market, self._clock.now()))

    def _cancel(self, client_order_id: str) -> None:
        page = self._book.page(client_order_id)
        self._save_if_changed(page, self._floor.cancel(page))

    def _save_if_changed(self, old: Page, new: Page) -> None:
        if new != old:
            self._book.save(new)

    def _repeat(self, step: Callable[[], T]) -> T:
        """Read, decide and write anew for as long as others write in between."""
        for _ in range(_TRIES):
            with self._lock, suppress(StoreConflict):
                return step()
        raise ExchangeUnavailable(f"the wallet changed under each of {_TRIES} attempts")

    def _market(self, symbol: str) -> Market:
        market = self._market_of(symbol)
        if market is not None:
            return market
        if symbol not in self._prices.instruments([symbol]):
            raise OrderRejected("SYMBOL_UNKNOWN", f"{symbol} is not traded at the virtual venue")
        raise OrderNotPlaced(f"the virtual venue has no price for {symbol} now")

    def _market_of(self, symbol: str) -> Market | None:
        instrument = self.instruments([symbol]).get(symbol)
        ticker = self._prices.tickers([symbol]).get(symbol)
        if instrument is None or ticker is None:
            return None
        return Market(instrument=instrument, ticker=ticker, cost=self._options.cost)

    def _filtered(self, instrument: Instrument) -> Instrument:
        """Asked for by every step of a tick, and mostly the very same."""
        known = self._filters_of.get(instrument.symbol)
        if known is not None and known[0] is instrument:
            return known[1]
        ours = instrument
        if self._options.fee is not None:
            ours = replace(ours, taker_fee=self._options.fee)
        ours = self._options.filters.get(instrument.symbol, _AS_IT_IS).applied_to(ours)
        self._filters_of[instrument.symbol] = (instrument, ours)
        return ours

    def _quoted(self, ticker: Ticker) -> Ticker:
        if not self._options.spread:
            return ticker
        with exact_arithmetic():
            half = ticker.last * self._options.spread / 2
            return replace(ticker, bid=ticker.last - half, ask=ticker.last + half)

    def _travel(self) -> None:
        """To the venue, which does not answer whom it has banned."""
        if self._options.latency:
            self._pause(self._options.latency.total_seconds())
        if not self._options.faults.bans:
            return
        with _reading():
            until = self._book.wallet().banned_until
        if until is not None and self._clock.now() < until:
            raise ExchangeUnavailable(f"418, banned until {until.isoformat()}", retry_at=until)


_AS_IT_IS: Final = Filters()


def _counted(page: Page) -> Page:
    wallet = replace(page.wallet, sent=page.wallet.sent + 1)
    return Page(wallet=wallet, file=replace(page.file, attempts=page.file.attempts + 1))


def _on_its_way(page: Page, arrival: Arrival) -> Page:
    return replace(page, file=replace(page.file, arrivals=(*page.file.arrivals, arrival)))


def _report(order: BookOrder) -> OrderReport:
    return OrderReport(
        client_order_id=order.client_order_id,
        venue_order_id=order.venue_order_id,
        status=order.status,
        filled=order.filled,
        fills=order.fills,
        reason=order.reason,
    )


@contextmanager
def _placing() -> Iterator[None]:
    """What a broken store or price source means to somebody who sends an order."""
    try:
        yield
    except StoreUnavailable as error:
        raise OutcomeUnknown(f"the virtual venue's store failed: {error}") from error
    except ExchangeUnavailable as error:
        raise OrderNotPlaced(
            f"the virtual venue could not work: {error}", retry_at=error.retry_at
        ) from error


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise ExchangeUnavailable(f"the virtual venue's store failed: {error}") from error
