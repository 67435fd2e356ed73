"""Which strategy and which instrument an alert means.

Tickers are looked up in the strategy's own table, never taken apart into currencies: BTCUSDT may be
the spot pair or the perpetual, and only the owner knows which is meant.
"""

from collections.abc import Iterable, Sequence

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import Alert
from chalicelib.domain.trading.alerts.body import meaningless, quoted
from chalicelib.domain.trading.strategy import Strategy

_PERPETUAL = ".P"
_DELAYED_FEEDS = ("_DLY", "_DL")


def symbol_of(strategy: Strategy, alert: Alert) -> str:
    """The unified symbol the alert means to the strategy. SignalRejected 422 if none or several."""
    symbols = _symbols(strategy, alert)
    if len(symbols) == 1:
        return symbols.pop()
    if symbols:
        found = ", ".join(sorted(symbols))
        right = "send exchange as well, or EXCHANGE:TICKER"
        raise meaningless(f"ticker {quoted(alert.ticker)} may be {found}; {right}", "ticker")
    raise _unknown_ticker(strategy, alert)


def named_by(alert: Alert, opened: Sequence[Strategy], addressed: str | None) -> Sequence[Strategy]:
    """Those of the opened strategies that the alert may mean; none if it names another.

    `addressed` is the strategy in the URL. SignalRejected 422 where the alert contradicts that.
    """
    if not alert.strategy:
        return opened
    if addressed is not None and alert.strategy != addressed:
        said = f"strategy is {quoted(alert.strategy)}, and the URL belongs to {addressed}"
        raise meaningless(f"{said}; leave the field out or send to its own URL", "strategy")
    return [strategy for strategy in opened if strategy.name == alert.strategy]


def choose_strategy(strategies: Sequence[Strategy], alert: Alert) -> Strategy:
    """The only one of the strategies that knows the alert's ticker. SignalRejected 422 if not."""
    if len(strategies) == 1:
        return strategies[0]
    knowing = [strategy for strategy in strategies if _symbols(strategy, alert)]
    if len(knowing) == 1:
        return knowing[0]
    names = ", ".join(sorted(strategy.name for strategy in knowing or strategies))
    which = "several strategies trade" if knowing else "no strategy trades"
    ticker = quoted(alert.ticker)
    right = f"name one of {names} in the field strategy"
    raise meaningless(f"{which} ticker {ticker}; {right}", "strategy")


def _symbols(strategy: Strategy, alert: Alert) -> set[str]:
    table = {ticker.upper(): symbol for ticker, symbol in strategy.instruments.items()}
    ticker = alert.ticker.upper()
    if alert.ticker in strategy.instruments.values():
        return {alert.ticker}
    for name in _full_names(ticker, alert.exchange.upper()):
        if name in table:
            return {table[name]}
    return set() if alert.exchange else _by_bare_name(table, ticker)


def _full_names(ticker: str, exchange: str) -> Iterable[str]:
    """From the most to the least certain, the exchange as sent and without its delay suffix."""
    prefix, colon, bare = ticker.rpartition(":")
    venue = prefix if colon else exchange
    if venue:
        yield f"{venue}:{bare}"
        yield f"{_undelayed(venue)}:{bare}"
    yield bare


def _by_bare_name(table: dict[str, str], ticker: str) -> set[str]:
    """Symbols of the entries that name an exchange, for an alert that names none."""
    return {symbol for name, symbol in table.items() if name.rpartition(":")[2] == ticker}


def _undelayed(exchange: str) -> str:
    for suffix in _DELAYED_FEEDS:
        if exchange.endswith(suffix):
            return exchange.removesuffix(suffix)
    return exchange


def _unknown_ticker(strategy: Strategy, alert: Alert) -> SignalRejected:
    known = ", ".join(sorted(strategy.instruments)[:10]) or "none"
    said = f"ticker is {quoted(alert.ticker)}"
    if alert.ticker.upper().endswith(_PERPETUAL):
        said += ", a perpetual contract"
    return meaningless(f"{said}; strategy {strategy.name} trades {known}", "ticker")
