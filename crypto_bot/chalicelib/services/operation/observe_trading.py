"""One look at the stores after a tick: what is new, what is stuck, who is silent. Reads only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from chalicelib.domain.operation.conditions import REFUSED_KEYS_CODES
from chalicelib.domain.operation.observation import Observation, Silence, TickEnd
from chalicelib.domain.operation.watch import Watch
from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus
from chalicelib.ports import TradingPorts

_ROWS: Final = 30
_MOST_ROWS: Final = 2_000
_WAITING: Final = 200


def observe_trading(ports: TradingPorts, watch: Watch, tick: TickEnd) -> Observation:
    """How things stand now, and what happened since the look that left `watch`."""
    now = ports.clock.now()
    configuration = ports.strategies.configuration()
    signals = _newest_signals(ports, watch)
    waiting = tuple(ports.signals.due(now, _WAITING))
    ended, unended = _sorted_out(ports, watch, signals, waiting)
    quarantined = ports.signals.quarantined(_ROWS)
    states = tuple(ports.plans.state(name) for name in sorted(configuration.accounts))
    heard = _heard(configuration, watch, signals, now)
    beat = ports.control.last_beat()
    return Observation(
        at=now,
        tick=tick,
        before=watch,
        watch=Watch(
            signals=watch.signals.moved([(s.id, s.received_at) for s in signals], now),
            quarantined=watch.quarantined.moved([(a.id, a.received_at) for a in quarantined], now),
            unended=unended,
            heard=heard,
            summed_up=watch.summed_up or now.date(),
            version=watch.version,
        ),
        ended=ended,
        waiting=waiting,
        approvals=tuple(s for s in waiting if _needs_approval(s, configuration)),
        refused=tuple(_refused(ports, ended)),
        quarantined=tuple(
            alert for alert in quarantined if watch.quarantined.is_new(alert.id, alert.received_at)
        ),
        held=tuple(ports.orders.held(_WAITING)),
        unknown=tuple(_unknown(ports, states)),
        states=states,
        silences=tuple(_silences(configuration, heard, now)),
        halt=ports.control.last_halt(),
        last_good_tick=None if beat is None else beat.at,
    )


def _newest_signals(ports: TradingPorts, watch: Watch) -> list[Signal]:
    """As far back as the last look reached, but no further than there is memory for."""
    reach, limit = watch.signals.reaches_to, _ROWS
    signals = ports.signals.recent(limit)
    while reach is not None and len(signals) == limit and limit < _MOST_ROWS:
        if signals[-1].received_at < reach:
            break
        limit *= 4
        signals = ports.signals.recent(limit)
    return signals


def _sorted_out(
    ports: TradingPorts, watch: Watch, signals: Sequence[Signal], waiting: Sequence[Signal]
) -> tuple[tuple[Signal, ...], tuple[str, ...]]:
    """Those that ended since the last look, and the ids of those that have not.

    An old one that was replayed is among those `waiting` only.
    """
    listed = {signal.id for signal in signals}
    older = [ports.signals.get(signal_id) for signal_id in watch.unended if signal_id not in listed]
    everything = [*signals, *(signal for signal in older if signal is not None)]
    ended = tuple(
        s
        for s in everything
        if s.status.is_final
        and (s.id in watch.unended or watch.signals.is_new(s.id, s.received_at))
    )
    unended = {s.id for s in (*everything, *waiting) if not s.status.is_final}
    return ended, tuple(sorted(unended))


def _refused(ports: TradingPorts, ended: Sequence[Signal]) -> list[Order]:
    """Orders of signals that ended REJECTED because the venue does not take the keys."""
    plans = {
        outcome.plan_id
        for signal in ended
        for outcome in signal.outcomes
        if outcome.status is SignalStatus.REJECTED and outcome.plan_id
    }
    orders = [order for plan_id in sorted(plans) for order in ports.orders.of_plan(plan_id)]
    return [o for o in orders if o.status is OrderStatus.REJECTED and o.code in REFUSED_KEYS_CODES]


def _unknown(ports: TradingPorts, states: Sequence[AccountState]) -> list[Order]:
    plans = [plan_id for state in states for plan_id in state.open_plans]
    orders = [order for plan_id in plans for order in ports.orders.of_plan(plan_id)]
    return [order for order in orders if order.status is OrderStatus.SUBMITTED]


def _needs_approval(signal: Signal, configuration: Configuration) -> bool:
    """Whether some follower of an entry asks the owner first, and has not spoken yet."""
    if signal.approved or signal.state is not DesiredState.LONG:
        return False
    return any(
        s.strategy == signal.strategy and s.approval and not s.paused
        for s in configuration.subscriptions
        if signal.outcome_for(s.account) is None
    )


def _heard(
    configuration: Configuration, watch: Watch, signals: Sequence[Signal], now: datetime
) -> dict[str, datetime]:
    """The newest alert of each strategy with a silence alarm; the alarm itself starts as a word."""
    heard = {
        name: watch.heard.get(name, now)
        for name, strategy in configuration.strategies.items()
        if strategy.silence_after is not None
    }
    for signal in signals:
        if signal.strategy in heard:
            heard[signal.strategy] = max(heard[signal.strategy], min(signal.received_at, now))
    return heard


def _silences(
    configuration: Configuration, heard: dict[str, datetime], now: datetime
) -> list[Silence]:
    """A strategy that nobody follows, or everybody has paused, may be silent."""
    awaited = {s.strategy for s in configuration.subscriptions if not s.paused}
    found = []
    for name, heard_at in sorted(heard.items()):
        strategy = configuration.strategies[name]
        longest = strategy.longest_silence
        if name in awaited and longest is not None and now - heard_at > longest:
            found.append(Silence(strategy=strategy, heard_at=heard_at))
    return found
