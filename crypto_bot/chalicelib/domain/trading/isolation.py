"""Planning that goes on without what it fails on: one odd signal never keeps the others waiting.

What makes it raise is found by dry runs, which cost nothing but time because planning is pure.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.attempt import attempted, in_words
from chalicelib.domain.trading.breakers import watch_losses
from chalicelib.domain.trading.plan import AccountState, Stance
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.domain.trading.situation import Draft, Key, Situation, slots_of
from chalicelib.domain.trading.wishes import gather_wishes

T = TypeVar("T")
Group = tuple[Signal, ...]

# Dry runs of one search, and beginnings of one strategy's signals: whatever comes, ticks end.
_MOST_LOOKS: Final = 100
_MOST_BEGINNINGS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A signal that planning fails on, and what was raised, in words."""

    signal: Signal
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A draft, and the situation that it is for: with its wishes, its losses looked at.

    `failing` had to be left out. `failure` is what planning raises whatever signals there are: the
    draft then has only reductions, of what can be planned, and the rest is for somebody to mend.
    `unsold` says of an empty draft that a strategy which has left still owns what could be sold.
    """

    situation: Situation
    draft: Draft
    unsold: bool = False
    failing: tuple[Failing, ...] = ()
    failure: Exception | None = None


def decide(situation: Situation, signals: Iterable[Signal]) -> Decision:
    """The next step for the account by as many of the signals as can be planned together.

    Raises what planning raises only where not even reductions can be planned.
    """
    everything = tuple(signals)
    whole = _tried(situation, [everything])
    if isinstance(whole, Decision):
        return whole
    groups = _grouped(everything)
    alone = _tried(situation, ())
    if isinstance(alone, Decision):
        return _by_most(situation, groups)
    return _reduced(situation, groups, alone)


def may_buy(signals: Iterable[Signal], state: AccountState) -> bool:
    """Whether the signals may lead to a purchase; yes where even that cannot be told."""

    def look() -> bool:
        wishes, _ = gather_wishes(signals, _stances(state))
        return any(wish.wants_more for wish in wishes.values())

    found = attempted(look)
    return isinstance(found, Exception) or found


def exits_among(signals: Iterable[Signal], state: AccountState) -> set[Key]:
    """Where the signals say in the end to leave, as far as that can be told."""

    def look(group: Group) -> set[Key]:
        wishes, _ = gather_wishes(group, _stances(state))
        return {key for key, wish in wishes.items() if wish.state is not DesiredState.LONG}

    found = [attempted(partial(look, group)) for group in _grouped(signals)]
    return {key for keys in found if not isinstance(keys, Exception) for key in keys}


def _tried(situation: Situation, groups: Sequence[Group]) -> Decision | Exception:
    return attempted(lambda: _decided(situation, [s for group in groups for s in group]))


def _decided(situation: Situation, signals: Sequence[Signal]) -> Decision:
    wishes, spent = gather_wishes(signals, _stances(situation.state))
    seen = situation
    state = watch_losses(seen.account, seen.state, seen.portfolio, seen.prices, seen.now)
    asked = replace(situation, state=state, wishes=wishes)
    draft = draft_plan(asked)
    draft = replace(draft, verdicts=(*spent, *draft.verdicts))
    return Decision(situation=asked, draft=draft, unsold=draft.is_empty and _has_unsold(asked))


def _has_unsold(situation: Situation) -> bool:
    return any(
        slot.stance.state is not DesiredState.LONG and slot.sellable
        for slot in slots_of(situation).values()
    )


def _by_most(situation: Situation, groups: Sequence[Group]) -> Decision:
    """By the groups that can be planned together, and of the others what is no purchase."""

    def fault(kept: Sequence[Group]) -> Exception | None:
        return _fault(_tried(situation, kept))

    kept, faults = _most(groups, fault)
    failing: list[Failing] = []
    for group, error in faults:
        begun = _beginnings(group[:-1], situation.state)
        part = next((part for part in begun if fault([*kept, part]) is None), ())
        kept.append(part)
        failing += [Failing(signal=s, why=in_words(error)) for s in group[len(part) :]]
    decision = _tried(situation, kept)
    if isinstance(decision, Exception):
        raise decision
    return replace(decision, failing=tuple(failing))


def _reduced(situation: Situation, groups: Sequence[Group], failure: Exception) -> Decision:
    """What can be sold while some instrument cannot be planned at all, signals or not.

    Nothing is bought meanwhile: what the account is worth is not known. Entries wait and are not
    counted as failing, and neither is what concerns that instrument.
    """
    calm = situation
    if situation.halt is HaltLevel.NONE:
        calm = replace(situation, halt=HaltLevel.NO_ENTRIES)

    def showing(symbols: Sequence[str]) -> Situation:
        return replace(calm, prices={name: calm.prices[name] for name in symbols})

    shown, _ = _most(sorted(calm.prices), lambda some: _fault(_tried(showing(some), ())))
    hidden = calm.prices.keys() - set(shown)
    begun = [
        next(_beginnings(group, calm.state), ())
        for group in groups
        if group[0].symbol not in hidden
    ]
    decision = _by_most(showing(shown), [part for part in begun if part])
    return replace(decision, failure=failure)


def _fault(tried: Decision | Exception) -> Exception | None:
    return tried if isinstance(tried, Exception) else None


def _most(
    items: Sequence[T], fault: Callable[[Sequence[T]], Exception | None]
) -> tuple[list[T], list[tuple[T, Exception]]]:
    """As many as are without fault together, those in front first, and what the others cause.

    By halves: to find one among a thousand takes twenty looks. What has not been looked at when
    there were too many is in neither: it waits.
    """
    kept: list[T] = []
    faults: list[tuple[T, Exception]] = []
    looks = 0

    def add(block: Sequence[T]) -> None:
        nonlocal looks
        if looks == _MOST_LOOKS:
            return
        looks += 1
        found = fault([*kept, *block])
        if found is None:
            kept.extend(block)
        elif len(block) == 1:
            faults.append((block[0], found))
        else:
            half = len(block) // 2
            add(block[:half])
            add(block[half:])

    if items:
        add(items)
    return kept, faults


def _grouped(signals: Iterable[Signal]) -> list[Group]:
    """By strategy and instrument, as they fired. No exit is left out for an entry, and of two that
    do not go together the newer one is.
    """
    found: dict[Key, list[Signal]] = {}
    for signal in sorted(signals, key=_moment):
        found.setdefault((signal.strategy, signal.symbol), []).append(signal)
    return sorted((tuple(group) for group in found.values()), key=_rank)


def _moment(signal: Signal) -> tuple[datetime, bool, str]:
    return (signal.fired_at, signal.state is DesiredState.LONG, signal.id)


def _rank(group: Group) -> tuple[bool, datetime, str, str]:
    newest = group[-1]
    enters = all(signal.state is DesiredState.LONG for signal in group)
    return (enters, newest.fired_at, newest.strategy, newest.symbol)


def _beginnings(group: Group, state: AccountState) -> Iterator[Group]:
    """Those that sell: the longest first, without what would be bought and not taken back."""
    sales = [n for n, signal in enumerate(group, start=1) if not _enters(signal)]
    newest = reversed(sales[-_MOST_BEGINNINGS:])
    return (group[:n] for n in newest if not may_buy(group[:n], state))


def _enters(signal: Signal) -> bool:
    return signal.state is DesiredState.LONG and signal.size_ratio is None


def _stances(state: AccountState) -> dict[Key, Stance]:
    return {(stance.strategy, stance.symbol): stance for stance in state.stances}
