"""The owner closes a strategy -> urgent signals to be flat, which the tick executes as any other.

There is one path to an order: this stores wishes and sends nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.configuration.names import strategy_named
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import (
    OWNER_CLOSE,
    DesiredState,
    Signal,
    SignalStatus,
    signal_id,
)
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import TradingPorts

_AT_ONCE: Final = 100


def close_strategy(ports: TradingPorts, name: str) -> list[Signal]:
    """One signal per instrument that the strategy trades, or still owns on some account."""
    configuration = ports.strategies.configuration()
    strategy = strategy_named(configuration, name)
    now = ports.clock.now()
    symbols = symbols_to_close(ports, configuration, name)
    signals = [_flat(strategy, symbol, now) for symbol in symbols]
    for signal in signals:
        ports.signals.add(signal)
    return signals


def symbols_to_close(ports: TradingPorts, configuration: Configuration, name: str) -> list[str]:
    """What gets a signal to be flat, whether anything of it is owned or not."""
    strategy = strategy_named(configuration, name)
    return sorted({*strategy.symbols(), *_owned(ports, configuration, name)})


def entries_to_drop(ports: TradingPorts, symbols: Sequence[str], name: str) -> list[Signal]:
    """Entries that nothing has been decided on yet, the newest first: closing `symbols` overtakes
    them.
    """
    found: list[Signal] = []
    place: str | None = None
    while rows := ports.signals.page(_AT_ONCE, place, only_open=True):
        found += [
            s for _, s in rows if s.strategy == name and s.symbol in symbols and _may_enter(s)
        ]
        place, _ = rows[-1]
    return found


def _may_enter(signal: Signal) -> bool:
    if signal.test or signal.status is not SignalStatus.RECEIVED:
        return False
    if signal.order is not None:
        return signal.order.side is Side.BUY and not signal.cancels
    return signal.state is DesiredState.LONG and (
        signal.size_ratio is None or signal.size_ratio > 1
    )


def _owned(ports: TradingPorts, configuration: Configuration, name: str) -> set[str]:
    owned: set[str] = set()
    for account in configuration.accounts.values():
        holdings = ports.ledger.portfolio(account.name, account.quote).holdings
        owned |= {h.symbol for h in holdings if h.strategy == name and h.quantity > 0}
    return owned


def _flat(strategy: Strategy, symbol: str, now: datetime) -> Signal:
    tickers = sorted(t for t, s in strategy.instruments.items() if s == symbol)
    identity = signal_id(
        strategy=strategy.name,
        symbol=symbol,
        state=DesiredState.FLAT,
        fired_at=now,
        order_id=OWNER_CLOSE,
    )
    return Signal(
        id=identity,
        strategy=strategy.name,
        ticker=tickers[0] if tickers else symbol.replace("/", ""),
        symbol=symbol,
        state=DesiredState.FLAT,
        fired_at=now,
        received_at=now,
        due_at=now,
        body_digest=sha256(identity.encode()).hexdigest(),
        urgent=True,
        approved=True,
        order_id=OWNER_CLOSE,
        comment="closed by the owner",
    )
