"""Signals that wait for a price: which of them count now, which have come to their end, and why.

An account looks at them anew in every tick. What counts goes on as any other signal, one at a time
for each strategy and instrument; the others are as they were.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.plan import AccountState, Stance, Verdict
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import (
    DesiredState,
    Signal,
    SignalStatus,
    signal_id_from_sender,
)
from chalicelib.domain.trading.signal_order import OrderKind, SignalOrder
from chalicelib.domain.trading.wishes import verdict

_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`signals` are those to be decided on now, `spent` the last words on others.

    `best` is the best price so far that trailing orders have to remember, by signal id.
    """

    signals: tuple[Signal, ...]
    spent: tuple[Verdict, ...] = ()
    best: Mapping[str, Decimal]


class Rules(NamedTuple):
    """What holds on the account. `lags` say how late the orders of a strategy may have arrived that
    buy. Strategies that are `asking` buy nothing without the owner's word.
    """

    lags: Mapping[str, timedelta]
    asking: Collection[str] = frozenset()
    halt: HaltLevel = HaltLevel.NONE


def order_named(cancel: Signal) -> str:
    """The id of the signal whose order is taken back by this one."""
    name = "" if cancel.order is None else cancel.order.name
    return signal_id_from_sender(strategy=cancel.strategy, sender_id=name)


def waiting_symbols(signals: Iterable[Signal]) -> list[str]:
    """Instruments at whose prices has to be looked."""
    return sorted({s.symbol for s in signals if _waiting(s) is not None})


def cancels_among(signals: Iterable[Signal]) -> list[Signal]:
    """Those that take an order back."""
    return [s for s in signals if not s.test and s.order and s.order.kind is OrderKind.CANCEL]


def watch(
    signals: Sequence[Signal],
    state: AccountState,
    prices: Mapping[str, Decimal],
    missing: Collection[str],
    rules: Rules,
    now: datetime,
) -> Watched:
    """`prices` by symbol; `missing` are those that the venue does not have at all. What waits for
    the owner's word keeps nothing else waiting.
    """
    asked = {
        s.id for s in signals if s.strategy in rules.asking and _wants_more(s) and not s.approved
    }
    plain = [signal for signal in signals if signal.test or signal.order is None]
    waiting = {s.id: order for s in signals if (order := _waiting(s)) is not None}
    spent: list[Verdict] = []
    gone: set[str] = set()
    for cancel in cancels_among(signals):
        spent += _taken_back(cancel, signals, waiting, gone)
    undecided = _Undecided(plain, asked)
    best: dict[str, Decimal] = {}
    ripe: list[Signal] = []
    for signal in sorted(signals, key=lambda s: (s.id in asked, *_turn(s))):
        order = waiting.get(signal.id)
        if order is None or signal.id in gone:
            continue
        stance = state.stance(signal.strategy, signal.symbol)
        over = (
            _over(signal, order, stance, now)
            or _late(signal, order, rules.lags)
            or _ended_by_owner(signal, order, rules.halt)
        )
        if over is not None:
            spent.append(over)
            continue
        price = prices.get(signal.symbol)
        followed = None if price is None else order.followed(state.best.get(signal.id), price)
        if signal.id in state.best or followed is not None:
            best[signal.id] = followed or state.best[signal.id]
        met = signal.symbol in missing or (
            price is not None and order.is_met(price, best.get(signal.id))
        )
        if met and undecided.lets_through(signal, order):
            ripe.append(_as_a_wish(signal, order, stance))
    counting = (*undecided.beside(ripe), *ripe)
    return Watched(signals=counting, spent=tuple(spent), best=best)


class _Undecided:
    """Plain signals that nothing was decided on yet, and what they hold up of what waits.

    An addition may be undecided for long: what sells does not wait for it, and it steps aside for
    one look. So does what waits for the owner's word, which is in `asked`.
    """

    def __init__(self, plain: Sequence[Signal], asked: Collection[str]) -> None:
        self._plain = plain
        self._asked = asked
        adding = {s.id for s in plain if _wants_more(s) and s.size_ratio is not None}
        self._patient = adding.union(asked)
        self._taken = {_key(s) for s in plain if s.id not in self._patient}
        self._adding = {_key(s) for s in plain if s.id in adding and s.id not in asked}
        self._asking = {_key(s) for s in plain if s.id in asked}

    def lets_through(self, signal: Signal, order: SignalOrder) -> bool:
        """Whether the order has its turn; then no other of its strategy and instrument has."""
        key = _key(signal)
        if key in self._taken or (order.side is Side.BUY and key in self._adding):
            return False
        if signal.id in self._asked and key in self._asking:
            return False
        self._taken.add(key)
        return True

    def beside(self, ripe: Iterable[Signal]) -> list[Signal]:
        """Those that count in the same look."""
        first = {_key(signal) for signal in ripe}
        return [s for s in self._plain if s.id not in self._patient or _key(s) not in first]


def _key(signal: Signal) -> tuple[str, str]:
    return (signal.strategy, signal.symbol)


def _wants_more(signal: Signal) -> bool:
    if signal.test:
        return False
    if signal.order is not None:
        return signal.order.side is Side.BUY and signal.order.kind is not OrderKind.CANCEL
    grows = signal.size_ratio is None or signal.size_ratio > 1
    return signal.state is DesiredState.LONG and grows


def _waiting(signal: Signal) -> SignalOrder | None:
    if signal.test or signal.order is None or signal.order.kind is OrderKind.CANCEL:
        return None
    return signal.order


def _turn(signal: Signal) -> tuple[bool, datetime, str]:
    """What leaves comes before what enters."""
    buys = signal.order is not None and signal.order.side is Side.BUY
    return (buys, signal.fired_at, signal.id)


def _taken_back(
    cancel: Signal, signals: Iterable[Signal], waiting: Mapping[str, SignalOrder], gone: set[str]
) -> list[Verdict]:
    named = order_named(cancel)
    target = next((s for s in signals if s.id == named and s.id in waiting), None)
    name = "" if cancel.order is None else cancel.order.name
    if target is None or target.id in gone:
        return [verdict(cancel, SignalStatus.SKIPPED, f"order {name} does not wait any more")]
    gone.add(target.id)
    return [
        verdict(target, SignalStatus.SUPERSEDED, f"cancelled by its strategy, in {cancel.id}"),
        verdict(cancel, SignalStatus.EXECUTED, f"cancelled order {name}"),
    ]


def _over(signal: Signal, order: SignalOrder, stance: Stance, now: datetime) -> Verdict | None:
    """The last word on one whose time is over, or which a newer signal has not kept."""
    newer = stance.applied_at
    if newer is not None and signal.fired_at < newer and order.name not in stance.keeps:
        reason = f"overtaken by {stance.signal_id} of {newer.isoformat()}"
        return verdict(signal, SignalStatus.SUPERSEDED, reason)
    if order.expires_at is not None and order.is_over(now):
        until = order.expires_at.isoformat()
        reason = f"{order.words}: not met until {until} (ORDER_EXPIRED)"
        return verdict(signal, SignalStatus.EXPIRED, reason)
    return None


def _late(signal: Signal, order: SignalOrder, lags: Mapping[str, timedelta]) -> Verdict | None:
    """Meanwhile its strategy may have thought better of it."""
    age, most = signal.received_at - signal.fired_at, lags.get(signal.strategy)
    if order.side is Side.SELL or most is None or age <= most:
        return None
    reason = (
        f"arrived {age.total_seconds():.0f} s after it was made, at most"
        f" {most.total_seconds():.0f} s are allowed (ENTRY_TOO_LATE)"
    )
    return verdict(signal, SignalStatus.EXPIRED, reason)


def _ended_by_owner(signal: Signal, order: SignalOrder, halt: HaltLevel) -> Verdict | None:
    """Who has everything sold does not want it bought again when trading is resumed."""
    if order.side is Side.SELL or halt is not HaltLevel.FLATTEN:
        return None
    reason = f"no entries while halted: {halt} (TRADING_HALTED)"
    return verdict(signal, SignalStatus.DENIED, reason)


def _as_a_wish(signal: Signal, order: SignalOrder, stance: Stance) -> Signal:
    """What the order comes to where the strategy stands now.

    Whoever holds something already grows or shrinks in the sender's own proportion; without knowing
    that, a purchase is left alone and a sale sells everything.
    """
    told = stance.told_quantity if stance.state is DesiredState.LONG else None
    quantity = order.quantity
    if order.side is Side.BUY:
        if not told or not quantity or _opens(signal, stance):
            return replace(signal, state=DesiredState.LONG, size_ratio=None, holds=quantity)
        return _resized(signal, told, told + quantity)
    if not told or not quantity or quantity >= told:
        return _leaving(signal)
    return _resized(signal, told, told - quantity)


def _opens(signal: Signal, stance: Stance) -> bool:
    """Whether its sender holds nothing still: it has said so when it asked for it."""
    since = (stance.applied_at, stance.ordered_at)
    is_stale = any(at is not None and at > signal.fired_at for at in since)
    return signal.previous_state is DesiredState.FLAT and not is_stale


def _resized(signal: Signal, before: Decimal, after: Decimal) -> Signal:
    with exact_arithmetic():
        ratio = round(after / before, _DIGITS)
    if not ratio:
        return _leaving(signal)
    return replace(signal, state=DesiredState.LONG, size_ratio=ratio, holds=after)


def _leaving(signal: Signal) -> Signal:
    return replace(signal, state=DesiredState.FLAT, size_ratio=None, holds=None)
