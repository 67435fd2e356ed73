"""Signals in their true order become at most one wish per strategy and instrument.

TradingView gives no order of delivery and its clock counts seconds, so what counts is the fire
time, then the chain of previous positions, then flat before entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ONE, Exact, exact_arithmetic
from chalicelib.domain.trading.plan import Stance, Verdict
from chalicelib.domain.trading.signal import (
    OWNER_CLOSE,
    TESTED,
    DesiredState,
    Signal,
    SignalStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Exact):
    """Where one strategy wants one instrument; `signals` are consumed together, oldest first.

    `sets_state` is False for a pure partial exit or addition: `ratio` then scales what is held.
    `instead` is the exit that a later entry made unnecessary, unless the entry is refused.
    """

    state: DesiredState
    signals: tuple[Signal, ...]
    sets_state: bool
    ratio: Decimal = ONE
    approved: bool = False
    instead: "Wish | None" = None

    @property
    def fired_at(self) -> datetime:
        """Fire time of the newest signal in it."""
        return self.signals[-1].fired_at

    @property
    def latest(self) -> Signal:
        """The newest signal in it."""
        return self.signals[-1]

    @property
    def stop_loss(self) -> Decimal | None:
        """The newest that its signals name."""
        for signal in reversed(self.signals):
            if signal.stop_loss is not None:
                return signal.stop_loss
        return None

    @property
    def take_profit(self) -> Decimal | None:
        """The newest that its signals name."""
        for signal in reversed(self.signals):
            if signal.take_profit is not None:
                return signal.take_profit
        return None

    @property
    def is_limited(self) -> bool:
        """Whether it may trade at some prices only: what is not moved at them stays."""
        order = self.latest.order
        return order is not None and order.worst is not None

    def waits_on(self, price: Decimal, now: datetime) -> bool:
        """Whether its order has had its time, or the price has gone again at which it may trade."""
        order = self.latest.order
        if order is None:
            return False
        return order.is_over(now) or (order.worst is not None and not order.is_met(price))

    @property
    def wants_more(self) -> bool:
        """Whether it may lead to a purchase: an entry or an addition."""
        return self.state is DesiredState.LONG and (self.sets_state or self.ratio > 1)


def gather_wishes(
    signals: Iterable[Signal], stances: Mapping[tuple[str, str], Stance]
) -> tuple[dict[tuple[str, str], Wish], list[Verdict]]:
    """One wish per strategy and symbol, and a verdict for every signal that has no say any more."""
    grouped: dict[tuple[str, str], list[Signal]] = {}
    verdicts: list[Verdict] = []
    for signal in signals:
        if signal.test:
            verdicts.append(verdict(signal, SignalStatus.SKIPPED, TESTED))
            continue
        grouped.setdefault((signal.strategy, signal.symbol), []).append(signal)
    wishes = {}
    for key, group in grouped.items():
        wish, spent = _wish_of(group, stances.get(key) or Stance(strategy=key[0], symbol=key[1]))
        verdicts += spent
        if wish is not None:
            wishes[key] = wish
    return wishes, verdicts


def verdict(signal: Signal, status: SignalStatus, reason: str) -> Verdict:
    """A final word on a signal that leads to no order."""
    return Verdict(
        signal_id=signal.id,
        strategy=signal.strategy,
        symbol=signal.symbol,
        status=status,
        reason=reason,
    )


def _wish_of(group: Sequence[Signal], stance: Stance) -> tuple[Wish | None, list[Verdict]]:
    wish: Wish | None = None
    spent: list[Verdict] = []
    state = stance.told
    for signal in _in_order(group, stance.told):
        if signal.order is None and _is_older(signal, stance, state):
            at = "" if stance.applied_at is None else stance.applied_at.isoformat()
            spent.append(
                verdict(signal, SignalStatus.SUPERSEDED, f"older than the signal applied of {at}")
            )
        elif wish is not None and wish.latest.order_id == OWNER_CLOSE:
            break  # what the owner said comes first; the rest is looked at when it is done
        elif _is_resize(signal):
            wish = _resized(wish, signal)
        else:
            wish, overtaken = _replaced(wish, signal, stance)
            spent += overtaken
            state = signal.state
    return wish, spent


def _replaced(wish: Wish | None, signal: Signal, stance: Stance) -> tuple[Wish, list[Verdict]]:
    """The newest state wins; an exit that it overtakes is kept where there is a position."""
    if wish is None:
        return Wish(
            state=signal.state, signals=(signal,), sets_state=True, approved=signal.approved
        ), []
    leaves = wish.state is not DesiredState.LONG and stance.state is DesiredState.LONG
    enters = signal.state is DesiredState.LONG
    newer = Wish(
        state=signal.state,
        signals=(signal,),
        sets_state=True,
        approved=signal.approved or (wish.approved and enters),
        instead=(wish if leaves else wish.instead) if enters else None,
    )
    dropped = [] if leaves and enters else [wish]
    if wish.instead is not None and not enters:
        dropped.append(wish.instead)
    return newer, [overtaken_by(signal, old) for gone in dropped for old in gone.signals]


def overtaken_by(newer: Signal, older: Signal) -> Verdict:
    """The last word on a signal that a newer one of the same batch makes pointless."""
    reason = f"overtaken by {newer.state} of {newer.id}"
    return verdict(older, SignalStatus.SUPERSEDED, reason)


def _is_resize(signal: Signal) -> bool:
    return signal.state is DesiredState.LONG and signal.size_ratio is not None


def _resized(wish: Wish | None, signal: Signal) -> Wish:
    ratio = signal.size_ratio or ONE
    if wish is None:
        return Wish(
            state=DesiredState.LONG,
            signals=(signal,),
            sets_state=False,
            ratio=ratio,
            approved=signal.approved,
        )
    with exact_arithmetic():
        combined = wish.ratio * ratio
    return Wish(
        state=wish.state,
        signals=(*wish.signals, signal),
        sets_state=wish.sets_state,
        ratio=combined,
        approved=wish.approved,
        instead=wish.instead,
    )


def _is_older(signal: Signal, stance: Stance, state: DesiredState) -> bool:
    """Whether it came before what was applied; `state` is where this batch has got to so far."""
    if signal.id == stance.signal_id:
        return True
    if stance.applied_at is None or signal.fired_at > stance.applied_at:
        return False
    if signal.fired_at < stance.applied_at:
        return True
    if stance.stepped_over and _held(signal.state) is not _held(stance.told):
        return True  # the missing one of this very second
    return not _follows(signal, state)


def _follows(signal: Signal, current: DesiredState) -> bool:
    """Whether a signal of the very second of the current state comes after it."""
    if signal.previous_state is not None:
        return _held(signal.previous_state) is _held(current)
    return current is not DesiredState.LONG and signal.state is DesiredState.LONG


def _held(state: DesiredState) -> bool:
    # A long-only account holds nothing while the strategy is short.
    return state is DesiredState.LONG


def _in_order(group: Sequence[Signal], state: DesiredState) -> list[Signal]:
    ordered: list[Signal] = []
    for moment in sorted({signal.fired_at for signal in group}):
        equal = sorted((s for s in group if s.fired_at == moment), key=_flat_first)
        while equal:
            chained = next((s for s in equal if s.previous_state is state), equal[0])
            equal.remove(chained)
            ordered.append(chained)
            state = chained.state
    return ordered


def _flat_first(signal: Signal) -> tuple[bool, str]:
    return (signal.state is DesiredState.LONG, signal.id)
