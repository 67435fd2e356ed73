"""An inbox on real stores in memory, with strategies whose token is `<name>-token`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.services.trading.receive_signal import (
    Answer,
    Delivery,
    Inbox,
    StrategyCache,
    receive_signal,
)
from tests.unit.trading.alerts import FIRED_AT


def account(mode: str) -> Account:
    return Account(name=f"{mode} account", exchange="virtual", mode=Mode(mode), quote="USD")


class FragileTable(SqliteTable):
    """The real table, until it is told to fail; it counts who asked for a strategy."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.broken = False
        self.breaks_after: int | None = None  # so many writes
        self.read: list[str] = []

    def get(self, partition: str, sort: str) -> Row | None:
        self._fail_if_broken()
        if sort.startswith("strategy"):
            self.read.append(sort.partition("#")[2])
        return super().get(partition, sort)

    def write(self, rows: Sequence[Row]) -> None:
        self._fail_if_broken()
        super().write(rows)
        if self.breaks_after is not None:
            self.breaks_after -= 1
            self.broken = self.broken or self.breaks_after == 0

    def _fail_if_broken(self) -> None:
        if self.broken:
            raise StoreUnavailable("the disk is gone")


class PostOffice:
    """Sends alerts into an inbox and lets tests look at what was stored."""

    def __init__(
        self,
        *strategies: Strategy,
        followers: Sequence[Account] = (),
        clock: ReplayClock | None = None,
        loopback: bool = False,
        admits: Callable[[str], bool] | None = None,
        on_fire_time: Callable[[datetime], object] | None = None,
    ) -> None:
        self.clock = clock or ReplayClock(FIRED_AT + timedelta(seconds=1))
        self._table = FragileTable()
        self.signals = TableSignalStore(self._table)
        self.store = TableStrategyStore(self._table)
        self.woken = 0
        self._cache = StrategyCache(self.store, self.clock)
        self.inbox = Inbox(
            signals=self.signals,
            strategies=self._cache,
            clock=self.clock,
            admits=admits,
            loopback=loopback,
            wake=self._wake,
            on_fire_time=on_fire_time,
        )
        self.configure(*(_with_tokens(strategy) for strategy in strategies), followers=followers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._table.close()

    @property
    def table(self) -> SqliteTable:
        return self._table

    @property
    def strategy_reads(self) -> list[str]:
        return self._table.read

    def configure(self, *strategies: Strategy, followers: Sequence[Account] = ()) -> None:
        self.store.apply(
            expected_version=self.store.configuration().version,
            strategies=strategies,
            accounts=followers,
            subscriptions=[
                Subscription(account=follower.name, strategy=strategy.name)
                for follower in followers
                for strategy in strategies
            ],
        )

    def configure_anew(self, *strategies: Strategy) -> None:
        """The owner mends strategies; their tokens stay."""
        self.configure(*(_with_tokens(strategy) for strategy in strategies))

    def share_token(self, token: str, *strategies: Strategy) -> None:
        self.configure(*(replace(s, token_hashes=(hash_token(token),)) for s in strategies))

    def hook(
        self, raw: bytes, *, name: str = "btc", token: str = "btc-token", source: str = ""
    ) -> Answer:
        delivery = Delivery(body=raw, strategy=name, token=token, source=source)
        return receive_signal(self.inbox, delivery)

    def post(self, raw: bytes, *, token: str = "") -> Answer:
        return receive_signal(self.inbox, Delivery(body=raw, token=token))

    def break_store(self) -> None:
        self._table.broken = True

    def break_store_after(self, *, writes: int) -> None:
        self._table.breaks_after = writes

    def mend_store(self) -> None:
        self._table.broken, self._table.breaks_after = False, None

    def _wake(self) -> None:
        self.woken += 1


def _with_tokens(strategy: Strategy) -> Strategy:
    tokens = (f"{strategy.name}-token", f"{strategy.name}-token-2")
    return replace(strategy, token_hashes=tuple(hash_token(token) for token in tokens))
