"""[signals that wait, the venue's prices] -> those that count now, and the end of others."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.waiting_orders import (
    Rules,
    Watched,
    cancels_among,
    order_named,
    waiting_symbols,
    watch,
)
from chalicelib.services.trading.desk import Desk


def watch_orders(
    desk: Desk, state: AccountState, signals: Sequence[Signal], consumed: frozenset[str]
) -> Watched:
    """One request for prices where something waits, and none where nothing does."""
    if all(signal.order is None for signal in signals):
        return Watched(signals=tuple(signals), best={})
    everything = [*signals, *_named_by_cancels(desk, signals, consumed)]
    symbols = waiting_symbols(everything)
    tickers = desk.exchange.tickers(symbols) if symbols else {}
    unpriced = [symbol for symbol in symbols if symbol not in tickers]
    listed = desk.exchange.instruments(unpriced) if unpriced else {}
    return watch(
        everything,
        state,
        {symbol: ticker.last for symbol, ticker in tickers.items()},
        [symbol for symbol in unpriced if symbol not in listed],
        Rules(
            {name: s.entry_lag for name, s in desk.configuration.strategies.items()},
            {s.strategy for s in desk.configuration.subscriptions_of(desk.name) if s.approval},
            desk.ports.control.halt_level(),
        ),
        desk.ports.clock.now(),
    )


def remember_best(
    desk: Desk, state: AccountState, watched: Watched, left_out: Collection[str]
) -> AccountState:
    """Keep what trailing orders are measured by; written only where it has changed.

    Those that were `left_out` of this look wait on, by what they have seen.
    """
    kept = {name: price for name, price in state.best.items() if name in left_out}
    best = {**kept, **watched.best}
    if best == state.best:
        return state
    return desk.ports.plans.save_state(replace(state, best=best))


def _named_by_cancels(
    desk: Desk, signals: Sequence[Signal], consumed: frozenset[str]
) -> list[Signal]:
    """The list of what is due may lag behind: an order that is taken back is read by its id."""
    known = {signal.id for signal in signals} | consumed
    wanted = {order_named(cancel) for cancel in cancels_among(signals)} - known
    found = [desk.ports.signals.get(name) for name in sorted(wanted)]
    return [
        signal
        for signal in found
        if signal is not None
        and not signal.status.is_final
        and signal.outcome_for(desk.name) is None
    ]
