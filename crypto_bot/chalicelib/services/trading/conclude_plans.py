"""Plans whose orders have all ended: another leg for what is left, or the signals' last word."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from chalicelib.domain.money import ONE, ZERO, exact_arithmetic
from chalicelib.domain.trading.account import Account, next_check
from chalicelib.domain.trading.attempt import attempted, in_words
from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState, Stance, Step
from chalicelib.domain.trading.protection import stop_reason
from chalicelib.domain.trading.settlement import Means, next_leg, outcomes, wants_next_leg
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Outcome
from chalicelib.domain.trading.stuck import Act, Stuck
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.note_stuck import note_stuck
from chalicelib.services.trading.open_plans import OpenPlan, open_plans, still_to_book
from chalicelib.services.trading.record_outcome import record_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """How many legs were written or plans closed, and what is stuck, fills included."""

    moved: int = 0
    stuck: tuple[Stuck, ...] = ()


_Faults = dict[str, str]  # why, by symbol


def conclude_plans(desk: Desk) -> Concluded:
    """Move every open plan on as far as its orders have ended.

    What cannot be decided about one instrument of one plan keeps neither its other instruments nor
    the other plans waiting; it is noted before anything else is decided.
    """
    state = desk.ports.plans.state(desk.name)
    found = open_plans(desk.ports.plans, desk.ports.orders, state)
    at_work = [order for item in found for order in item.orders]
    moved = 0
    faults: dict[tuple[str, str], str] = {}
    for item in found:
        steps, failed = _conclude(desk, item, at_work)
        moved += steps
        faults |= {(item.plan.id, symbol): why for symbol, why in failed.items()}
    return Concluded(moved=moved, stuck=note_stuck(desk, state, Act.CONCLUDED, faults))


def _conclude(desk: Desk, item: OpenPlan, at_work: list[Order]) -> tuple[int, _Faults]:
    legs, faults = _next_legs(desk, item, at_work)
    for leg in legs:
        desk.ports.orders.save(leg)
        at_work.append(leg)
    if legs:
        return len(legs), faults
    waiting = {o.intent.symbol for o in item.orders if not o.status.is_final} | faults.keys()
    now = desk.ports.clock.now()
    words, failed = _outcomes(desk, item, waiting, now)
    for signal_id, outcome in words.items():
        record_outcome(desk, signal_id, outcome)
    faults |= failed
    if waiting or faults:
        return 0, faults  # an order of unknown fate does not keep the others' signals in the dark
    portfolio = desk.ports.ledger.portfolio(desk.name, desk.account.quote)
    if not item.is_booked(portfolio):
        return 0, {}  # what fills of a closed plan nobody would look at again
    _close(desk, item, portfolio, now)
    return 1, {}


def _outcomes(
    desk: Desk, item: OpenPlan, waiting: set[str], now: datetime
) -> tuple[dict[str, Outcome], _Faults]:
    """The last words that can be said, and of which instruments they cannot."""
    symbols = {i.symbol for i in item.plan.intents} | {c.symbol for c in item.plan.crosses}
    instruments = desk.exchange.instruments(sorted(symbols)) if symbols else {}
    words: dict[str, Outcome] = {}
    faults: _Faults = {}
    for verdict in item.plan.verdicts:
        if verdict.symbol in waiting:
            continue
        alone = replace(item.plan, verdicts=(verdict,))
        said = attempted(partial(outcomes, alone, item.orders, instruments, now))
        if isinstance(said, Exception):
            faults[verdict.symbol] = in_words(said)
        else:
            words |= said
    return words, faults


def _next_legs(desk: Desk, item: OpenPlan, at_work: Sequence[Order]) -> tuple[list[Order], _Faults]:
    """The legs that can be written, and of which instruments they cannot."""
    if item.plan.step is Step.PROTECT or all(order.remaining <= 0 for order in item.orders):
        return [], {}
    halt = desk.ports.control.halt_level()
    short = [o for o in item.orders if wants_next_leg(o, item.orders, desk.account, halt)]
    if not short:
        return [], {}
    symbols = sorted({order.intent.symbol for order in short})
    means = _Means(
        instruments=desk.exchange.instruments(symbols),
        tickers=desk.exchange.tickers(symbols),
        portfolio=desk.ports.ledger.portfolio(desk.name, desk.account.quote),
        free={asset: balance.free for asset, balance in desk.exchange.balances().items()},
        at_work=at_work,
    )
    now = desk.ports.clock.now()
    legs: list[Order] = []
    faults: _Faults = {}
    for order in short:
        leg = attempted(partial(_leg, desk.account, order, means, now))
        if isinstance(leg, Exception):
            faults[order.intent.symbol] = in_words(leg)
        elif leg is not None:
            legs.append(leg)
            means.take(leg)
    return legs, faults


@dataclass(slots=True, kw_only=True)
class _Means:
    """What legs are made of: the venue's word, the books, and what the legs before have taken."""

    instruments: Mapping[str, Instrument]
    tickers: Mapping[str, Ticker]
    free: Mapping[str, Decimal]
    portfolio: Portfolio
    at_work: Sequence[Order]
    taken: Decimal = ZERO

    def take(self, leg: Order) -> None:
        """What a purchase may cost is not there for the next one."""
        if leg.intent.side is Side.BUY:
            fee = ONE + self.instruments[leg.intent.symbol].taker_fee
            self.taken += leg.intent.quantity * leg.intent.limit_price * fee

    def of(self, order: Order, instrument: Instrument) -> Means:
        """What a leg of the order may move."""
        if order.intent.side is Side.SELL:
            owned = _owned(order, self.portfolio, self.at_work)
            return Means(free=self.free.get(instrument.base, ZERO), owned=owned)
        pool = self.portfolio.cash - _spent_by(self.at_work, self.portfolio)
        return Means(free=min(pool, self.free.get(self.portfolio.quote, ZERO)) - self.taken)


def _leg(account: Account, order: Order, means: _Means, now: datetime) -> Order | None:
    symbol = order.intent.symbol
    if symbol not in means.tickers or symbol not in means.instruments:
        return None
    instrument = means.instruments[symbol]
    return next_leg(
        order,
        account=account,
        instrument=instrument,
        price=means.tickers[symbol].last,
        means=means.of(order, instrument),
        now=now,
    )


def _spent_by(at_work: Iterable[Order], portfolio: Portfolio) -> Decimal:
    """What purchases took, or may still take, of the pool that the books show; before fees."""
    with exact_arithmetic():
        return sum(
            (
                still_to_book(order, portfolio) * order.intent.limit_price
                for order in at_work
                if order.intent.side is Side.BUY
            ),
            ZERO,
        )


def _owned(order: Order, portfolio: Portfolio, at_work: Iterable[Order]) -> dict[str, Decimal]:
    """What each strategy of a sale has left to sell. What any order is selling for it already, or
    has sold without its being booked yet, is still in the books and yet not there to be sold.
    """
    symbol = order.intent.symbol
    with exact_arithmetic():
        owned = {
            share.strategy: portfolio.holding(share.strategy, symbol).quantity
            for share in order.intent.shares
        }
        for other in at_work:
            if other.intent.side is not Side.SELL or other.intent.symbol != symbol:
                continue
            part = still_to_book(other, portfolio) / other.intent.quantity
            for share in other.intent.shares:
                if share.strategy in owned:
                    owned[share.strategy] -= share.quantity * part
    return owned


def _close(desk: Desk, item: OpenPlan, portfolio: Portfolio, now: datetime) -> None:
    """Take the plan off the open ones; look again soon if it left anything to do."""
    state = desk.ports.plans.state(desk.name)
    left = tuple(name for name in state.open_plans if name != item.plan.id)
    unfinished = (
        item.plan.step is Step.REDUCE
        or any(o.remaining for o in item.orders)
        or _has_leftovers(item, state, portfolio)
    )
    desk.ports.plans.save_state(
        replace(
            state.with_stances(
                (
                    *_given_up(item, state, portfolio),
                    *_sold_out(desk, item, state, portfolio),
                    *_stopped(item, state),
                )
            ),
            open_plans=left,
            due_at=now if unfinished or left else next_check(desk.account, now),
            stuck=tuple(stuck for stuck in state.stuck if stuck.plan_id != item.plan.id),
        )
    )


def _has_leftovers(item: OpenPlan, state: AccountState, portfolio: Portfolio) -> bool:
    """Whether a strategy that has left still owns something, or came to own it meanwhile."""
    ordered = {
        (share.strategy, order.intent.symbol)
        for order in item.orders
        for share in order.intent.shares
    }
    answered = {(verdict.strategy, verdict.symbol) for verdict in item.plan.verdicts}
    return any(
        portfolio.holding(*key).quantity > 0 and state.stance(*key).state is not DesiredState.LONG
        for key in ordered | answered
    )


def _given_up(item: OpenPlan, state: AccountState, portfolio: Portfolio) -> tuple[Stance, ...]:
    """Entries that bought nothing: the strategy is not in, so it must not count as active."""
    failed = {
        (share.strategy, order.intent.symbol)
        for order in item.orders
        if order.intent.side is Side.BUY and order.status is not OrderStatus.FILLED
        for share in order.intent.shares
    }
    return tuple(
        stance.left()
        for stance in state.stances
        if (stance.strategy, stance.symbol) in failed
        and not portfolio.holding(stance.strategy, stance.symbol).quantity
    )


def _sold_out(
    desk: Desk, item: OpenPlan, state: AccountState, portfolio: Portfolio
) -> tuple[Stance, ...]:
    """Whoever sold at a limit was in until all of it was sold; what is dust does not count."""
    limited = {
        (share.strategy, order.intent.symbol): order.intent.limit_price
        for order in item.orders
        if order.intent.side is Side.SELL and order.intent.worst_price is not None
        for share in order.intent.shares
    }
    answered = {(verdict.strategy, verdict.symbol) for verdict in item.plan.verdicts}
    for cross in item.plan.crosses:
        if (cross.seller, cross.symbol) in answered:
            limited.setdefault((cross.seller, cross.symbol), cross.price)
    if not limited:
        return ()
    instruments = desk.exchange.instruments(sorted({symbol for _, symbol in limited}))
    gone = []
    for (strategy, symbol), price in limited.items():
        stance = state.stance(strategy, symbol)
        left = portfolio.holding(strategy, symbol).quantity
        instrument = instruments.get(symbol)
        is_out = not left or (instrument is not None and not instrument.is_sellable(left, price))
        if stance.state is DesiredState.LONG and is_out:
            gone.append(stance.left())
    return tuple(gone)


def _stopped(item: OpenPlan, state: AccountState) -> tuple[Stance, ...]:
    """A strategy whose stop has sold has left; one whose stop was refused is watched instead."""
    changed = []
    for stop in (order for order in item.orders if order.intent.is_stop):
        for share in stop.intent.shares:
            stance = state.stance(share.strategy, stop.intent.symbol)
            if stance.is_protected and stop.filled:
                changed.append(stance.left(stop_reason(stop)))
            elif stance.is_protected and stop.status is OrderStatus.REJECTED:
                changed.append(replace(stance, stop_refused=stop.reason))
    return tuple(changed)
