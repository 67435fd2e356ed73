"""An observation -> the notices that it is worth. What lasts is said again on another day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.money import plain
from chalicelib.domain.operation.notice import Notice, Severity
from chalicelib.domain.operation.observation import AccountTrouble, Observation, TickEnd
from chalicelib.domain.operation.redaction import without_credentials
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState, Breaker, Stance
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus
from chalicelib.domain.trading.stranger import Stranger

# The tick's words for an account that it could not work on.
KEYS_REFUSED: Final = "refused"
_BLOCKED: Final = "blocked"

# What an order is refused with whose keys the venue does not take.
REFUSED_KEYS_CODES: Final = frozenset(
    {"AUTHENTICATION_FAILED", "PERMISSION_DENIED", "ACCOUNT_SUSPENDED"}
)
# The stop of a whole account, and that of one strategy on it.
DAILY_LOSS_CODES: Final = ("ACCOUNT_LOSS_EXCEEDED", "DAILY_LOSS_EXCEEDED")

_LONGEST_UNKNOWN: Final = timedelta(minutes=10)
_LONGEST_WAIT: Final = timedelta(minutes=10)
# A venue that is merely busy asks for less than that.
_BAN: Final = timedelta(minutes=2)
_SHORTEST_PATIENCE: Final = timedelta(minutes=5)
_MISSED_TICKS: Final = 2
_DAY: Final = timedelta(days=1)

_AS_WISHED: Final = frozenset({SignalStatus.EXECUTED, SignalStatus.SUPERSEDED})


def worth_saying(seen: Observation) -> Iterator[Notice]:
    """Everything that the owner should know of, said before or not."""
    for key, severity, sentence, signal_id in _told(seen):
        yield Notice(
            key=key,
            severity=severity,
            sentence=without_credentials(sentence),
            at=seen.at,
            signal_id=signal_id,
        )


_Told = tuple[str, Severity, str, str]


def _told(seen: Observation) -> Iterator[_Told]:
    yield from _of_the_tick(seen)
    yield from _of_the_switch(seen)
    for order in (*seen.held, *seen.unknown, *seen.refused):
        yield from _of_an_order(order, seen.at)
    for state in seen.states:
        yield from _of_an_account(state, seen.at)
    silenced = {state.account for state in seen.states if state.is_blocked(seen.at)}
    for trouble in seen.tick.troubles:
        if trouble.account not in silenced:
            yield from _of_a_trouble(trouble, seen.at)
    yield from _of_signals(seen)
    for alert in seen.quarantined:
        whose = alert.strategy or "an unnamed strategy"
        sentence = f"an alert of {whose} could not become a signal ({alert.status}): {alert.reason}"
        yield f"quarantine#{alert.id}", Severity.P2, sentence, ""
    for silence in seen.silences:
        name, heard = silence.strategy.name, silence.heard_at
        sentence = (
            f"strategy {name} has been silent since {_minute(heard)}, longer than "
            f"{silence.strategy.silence_after} candles of {silence.strategy.timeframe}: is its "
            "alert still active on TradingView?"
        )
        yield f"silence#{name}#{heard.isoformat()}", Severity.P1, sentence, ""


def _of_the_tick(seen: Observation) -> Iterator[_Told]:
    if seen.tick.failure:
        kind = seen.tick.failure.partition(":")[0]
        sentence = f"a tick failed and is tried again: {seen.tick.failure}"
        yield f"tick#{kind}#{_hour(seen.at)}", Severity.P1, sentence, ""
    last, patience = seen.last_good_tick, _patience(seen.tick)
    if last is not None and patience is not None and seen.at - last > patience:
        sentence = (
            f"no tick has ended well since {_minute(last)}: see the log, then crypto-bot tick"
        )
        yield f"stalled#{last.isoformat()}", Severity.P1, sentence, ""


def _patience(tick: TickEnd) -> timedelta | None:
    """How long a good tick may be missing; None where there was one just now, or none is due."""
    return None if tick.good else longest_without_tick(tick.interval)


def longest_without_tick(interval: timedelta | None) -> timedelta | None:
    """How long a good tick may be missing; None where the time between two is uneven."""
    if interval is None:
        return None
    return max(_SHORTEST_PATIENCE, _MISSED_TICKS * interval)


def _of_the_switch(seen: Observation) -> Iterator[_Told]:
    halt = seen.halt
    if halt is None:
        return
    if halt.level is HaltLevel.NONE:
        if seen.at - halt.at > _DAY:
            return
        sentence = f"trading goes on, the halt has ended: {halt.reason}"
        yield f"halt#{halt.at.isoformat()}", Severity.P2, sentence, ""
        return
    sentence = f"trading is halted ({halt.level}): {halt.reason}; crypto-bot resume ends it"
    yield f"halt#{halt.at.isoformat()}", Severity.P1, sentence, ""


def _of_an_order(order: Order, now: datetime) -> Iterator[_Told]:
    intent = order.intent
    what = (
        f"account {intent.account}: order to {intent.side} {plain(intent.quantity)} {intent.symbol}"
    )
    if order.status.is_final:
        sentence = f"{what} was refused for its keys ({order.code}): {order.reason}"
        yield f"keys#{intent.account}#{_day(now)}", Severity.P1, sentence, ""
    elif order.status is OrderStatus.HELD:
        sentence = (
            f"{what} is HELD, whether it was placed cannot be known: crypto-bot resolve {intent.id}"
        )
        yield f"held#{intent.id}", Severity.P1, sentence, ""
    elif now - unknown_since(order) > _LONGEST_UNKNOWN:
        sentence = f"{what} was sent at {_minute(unknown_since(order))} and not seen since"
        yield f"unknown#{intent.id}", Severity.P1, sentence, ""


def unknown_since(order: Order) -> datetime:
    """When an order of unknown fate was first sent."""
    return order.first_sent_at or order.created_at


def _of_an_account(state: AccountState, now: datetime) -> Iterator[_Told]:
    name = state.account
    for symbol, reason in sorted(state.frozen.items()):
        sentence = f"account {name}: {symbol} is frozen, {reason}"
        yield f"frozen#{name}#{symbol}#{_day(now)}", Severity.P1, sentence, ""
    for stranger in state.strangers:
        if stranger.bars_entries:
            yield _of_a_stranger(name, stranger, now)
    for stuck in state.stuck:
        sentence = f"account {name}: nothing is bought of {stuck.symbol}, {stuck.reason}"
        key = f"stuck#{name}#{stuck.plan_id}#{stuck.symbol}#{stuck.act}#{_day(now)}"
        yield key, Severity.P1, sentence, ""
    for breaker in open_breakers(state, now):
        sentence = f"account {name} buys nothing: {breaker.reason} ({breaker.code})"
        key = f"breaker#{name}#{breaker.code}#{breaker.opened_at.isoformat()}"
        yield key, Severity.P1, sentence, ""
    blocked = state.blocked_until
    if blocked is not None and blocked - now > _BAN:
        why = state.blocked_because or "no reason given"
        sentence = f"account {name}: the venue wants silence until {_minute(blocked)}: {why}"
        yield f"ban#{name}#{_hour(now)}", Severity.P1, sentence, ""
    for stance in state.stances:
        yield from _of_a_stop(name, stance)


def _of_a_stranger(account: str, stranger: Stranger, now: datetime) -> _Told:
    order = stranger.order
    sentence = (
        f"account {account}: nothing is bought of {order.symbol}, {stranger.reason}: does another "
        f"bot trade with these keys? crypto-bot accounts strangers {account}"
    )
    return f"stranger#{account}#{order.venue_order_id}#{_day(now)}", Severity.P1, sentence, ""


def _of_a_stop(account: str, stance: Stance) -> Iterator[_Told]:
    who = f"account {account}: {stance.strategy}"
    if stance.left_by:
        sentence = f"{who} left {stance.symbol} by itself: {stance.left_by}"
        yield f"left#{account}#{stance.signal_id}", Severity.P2, sentence, stance.signal_id
    if stance.stop_refused:
        sentence = (
            f"{who} has no stop for {stance.symbol} at the venue and is watched instead: "
            f"{stance.stop_refused}"
        )
        yield f"unguarded#{account}#{stance.signal_id}", Severity.P2, sentence, stance.signal_id


def open_breakers(state: AccountState, now: datetime) -> tuple[Breaker, ...]:
    """Those that hold back purchases now; one that has run out is cleared by the next look."""
    return tuple(breaker for breaker in state.breakers if breaker.is_open(now))


def _of_a_trouble(trouble: AccountTrouble, now: datetime) -> Iterator[_Told]:
    """An account that is busy, or whose venue does not answer for once, is none of these."""
    if trouble.status == KEYS_REFUSED:
        sentence = f"account {trouble.account}: the venue refuses its keys: {trouble.detail}"
        yield f"keys#{trouble.account}#{_day(now)}", Severity.P1, sentence, ""
    elif trouble.status == _BLOCKED:
        sentence = f"account {trouble.account} does not trade: {trouble.detail}"
        yield f"blocked#{trouble.account}#{_day(now)}", Severity.P1, sentence, ""


def _of_signals(seen: Observation) -> Iterator[_Told]:
    for signal in (*seen.ended, *seen.waiting):
        yield from _of_what_cannot_be_planned(signal)
    for signal in seen.ended:
        yield from _of_an_end(signal)
    yield from _of_what_waits(seen)


def _of_what_cannot_be_planned(signal: Signal) -> Iterator[_Told]:
    """At once where somebody wants to get out, and whenever an account gives a signal up."""
    leaves = signal.state is not DesiredState.LONG
    for failed in signal.failing:
        sentence = f"account {failed.account}: {_alert(signal)} cannot be planned: {failed.why}"
        key = f"unplanned#{signal.id}#{failed.account}"
        yield key, Severity.P1 if leaves else Severity.P2, sentence, signal.id
    for outcome in signal.quarantined_by:
        sentence = (
            f"account {outcome.account}: {_alert(signal)} is in quarantine, {outcome.reason}; "
            f"once that is mended: crypto-bot quarantine replay {signal.id}"
        )
        key = f"quarantine#{signal.id}#{outcome.account}#{outcome.at.isoformat()}"
        yield key, Severity.P1, sentence, signal.id


def _of_an_end(signal: Signal) -> Iterator[_Told]:
    given_up = signal.status is SignalStatus.QUARANTINED and signal.quarantined_by
    if signal.status in _AS_WISHED or given_up:
        return  # as wished, or told already with what to do about it
    sentence = f"{_alert(signal)} ended {signal.status}: {signal.reason}"
    yield f"signal#{signal.id}", Severity.P2, sentence, signal.id


def _of_what_waits(seen: Observation) -> Iterator[_Told]:
    asked = {signal.id for signal in seen.approvals}
    for signal in seen.waiting:
        what = _alert(signal)
        if signal.id in asked:
            sentence = f"{what} waits for your yes: crypto-bot approve {signal.id}"
            yield f"approval#{signal.id}", Severity.P2, sentence, signal.id
        elif seen.at - signal.due_at > _LONGEST_WAIT and not signal.waits_for_price:
            sentence = f"{what} has been due since {_minute(signal.due_at)} and is not done yet"
            yield f"late#{signal.id}", Severity.P2, sentence, signal.id


def _alert(signal: Signal) -> str:
    return f"alert of {signal.strategy} for {signal.ticker} ({signal.state})"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _hour(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H}"
