"""Defects that the simulation has to see: the shipped code with one of its defences taken away.

A mutant that no seed catches would mean that the simulation is blind there. `expected` names the
invariants of which at least one has to be violated.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.domain.errors import OrderRejected, OutcomeUnknown
from chalicelib.domain.money import round_up
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.ledger import Portfolio, post
from chalicelib.domain.trading.order import Order, OrderIntent, OrderReport, OrderStatus
from chalicelib.domain.trading.plan import AccountState, Plan, Verdict
from chalicelib.domain.trading.settlement import numbered
from chalicelib.domain.trading.wishes import Wish
from chalicelib.ports import Exchange, Lease, TradingPorts, VenueTraits
from chalicelib.services.trading.desk import open_desk
from tests.simulation.world import World

_SERVICES: Final = "chalicelib.services.trading."


def _module(name: str) -> ModuleType:
    return import_module(name)


@contextmanager
def _instead(owner: Any, name: str, new: object) -> Iterator[None]:
    before = getattr(owner, name)  # a mutant of what is not there any more must fail loudly
    setattr(owner, name, new)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _as_it_is(world: World) -> None:
    """The world needs no change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`patches` lasts for a schedule, `prepare` changes the simulated world itself."""

    expected: tuple[str, ...] = ()
    patches: tuple[tuple[Any, str, object], ...] = ()
    prepare: Callable[[World], None] = _as_it_is

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While the context lasts the shipped code lacks the defence."""
        with ExitStack() as stack:
            for owner, name, new in self.patches:
                stack.enter_context(_instead(owner, name, new))
            yield


# --- what is taken away --------------------------------------------------------------------


def _always_granted(
    self: TableControlStore, account: str, owner: str, now: datetime, duration: timedelta
) -> Lease:
    del self
    return Lease(account=account, owner=owner, token=1, expires_at=now + duration, version=-1)


def _short_lease(
    acquire: Callable[..., Lease | None],
) -> Callable[..., Lease | None]:
    def acquired(
        self: TableControlStore, account: str, owner: str, now: datetime, duration: timedelta
    ) -> Lease | None:
        del duration
        return acquire(self, account, owner, now, timedelta(seconds=5))

    return acquired


def _blind_orders(world: World) -> None:
    world.table.unchecked = frozenset({"order"})


def _no_permit(world: World) -> None:
    for venue in world.venues.values():
        venue.checks_permit = False


def _open_orders_only(world: World) -> None:
    for venue in world.venues.values():
        venue.finds_closed = False


def _at_once(self: VenueTraits, permit: timedelta, clock_margin: timedelta) -> timedelta:
    del self, permit, clock_margin
    return timedelta(0)


def _resent_blindly(ports: TradingPorts, exchange: Exchange, order: Order) -> Order:
    del exchange
    return order.moved_to(
        OrderStatus.INITIALIZED, at=ports.clock.now(), reason="no answer: send it again"
    )


def _looked_up_by_resending(looked_up: Callable[..., Order]) -> Callable[..., Order]:
    def instead(desk: Any, order: Order) -> Order:
        if order.status is OrderStatus.SUBMITTED:
            return _resent_blindly(desk.ports, desk.exchange, order)
        return looked_up(desk, order)

    return instead


def _sent_before_written(execute: ModuleType) -> Callable[..., OrderStatus]:
    def instead(desk: Any, order: Order, deadline: datetime, silence: Any) -> OrderStatus:
        del deadline
        if silence.asked:
            return order.status
        permitted = execute._permitted(order, desk.ports.clock.now())
        sent = execute._send(desk.ports, desk.exchange, permitted, silence)
        status: OrderStatus = desk.ports.orders.save(sent).status
        return status

    return instead


@dataclass(frozen=True, slots=True)
class _Believing:
    """Takes every error for a refusal."""

    exchange: Exchange

    def submit(self, intent: OrderIntent, permit_until: datetime) -> OrderReport:
        try:
            return self.exchange.submit(intent, permit_until)
        except OutcomeUnknown as error:
            raise OrderRejected("FAILED", str(error)) from error


def _failed_by_any_error(send: Callable[..., Order]) -> Callable[..., Order]:
    def instead(ports: TradingPorts, exchange: Exchange, order: Order, silence: Any) -> Order:
        first = replace(order, attempts=1)
        sent = send(ports, _Believing(exchange), first, silence)
        return replace(sent, attempts=order.attempts)

    return instead


def _planned_by_sending(world: World) -> None:
    """Orders go out one by one under ids of the moment, and the plan is written afterwards."""
    execute = _module(_SERVICES + "execute_orders")
    commit = world.ports.plans.commit

    def instead(plan: Plan, state: AccountState) -> AccountState:
        configuration = world.ports.strategies.configuration()
        account = configuration.accounts[plan.account]
        desk = open_desk(world.ports, account, configuration)
        name = f"{plan.id}{int(world.kernel.now * 1000)}"
        fresh = replace(plan, id=name, intents=numbered(plan.intents, name))
        silence = execute._Silence()
        deadline = world.clock.now() + timedelta(minutes=1)
        for order in fresh.orders(()):
            execute._execute(desk, order, deadline, silence)
        plans = tuple(name if p == plan.id else p for p in state.open_plans)
        return commit(fresh, replace(state, open_plans=plans))

    world.ports.plans.commit = instead  # type: ignore[method-assign]


def _booked_without_key(book: ModuleType) -> Callable[..., int]:
    def instead(
        ports: TradingPorts, found: Any, portfolio: Portfolio, instruments: Mapping[str, Any]
    ) -> int:
        entries = []
        after = replace(portfolio, progress={})
        for item in found:
            for order in item.orders:
                fresh = book._fills(order, after, instruments[order.intent.symbol])
                for entry in fresh:
                    unkeyed = replace(entry, id=f"{entry.id} {after.sequence}")
                    after, booked = post(after, unkeyed)
                    entries.append(booked)
        ports.ledger.book(after, entries)
        return len(entries)

    return instead


def _owning_everything(planning: ModuleType) -> Callable[..., Any]:
    slots_of = planning.slots_of

    def instead(situation: Any) -> Any:
        return {
            key: replace(slot, owned=situation.free.get(slot.instrument.base, slot.owned))
            if slot.owned
            else slot
            for key, slot in slots_of(situation).items()
        }

    return instead


def _rounded_up(self: Instrument, quantity: Any) -> Any:
    return round_up(quantity, self.quantity_step)


def _never_expired(over: Callable[..., Verdict | None]) -> Callable[..., Verdict | None]:
    def instead(signal: Any, order: Any, stance: Any, now: datetime) -> Verdict | None:
        return over(signal, replace(order, expires_at=None), stance, now)

    return instead


def _waits_for_its_price_alone(self: Wish, price: Any, now: datetime) -> bool:
    del now
    order = self.latest.order
    return order is not None and order.worst is not None and not order.is_met(price)


def _taken_back_in_words(taken_back: Callable[..., list[Verdict]]) -> Callable[..., list[Verdict]]:
    """The cancellation is answered, and the order stays where it is."""

    def instead(cancel: Any, signals: Any, waiting: Any, gone: set[str]) -> list[Verdict]:
        said = taken_back(cancel, signals, waiting, gone)
        gone.clear()
        return [verdict for verdict in said if verdict.signal_id == cancel.id]

    return instead


_NO_LEASE: Final = (TableControlStore, "acquire", _always_granted)


def _mutants() -> dict[str, Mutant]:
    reconcile = _module(_SERVICES + "reconcile_orders")
    execute = _module(_SERVICES + "execute_orders")
    book = _module(_SERVICES + "book_fills")
    planning = _module("chalicelib.domain.trading.sizing")
    waiting = _module("chalicelib.domain.trading.waiting_orders")
    short = (TableControlStore, "acquire", _short_lease(TableControlStore.acquire))
    return {
        "blind resend": Mutant(
            expected=("I1",),
            patches=((reconcile, "_looked_up", _looked_up_by_resending(reconcile._looked_up)),),
        ),
        "open-orders-only reconcile": Mutant(expected=("I1",), prepare=_open_orders_only),
        "intent after send": Mutant(
            expected=("I2",),
            patches=((execute, "_execute", _sent_before_written(execute)),),
        ),
        "any exception is failed": Mutant(
            expected=("I5",),
            patches=((execute, "_send", _failed_by_any_error(execute._send)),),
        ),
        "no settle": Mutant(expected=("I1",), patches=((VenueTraits, "settle_after", _at_once),)),
        "no permit expiry, no lease": Mutant(
            expected=("I1",), patches=(_NO_LEASE,), prepare=_no_permit
        ),
        "no lease, no compare-and-set": Mutant(
            expected=("I1", "I4"), patches=(_NO_LEASE,), prepare=_blind_orders
        ),
        "short lease, no compare-and-set": Mutant(
            expected=("I1", "I4", "I9", "I11"), patches=(short,), prepare=_blind_orders
        ),
        "re-plan after a crash between two intents": Mutant(
            expected=("I1", "I3", "I5"), prepare=_planned_by_sending
        ),
        "ledger entry without key": Mutant(
            expected=("I5", "I6"), patches=((book, "_book", _booked_without_key(book)),)
        ),
        "rounding up": Mutant(
            expected=("I7",), patches=((Instrument, "round_quantity", _rounded_up),)
        ),
        "sell from the account's balance": Mutant(
            expected=("I7",), patches=((planning, "slots_of", _owning_everything(planning)),)
        ),
        "orders that never expire": Mutant(
            expected=("I14",),
            patches=(
                (waiting, "_over", _never_expired(waiting._over)),
                (Wish, "waits_on", _waits_for_its_price_alone),
            ),
        ),
        "orders that are not taken back": Mutant(
            expected=("I14",),
            patches=((waiting, "_taken_back", _taken_back_in_words(waiting._taken_back)),),
        ),
    }


MUTANTS: Final = _mutants()

# One layer of defence taken away while the others stand: nothing may happen.
LAYERS: Final = {
    "without the lease": Mutant(patches=(_NO_LEASE,)),
    "without compare-and-set": Mutant(prepare=_blind_orders),
    "without permit expiry": Mutant(prepare=_no_permit),
}
