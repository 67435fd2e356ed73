"""A bot run again and again on the same candles, cut in different ways: it must do the same.

Each run begins with the file run anew, as it is where a bot lives on live candles.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.checks.compare import EQUAL, alike, difference
from chalicelib.domain.bots.checks.finding import BotCheck, Cause, Finding
from chalicelib.domain.bots.checks.memory import Memory, changed, memory_of
from chalicelib.domain.bots.checks.replay import Replay, Series, part, replay, starts_of, told
from chalicelib.domain.bots.checks.source import read_source
from chalicelib.domain.bots.refusals import BotFailed, BotRefused, CandlesRefused
from chalicelib.domain.bots.session import Session
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.step import step
from chalicelib.domain.bots.views import Views

_CUTS: Final = 16
_STEPS: Final = 100
_BEGINNINGS: Final = 8
_LONGER: Final = 4
_FEWEST: Final = 20  # candles to compare after a warm-up
_NEARLY: Final = 1e-3  # prices and amounts that a longer warm-up may move
_USUAL_CASH: Final = Decimal(10_000)

Load = Callable[[], Setup]


class _Whole(NamedTuple):
    """The run that all others are held against."""

    load: Load
    setup: Setup
    candles: Series
    cash: Decimal
    starts: list[int]
    run: Replay


def check_bot(
    load: Load, candles: Series, *, source: str = "", cash: Decimal = _USUAL_CASH
) -> BotCheck:
    """`load` makes the setup anew: it runs the bot's file again. `candles` are checked ones.

    Of the causes that hide each other, only the first is told.
    """
    found = list(read_source(source))
    unchecked: list[str] = []
    starts = starts_of(candles)
    orders = 0
    try:
        setup = load()
        before = memory_of(setup)
        whole = _Whole(load, setup, candles, cash, starts, replay(setup, candles, cash))
        orders = sum(map(len, whole.run.asked.values()))
        found += _compared(whole, before, unchecked)
    except (BotFailed, BotRefused, CandlesRefused) as error:
        found.append(Finding(Cause.STOPS, str(error), line=getattr(error, "line", 0)))
    if not orders and not found:
        unchecked.append(f"the bot asked for nothing at {len(starts)} candles: that shows little")
    return BotCheck(tuple(found), tuple(unchecked), len(starts), orders)


def _compared(whole: _Whole, before: Memory, unchecked: list[str]) -> list[Finding]:
    differing = _repeated(whole)
    if differing:
        return [differing]
    forgetful = _remembered(whole, before)
    resumed = [] if forgetful else _resumed(whole)
    found = [*forgetful, *_cut(whole), *resumed, *_warmed(whole, unchecked)]
    # By the clock, two runs in a row may be alike, and one later not.
    late = _repeated(whole) if found else None
    return [late] if late else found


def _repeated(whole: _Whole) -> Finding | None:
    again = replay(whole.load(), whole.candles, whole.cash)
    told_of = difference(whole.run, again, whole.starts)
    if told_of is None:
        return None
    at, first, second = told_of
    return Finding(
        Cause.UNREPEATABLE,
        f"the same candles twice, and it is not the same: {_at(at)} the first run has {first}, the"
        f" second {second}; it decides by something that does not come through ctx",
        at,
    )


def _remembered(whole: _Whole, before: Memory) -> list[Finding]:
    """On the very same class again: what is different now, it has kept for itself."""
    names = changed(before, memory_of(whole.setup))
    again = replay(whole.setup, whole.candles, whole.cash)
    told_of = difference(whole.run, again, whole.starts)
    if not names and told_of is None:
        return []
    at, evidence = None, ""
    if told_of is not None:
        at, first, second = told_of
        evidence = f"; {_at(at)} a second run has {second} instead of {first}"
    what = ", ".join(f"{name} was {old} and is then {new}" for name, old, new in names)
    return [
        Finding(
            Cause.MEMORY,
            f"it remembers outside of ctx.state{': ' if what else ''}{what}{evidence}; live, the"
            " bot is made anew and has forgotten it",
            at,
        )
    ]


def _cut(whole: _Whole) -> Iterator[Finding]:
    for at in _cuts(whole):
        alone = replay(whole.load(), part(whole.candles, whole.starts[0], at + 1), whole.cash)
        known = whole.starts[: bisect_left(whole.starts, at) + 1]
        told_of = difference(alone, whole.run, known)
        if told_of is not None:
            odd, expected, got = told_of
            yield Finding(
                Cause.LOOK_AHEAD,
                f"it sees what comes: {_at(odd)} it has {expected} where the candles end"
                f" {_at(at)}, and {got} where there are later ones",
                odd,
            )
            return


def _cuts(whole: _Whole) -> list[int]:
    """Half of them where it asked for something, half of them anywhere."""
    return sorted({*_spread(list(whole.run.asked), _CUTS // 2), *_spread(whole.starts, _CUTS // 2)})


def _spread(all_of: Sequence[int], count: int) -> list[int]:
    if len(all_of) <= count:
        return list(all_of)
    return [all_of[len(all_of) * (number + 1) // count - 1] for number in range(count)]


def _resumed(whole: _Whole) -> Iterator[Finding]:
    """Each candle by a bot that is made anew from JSON, on the account of the one run."""
    starts = whole.starts
    last = max(whole.run.asked, default=starts[-1])
    end = bisect_left(starts, last) + 1
    first = max(0, end - _STEPS)
    earlier = part(whole.candles, starts[0], starts[first])
    state = replay(whole.load(), earlier, whole.cash).state
    for at in starts[first:end]:
        kept = json.loads(json.dumps(state))
        done = step(whole.load(), kept, part(whole.candles, at, at + 1), whole.run.accounts.at(at))
        expected = whole.run.asked.get(at, ())
        if not alike(expected, done.orders, EQUAL):
            yield Finding(
                Cause.RESUMED,
                f"from its stored state it goes on differently: {_at(at)} it asks for"
                f" {told(expected)} in one go, and for {told(done.orders)} made anew from its"
                " state; what it remembers belongs in ctx.state",
                at,
            )
            return
        state = done.state


def _warmed(whole: _Whole, unchecked: list[str]) -> Iterator[Finding]:
    """From different candles on, with a longer and a shorter warm-up before the same ones."""
    setup, starts = whole.setup, whole.starts
    warmup = setup.bot.warmup
    fresh = Session(setup, Views())
    if not fresh.ctx.tracks.all:
        return
    count = max(_FEWEST, warmup)
    needed = _LONGER * warmup + count
    if not warmup or len(starts) < needed:
        unchecked.append(
            f"whether a warm-up of {warmup} candles is enough could not be seen: "
            + (f"that takes {needed}, there are {len(starts)}" if warmup else "it is 0")
        )
        return
    for begin in _spread(range(_LONGER * warmup, len(starts) - count + 1), _BEGINNINGS):
        end = starts[begin + count - 1] + 1
        usual = _after(whole, starts[begin - warmup], end, 0)
        longer = _after(whole, starts[begin - _LONGER * warmup], end, (_LONGER - 1) * warmup)
        for at in starts[begin : begin + count]:
            expected, got = longer.asked.get(at, ()), usual.asked.get(at, ())
            if not alike(expected, got, _NEARLY):
                yield Finding(
                    Cause.WARM_UP,
                    f"a warm-up of {warmup} candles is too short: {_at(at)} it asks for"
                    f" {told(got)} after {warmup} candles, and for {told(expected)} after"
                    f" {_LONGER * warmup}; its indicators remember longer",
                    at,
                )
                return


def _after(whole: _Whole, first: int, end: int, more: int) -> Replay:
    """With `more` candles that it is not shown, before those of its own warm-up."""
    setup = whole.load()
    begun = {**Session(setup, Views()).state(), "seen": -more}
    return replay(setup, part(whole.candles, first, end), whole.cash, begun)


def _at(start: int) -> str:
    return f"at the candle of {moment(start):%Y-%m-%d %H:%M}"
