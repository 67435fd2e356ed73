"""Equity, realised and unrealised profit per account and strategy, stored for charts and people."""

from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.performance import PerformancePoint, performance_points
from chalicelib.ports import AnalyticsStore, TradingPorts


def report_performance(ports: TradingPorts, analytics: AnalyticsStore) -> list[PerformancePoint]:
    """Store one point per strategy and account, at one time for all.

    An account whose venue gives no prices now, or wants silence, is left out; the next hour has it
    again.
    """
    points: list[PerformancePoint] = []
    for account in ports.strategies.configuration().accounts.values():
        points += _points(ports, account)
    if points:
        analytics.add(points)
    return points


def _points(ports: TradingPorts, account: Account) -> list[PerformancePoint]:
    portfolio = ports.ledger.portfolio(account.name, account.quote)
    if not portfolio.sequence:
        return []
    symbols = sorted({h.symbol for h in portfolio.holdings if h.quantity})
    if not symbols:
        return performance_points(portfolio, {}, ports.clock.now())
    if ports.plans.state(account.name).is_blocked(ports.clock.now()):
        return []
    try:
        tickers = ports.exchanges.open(account).tickers(symbols)
    except ExchangeUnavailable:
        return []
    if set(tickers) != set(symbols):
        return []
    prices = {symbol: ticker.last for symbol, ticker in tickers.items()}
    return performance_points(portfolio, prices, ports.clock.now())
