"""The owner closes a strategy -> urgent signals to be flat, which the tick executes as any other.

There is one path to an order: this stores wishes and sends nothing.
"""

from datetime import datetime
from hashlib import sha256

from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.configuration.names import strategy_named
from chalicelib.domain.trading.signal import OWNER_CLOSE, DesiredState, Signal, signal_id
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import TradingPorts


def close_strategy(ports: TradingPorts, name: str) -> list[Signal]:
    """One signal per instrument that the strategy trades, or still owns on some account."""
    configuration = ports.strategies.configuration()
    strategy = strategy_named(configuration, name)
    now = ports.clock.now()
    symbols = {*strategy.symbols(), *_owned(ports, configuration, name)}
    signals = [_flat(strategy, symbol, now) for symbol in sorted(symbols)]
    for signal in signals:
        ports.signals.add(signal)
    return signals


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
