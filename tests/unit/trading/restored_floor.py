"""A desk, backups of it, and the desk that comes out of one while its venue has gone on."""

from collections.abc import Sequence
from typing import Any

from typing_extensions import override

from chalicelib.adapters.stores.archive import put_into_empty, rows_at_one_moment
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.domain.trading.gaps import Gap
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.services.trading.adopt_holding import Adoption, adopt_holding
from chalicelib.services.trading.reopen_account import Comparison, reopen_account
from chalicelib.services.trading.suspend_restored import Suspension, suspend_restored
from chalicelib.services.trading.tick import tick
from chalicelib.services.trading.write_off_holding import WriteOff, write_off_holding
from tests.trading_floor import HandClock, TradingFloor, trading_ports, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.2", "eth": "0.25"}


class WatchedTable(SqliteTable):
    """Keeps what everything looked like after each write: a backup for every moment."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.moments: list[list[Row]] = []

    @override
    def write(self, rows: Sequence[Row]) -> None:
        super().write(rows)
        self.moments.append(rows_at_one_moment(self))


class OutlivingVenue(TradingFloor):
    """A trading floor whose venue keeps its own memory, so that no backup takes it back in time.

    `venue` is what an earlier floor's venue remembered.
    """

    def __init__(
        self,
        *,
        options: dict[str, Any] | None = None,
        clock: HandClock | None = None,
        venue: Sequence[Row] = (),
        table: SqliteTable | None = None,
    ) -> None:
        account = virtual_account(options=options or {})
        self.stored = table or SqliteTable(":memory:")
        super().__init__(PRICES, WEIGHTS, account=account, clock=clock, table=self.stored)
        self.memory = SqliteTable(":memory:")
        self.memory.overwrite(venue)
        self.exchange = self.exchanges.by_account[account.name] = VirtualExchange(
            account, self.memory, self.prices, self.clock, parse_options(account)
        )

    def back_up(self) -> list[Row]:
        return rows_at_one_moment(self.stored)

    def restore(self, backup: Sequence[Row]) -> Suspension:
        """The stores as they were then, suspended, in a table of their own."""
        apart = SqliteTable(":memory:")
        apart.overwrite(backup)
        ports = trading_ports(apart, self.clock, self.exchanges)
        suspended = suspend_restored(ports, taken_at=self.clock.now())
        self.stored = SqliteTable(":memory:")
        put_into_empty(self.stored, apart.scan())
        self.ports = trading_ports(self.stored, self.clock, self.exchanges)
        return suspended

    def compare(self, *mine: str) -> Comparison:
        name = self.account.name
        return reopen_account(self.ports, name, mine=mine, owner="owner", dry_run=True)

    def reopen(self, *mine: str) -> Comparison:
        name = self.account.name
        return reopen_account(self.ports, name, mine=mine, owner="owner", dry_run=False)

    def give_back(self, gap: Gap) -> None:
        """What an owner types for something that is missing after a restore."""
        missing = -gap.difference
        if missing <= 0:
            return
        if gap.asset == self.account.quote:
            self.adopt(gap.asset, missing, "unmanaged")
        else:
            self.write_off(f"{gap.asset.lower()}", f"{gap.asset}/USDT", missing)

    def adopt(self, asset: str, quantity: Any, to: str, **changes: Any) -> None:
        adoption = Adoption(asset=asset, quantity=quantity, to=to, **changes)
        adopt_holding(self.ports, self.account.name, adoption, owner="owner", dry_run=False)

    def write_off(self, strategy: str, symbol: str, quantity: Any, **changes: Any) -> None:
        what = WriteOff(strategy=strategy, symbol=symbol, quantity=quantity, **changes)
        write_off_holding(self.ports, self.account.name, what, owner="owner", dry_run=False)

    def sent(self) -> list[str]:
        """Client order ids in the venue's own book, once for each order that it accepted."""
        return [report.client_order_id for report in self.exchange.accepted()]

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.next_minute()

    def plan_without_sending(self) -> None:
        """A tick so short of time that it decides and sends nothing."""
        tick(self.ports, owner="test", deadline=self.clock.now())

    def differences(self) -> dict[str, str]:
        """What the venue holds beyond the books."""
        held = self.exchange.balances()
        return {
            asset: str(balance.total - self.portfolio.owned(asset))
            for asset, balance in held.items()
            if balance.total != self.portfolio.owned(asset)
        }
