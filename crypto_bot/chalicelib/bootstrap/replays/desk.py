"""A desk for a replay: stores in memory, the virtual venue, and a clock that is told the time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.adapters.venues.virtual.candles import CandleSeries
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.listed import ListedSeries
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import PriceSource
from chalicelib.adapters.venues.virtual.series_prices import SeriesPrices
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.replay.orders import ListedOrder
from chalicelib.domain.trading.account import Account, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.ports import Clock, Exchange, TradingPorts
from chalicelib.services.replay.replay_portfolio import ReplayDesk
from chalicelib.services.trading.receive_signal import Inbox, StrategyCache

Prices = Callable[[Clock], PriceSource]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TOKEN: Final = "replay"  # noqa: S105 - opens nothing but the desk that is thrown away


@dataclass(frozen=True, slots=True)
class _OneExchange:
    """`Exchanges` of the one account that there is."""

    exchange: Exchange

    def open(self, account: Account) -> Exchange:
        """See `Exchanges.open`."""
        del account
        return self.exchange


def replay_desk(
    account: Account,
    strategies: Sequence[Strategy],
    subscriptions: Sequence[Subscription],
    prices: Prices,
) -> ReplayDesk:
    """Nothing of it outlives its end. SettingsError names an option of the account that is odd."""
    table, clock = SqliteTable(":memory:"), ReplayClock(_EPOCH)
    exchange = VirtualExchange(account, table, prices(clock), clock, parse_options(account))
    store = TableStrategyStore(table)
    opened = [_with_token(strategy) for strategy in strategies]
    store.apply(
        expected_version=0, strategies=opened, accounts=[account], subscriptions=subscriptions
    )
    ports = TradingPorts(
        clock=clock,
        workers=InlineWorkers(),
        signals=TableSignalStore(table),
        plans=TablePlanStore(table),
        orders=TableOrderStore(table),
        ledger=TableLedgerStore(table),
        strategies=store,
        control=TableControlStore(table),
        exchanges=_OneExchange(exchange),
    )
    inbox = Inbox(signals=ports.signals, strategies=StrategyCache(store, clock), clock=clock)
    stored = store.configuration().accounts[account.name]
    return ReplayDesk(
        ports=ports,
        inbox=inbox,
        account=stored,
        token=_TOKEN,
        move=clock.advance_to,
        close=table.close,
    )


def candle_prices(rows: Mapping[str, tuple[timedelta, Sequence[Candle]]]) -> Prices:
    """By symbol the length and the candles; read once for any number of replays."""
    series = [
        CandleSeries(
            symbol=symbol,
            interval=length,
            times=tuple(candle.start for candle in candles),
            opens=tuple(candle.open for candle in candles),
            closes=tuple(candle.close for candle in candles),
        )
        for symbol, (length, candles) in rows.items()
    ]
    return lambda clock: SeriesPrices(series, clock)


def listed_prices(orders: Mapping[str, Sequence[ListedOrder]]) -> Prices:
    """By symbol the orders of all its lists."""
    series = []
    for symbol, unsorted in orders.items():
        known = sorted(unsorted, key=lambda order: order.at)
        times, prices = (tuple(o.at for o in known), tuple(o.price for o in known))
        series.append(ListedSeries(symbol=symbol, times=times, prices=prices))
    return lambda clock: SeriesPrices(series, clock)


def _with_token(strategy: Strategy) -> Strategy:
    return replace(strategy, token_hashes=(hash_token(_TOKEN),))
