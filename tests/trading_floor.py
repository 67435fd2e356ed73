"""A whole trading desk in one process: SQLite in memory, the virtual exchange, a clock by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.adapters.stores.analytics import TableAnalyticsStore
from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus, signal_id
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Table
from chalicelib.ports import Clock, Exchange, TradingPorts
from chalicelib.services.trading.tick import TickReport, tick

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class HandClock:
    """Stands still until a scenario moves it."""

    def __init__(self, start: datetime = MORNING) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def pass_time(self, **span: float) -> None:
        self._now += timedelta(**span)


@dataclass
class OpenExchanges:
    """The Exchanges port over exchanges that a scenario prepared."""

    by_account: dict[str, Exchange] = field(default_factory=dict)

    def open(self, account: Account) -> Exchange:
        return self.by_account[account.name]


def virtual_account(name: str = "paper", **changes: Any) -> Account:
    """10,000 USDT on the virtual exchange without fee, unless changed."""
    options = {"balances": {"USDT": "10000"}, "fee": "0"}
    options |= changes.pop("options", {})
    account = Account(
        name=name,
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        exchange_options={"virtual": options},
    )
    return replace(account, **changes)


def trading_ports(table: Table, clock: Clock, exchanges: OpenExchanges) -> TradingPorts:
    """The stores over one table, as bootstrap joins them."""
    return TradingPorts(
        clock=clock,
        workers=InlineWorkers(),
        signals=TableSignalStore(table),
        plans=TablePlanStore(table),
        orders=TableOrderStore(table),
        ledger=TableLedgerStore(table),
        strategies=TableStrategyStore(table),
        control=TableControlStore(table),
        exchanges=exchanges,
    )


class TradingFloor:
    """Scenario words: alerts arrive, prices move, ticks run, and everything can be looked at."""

    def __init__(  # noqa: PLR0913 - a scenario says only what it changes
        self,
        prices: Mapping[str, str],
        weights: Mapping[str, str],
        *,
        account: Account | None = None,
        table: Table | None = None,
        subscription: Mapping[str, Any] | None = None,
        strategy: Mapping[str, Any] | None = None,
        exchange: Exchange | None = None,
        clock: HandClock | None = None,
    ) -> None:
        self.clock = clock or HandClock()
        self.table = table or SqliteTable(":memory:")
        self.account = account or virtual_account()
        self.prices = FixedPrices({s: Decimal(p) for s, p in prices.items()}, self.clock)
        self.exchange: Any = exchange or VirtualExchange(
            self.account,
            self.table,
            self.prices,
            self.clock,
            parse_options(self.account if exchange is None else virtual_account()),
            pause=lambda _: None,
        )
        self.exchanges = OpenExchanges({self.account.name: self.exchange})
        self.ports = trading_ports(self.table, self.clock, self.exchanges)
        self.analytics = TableAnalyticsStore(self.table)
        self.ports.strategies.apply(
            expected_version=0,
            strategies=[
                Strategy(
                    name=name,
                    instruments={symbol.replace("/", ""): symbol},
                    **{"sibling_wait": 0, **(strategy or {})},
                )
                for name, symbol in self._pairs(weights, prices)
            ],
            accounts=[self.account],
            subscriptions=[
                Subscription(
                    account=self.account.name,
                    strategy=name,
                    weight=Decimal(weight),
                    **(subscription or {}),
                )
                for name, weight in weights.items()
            ],
        )
        self._symbols = dict(self._pairs(weights, prices))

    @staticmethod
    def _pairs(weights: Mapping[str, str], prices: Mapping[str, str]) -> list[tuple[str, str]]:
        """Strategy `btc`, `btc_2` trade BTC/USDT: the name's beginning is the base."""
        by_base = {symbol.split("/")[0].lower(): symbol for symbol in prices}
        return [(name, by_base[name.split("_")[0]]) for name in weights]

    def alert(self, strategy: str, state: str, **changes: Any) -> str:
        """Store the signal that such an alert becomes; its id."""
        now = self.clock.now()
        symbol = self._symbols[strategy]
        desired = DesiredState(state)
        fired = changes.pop("fired_at", now)
        signal = Signal(
            id=signal_id(
                strategy=strategy,
                symbol=symbol,
                state=desired,
                fired_at=fired,
                order_id=changes.get("order_id", ""),
            ),
            strategy=strategy,
            ticker=symbol.replace("/", ""),
            symbol=symbol,
            state=desired,
            fired_at=fired,
            received_at=now,
            due_at=now,
            body_digest="",
        )
        self.ports.signals.add(replace(signal, **changes))
        return signal.id

    def tick(self) -> TickReport:
        return tick(self.ports, owner="test", deadline=self.clock.now() + timedelta(minutes=5))

    def next_minute(self) -> TickReport:
        self.clock.pass_time(minutes=1)
        return self.tick()

    def signal(self, signal_id: str) -> Signal:
        found = self.ports.signals.get(signal_id)
        assert found is not None
        return found

    def outcome(self, signal_id: str) -> tuple[SignalStatus, str]:
        found = self.signal(signal_id)
        return found.status, found.reason

    @property
    def portfolio(self) -> Portfolio:
        return self.ports.ledger.portfolio(self.account.name, self.account.quote)

    def owned(self, strategy: str) -> Decimal:
        return self.portfolio.holding(strategy, self._symbols[strategy]).quantity

    def value(self, strategy: str) -> Decimal:
        symbol = self._symbols[strategy]
        return self.owned(strategy) * self.exchange.tickers([symbol])[symbol].last

    @property
    def equity(self) -> Decimal:
        return self.portfolio.cash + sum((self.value(name) for name in self._symbols), Decimal(0))

    @property
    def orders(self) -> list[Order]:
        return list(reversed(self.ports.orders.recent(1000)))

    def share(self, strategy: str) -> Decimal:
        """The strategy's part of equity, to a tenth of a percent."""
        return (self.value(strategy) / self.equity).quantize(Decimal("0.001"))
