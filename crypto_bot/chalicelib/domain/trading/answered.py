"""Which alert each fill answers: the ledger has what was moved, the outcomes have the plans."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ONE, Exact, exact_arithmetic
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Outcome, Signal, SignalStatus

_MOVING: Final = frozenset(
    {SignalStatus.PLANNED, SignalStatus.EXECUTED, SignalStatus.PARTIALLY_EXECUTED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled(Exact):
    """What one plan moved for one strategy in one instrument; base signed, the rest in quote."""

    quantity: Decimal
    quote: Decimal
    fee: Decimal
    last_at: datetime

    @property
    def price(self) -> Decimal | None:
        """The mean price; None where purchases and sales even out."""
        if not self.quantity:
            return None
        with exact_arithmetic():
            exact = self.quote / self.quantity
            return exact.quantize(ONE.scaleb(exact.adjusted() - 9))


# (account, plan id, strategy, symbol)
Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was moved for which alert, by (account, signal id), and what for none of them.

    Without an alert a holding is resized for others, protected, or what an exit left is pursued.
    """

    asked: Mapping[tuple[str, str], Filled]
    unasked: Mapping[Key, Filled]


def filled_by_plan(entries: Iterable[Entry]) -> dict[Key, Filled]:
    """What the books say each plan moved, fills and internal crosses together."""
    found: dict[Key, Filled] = {}
    for entry in entries:
        if entry.kind not in {EntryKind.FILL, EntryKind.CROSS}:
            continue  # the owner's own word moves no market
        plan_id = entry.reference.partition("#")[0]
        for execution in entry.executions:
            key = (entry.account, plan_id, execution.strategy, execution.symbol)
            found[key] = _added(found.get(key), execution, entry.at)
    return found


def _added(before: Filled | None, execution: Execution, at: datetime) -> Filled:
    moved = Filled(
        quantity=execution.quantity, quote=execution.quote, fee=execution.fee, last_at=at
    )
    return moved if before is None else _together(before, moved)


def _together(one: Filled, other: Filled) -> Filled:
    with exact_arithmetic():
        return Filled(
            quantity=one.quantity + other.quantity,
            quote=one.quote + other.quote,
            fee=one.fee + other.fee,
            last_at=max(one.last_at, other.last_at),
        )


def answers(signals: Iterable[Signal], filled: Mapping[Key, Filled]) -> Answers:
    """Fills go to the alert that their plan answers; of several answered together to the last.

    A cross that served an entry is of the plan before the one that answers it: such go to the
    alert of the same direction that was open at that time.
    """
    moving = [
        (signal, outcome)
        for signal in sorted(signals, key=by_time)
        for outcome in signal.outcomes
        if outcome.status in _MOVING and not signal.cancels
    ]
    owners = {(o.account, o.plan_id, s.strategy, s.symbol): s.id for s, o in moving}
    asked: dict[tuple[str, str], Filled] = {}
    unasked: dict[Key, Filled] = {}
    for key, moved in filled.items():
        owner = owners.get(key) or _open_then(key, moved, moving)
        if owner is None:
            unasked[key] = moved
        else:
            before = asked.get((key[0], owner))
            asked[key[0], owner] = moved if before is None else _together(before, moved)
    return Answers(asked=asked, unasked=unasked)


def by_time(signal: Signal) -> tuple[datetime, datetime, str]:
    """The order in which alerts were fired."""
    return (signal.fired_at, signal.received_at, signal.id)


def _open_then(key: Key, moved: Filled, moving: Sequence[tuple[Signal, Outcome]]) -> str | None:
    account, _, strategy, symbol = key
    fitting = [
        signal.id
        for signal, outcome in moving
        if (outcome.account, signal.strategy, signal.symbol) == (account, strategy, symbol)
        and signal.received_at <= moved.last_at
        and (moved.last_at <= outcome.at or not outcome.status.is_final)
        and _buys(signal) is (moved.quantity > 0)
    ]
    return fitting[-1] if fitting else None


def _buys(signal: Signal) -> bool:
    if signal.order is not None:
        return signal.order.side is Side.BUY
    grows = signal.size_ratio is None or signal.size_ratio > 1
    return signal.state is DesiredState.LONG and grows
