"""A plan from its first write to its last: killed anywhere, idle, held up, halted, or overtaken."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.domain.errors import SettingsError, StoreConflict
from chalicelib.domain.trading.account import Account, HaltLevel, OrderStyle, Subscription
from chalicelib.domain.trading.ledger import fold
from chalicelib.domain.trading.order import OrderIntent, OrderReport, OrderStatus
from chalicelib.domain.trading.signal import DesiredState, SignalStatus, Size, SizeUnit
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.ports import Exchange
from chalicelib.services.trading.next_due import next_due
from chalicelib.services.trading.preview_plan import preview_plan
from chalicelib.services.trading.tick import tick
from tests.trading_floor import (
    HandClock,
    OpenExchanges,
    TradingFloor,
    trading_ports,
    virtual_account,
)

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}


class Killed(BaseException):
    """The process is gone: nobody catches this, and nothing it still tries to write arrives."""


@dataclass
class FragileTable:
    """SQLite in memory that ends its process before or after the n-th write, and counts calls."""

    inner: SqliteTable = field(default_factory=lambda: SqliteTable(":memory:"))
    kill_at: int = 0
    applied: bool = True
    writes: int = 0
    reads: int = 0
    dead: bool = False

    @property
    def write_limit(self) -> int | None:
        return None

    def get(self, partition: str, sort: str) -> Row | None:
        self._alive()
        self.reads += 1
        return self.inner.get(partition, sort)

    def query(self, partition: str, prefix: str = "") -> list[Row]:
        self._alive()
        self.reads += 1
        return self.inner.query(partition, prefix)

    def shelf(self, name: str, **limits: Any) -> list[Row]:
        self._alive()
        self.reads += 1
        return self.inner.shelf(name, **limits)

    def write(self, rows: Sequence[Row]) -> None:
        self._count(lambda: self.inner.write(rows))

    def overwrite(self, rows: Sequence[Row]) -> None:
        self._count(lambda: self.inner.overwrite(rows))

    def _count(self, write: Callable[[], None]) -> None:
        self._alive()
        self.writes += 1
        if self.writes != self.kill_at:
            write()
            return
        self.dead = True
        if self.applied:
            write()
        raise Killed

    def _alive(self) -> None:
        if self.dead:
            raise Killed

    def arm(self, kill_at: int = 0, *, applied: bool = True) -> None:
        """Start counting anew, in a new process if need be."""
        self.kill_at, self.applied = kill_at, applied
        self.writes = self.reads = 0
        self.dead = False


Story = Callable[[TradingFloor], list[str]]


def _entry(floor: TradingFloor) -> list[str]:
    return [floor.alert("btc", "long")]


def _entry_and_exit_that_cross(floor: TradingFloor) -> list[str]:
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    return [floor.alert("btc", "flat"), floor.alert("btc_2", "long")]


def _boosted_entry_that_trims(floor: TradingFloor) -> list[str]:
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    return [floor.alert("eth", "long"), floor.alert("sol", "flat")]


def _reductions_then_increases(floor: TradingFloor) -> list[str]:
    floor.alert("sol", "long")
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    return [floor.alert("sol", "flat"), floor.alert("eth", "long"), floor.alert("btc", "short")]


def _entry_with_a_stop(floor: TradingFloor) -> list[str]:
    floor.alert("btc_2", "long", stop_loss=Decimal(40000))
    return [floor.alert("btc", "long", stop_loss=Decimal(47500), take_profit=Decimal(60000))]


def _protected(floor: TradingFloor) -> None:
    _entry_with_a_stop(floor)
    floor.tick()
    floor.clock.pass_time(hours=1)


def _exit_beside_a_stop(floor: TradingFloor) -> list[str]:
    _protected(floor)
    return [floor.alert("btc", "flat")]


def _stop_hit(floor: TradingFloor) -> list[str]:
    _protected(floor)
    floor.prices.set("BTC/USDT", Decimal(47400))
    return []


def _target_hit(floor: TradingFloor) -> list[str]:
    _protected(floor)
    floor.prices.set("BTC/USDT", Decimal(60000))
    return []


def _addition_beside_a_stop(floor: TradingFloor) -> list[str]:
    _protected(floor)
    return [floor.alert("btc", "long", size_ratio=Decimal("1.5"))]


def _exchange_of_what_a_stop_guards(floor: TradingFloor) -> list[str]:
    floor.alert("btc", "long", stop_loss=Decimal(47500))
    floor.tick()
    floor.clock.pass_time(hours=1)
    return [floor.alert("btc", "flat"), floor.alert("btc_2", "long", stop_loss=Decimal(40000))]


PAIR = {"btc": "0.4", "btc_2": "0.2"}

STORIES: dict[str, tuple[Story, dict[str, str], str]] = {
    "one entry": (_entry, WEIGHTS, "fixed"),
    "a netted plan of two": (_entry_and_exit_that_cross, PAIR, "fixed"),
    "a trim for an entry": (_boosted_entry_that_trims, WEIGHTS, "boost"),
    "reductions, then increases": (_reductions_then_increases, WEIGHTS, "fixed"),
    "an entry with a stop": (_entry_with_a_stop, PAIR, "fixed"),
    "an exit beside a stop": (_exit_beside_a_stop, PAIR, "fixed"),
    "a stop that is hit": (_stop_hit, PAIR, "fixed"),
    "a target that is hit": (_target_hit, PAIR, "fixed"),
    "an addition beside a stop": (_addition_beside_a_stop, PAIR, "fixed"),
    "an exchange of what a stop guards": (_exchange_of_what_a_stop_guards, PAIR, "fixed"),
}


def _told(story: str) -> tuple[TradingFloor, FragileTable, list[str]]:
    tell, weights, policy = STORIES[story]
    table = FragileTable()
    account = virtual_account(policy=policy, options={"fee": "0.002"})
    floor = TradingFloor(PRICES, weights, account=account, table=table)
    return floor, table, tell(floor)


def _end_state(floor: TradingFloor, signals: Sequence[str]) -> dict[str, Any]:
    books = floor.portfolio
    state = floor.ports.plans.state("paper")
    return {
        "accepted": len(floor.exchange.accepted()),
        "signals": [floor.signal(name).status for name in signals],
        "balances": books.balances,
        "positions": [(h.strategy, h.symbol, h.quantity, h.cost) for h in books.holdings],
        "stances": [(s.strategy, s.state, s.surplus) for s in state.stances],
        "entries": len(floor.ports.ledger.entries("paper")),
        "open": state.open_plans,
        "venue": {a: b.total for a, b in floor.exchange.balances().items()},
    }


def _tick_by(floor: TradingFloor, owner: str) -> None:
    tick(floor.ports, owner=owner, deadline=floor.clock.now() + timedelta(minutes=5))


@pytest.mark.parametrize("applied", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("story", STORIES)
def test_a_tick_killed_at_any_write_is_completed_by_the_next_one(
    story: str, *, applied: bool
) -> None:
    floor, table, signals = _told(story)
    table.arm()
    floor.tick()
    writes, expected = table.writes, _end_state(floor, signals)
    assert writes >= 8
    assert all(status.is_final for status in expected["signals"])
    for number in range(1, writes + 1):
        floor, table, signals = _told(story)
        table.arm(number, applied=applied)
        with pytest.raises(Killed):
            floor.tick()
        table.arm()
        for owner in ("second", "third"):
            floor.clock.pass_time(minutes=6)  # the dead one's lease has run out
            _tick_by(floor, owner)
        where = f"{story}, killed at write {number} of {writes}"
        assert _end_state(floor, signals) == expected, where
        entries = floor.ports.ledger.entries("paper")
        assert fold("paper", "USDT", entries).balances == floor.portfolio.balances, where
        ids = [report.client_order_id for report in floor.exchange.accepted()]
        assert len(ids) == len(set(ids)), where


class Sealed(OpenExchanges):
    """Nobody may open an exchange."""

    def open(self, account: Account) -> Exchange:
        raise AssertionError(f"the exchange of {account.name} was opened")


def test_an_idle_tick_reads_twice_writes_once_and_opens_nothing() -> None:
    floor, table, _ = _told("one entry")
    floor.tick()
    sealed = replace(floor.ports, exchanges=Sealed({}))
    lease = table.inner.get("lease#paper", "lease")
    table.arm()
    report = tick(sealed, owner="x", deadline=floor.clock.now() + timedelta(minutes=1))
    assert report.outcome == "idle"
    assert (table.reads, table.writes) == (2, 1)
    assert table.inner.get("lease#paper", "lease") == lease


def test_an_idle_tick_makes_three_requests_to_dynamodb() -> None:
    asked: list[str] = []
    with mock_aws():
        client = aws_client("dynamodb", region="eu-west-1")
        create_table(client, "state")
        ports = trading_ports(DynamoDbTable(client, "state"), HandClock(), Sealed({}))
        client.meta.events.register(
            "before-call.dynamodb.*", lambda model, **_: asked.append(model.name)
        )
        report = tick(ports, owner="x", deadline=ports.clock.now() + timedelta(minutes=1))
        client.close()
    assert report.outcome == "idle"
    assert len(asked) == 3
    assert sorted(asked)[0] in {"BatchWriteItem", "PutItem"}
    assert asked.count("Query") == 2


_IDLE = """
import sys
from datetime import datetime, timedelta
from chalicelib import bootstrap
from chalicelib.services.trading.tick import tick
ports = bootstrap.trading()
report = tick(ports, owner="x", deadline=ports.clock.now() + timedelta(minutes=1))
heavy = {"ccxt", "click", "rich", "duckdb", "boto3"} & set(sys.modules)
print(report.outcome, *sorted(heavy))
"""


def test_an_idle_tick_of_a_fresh_process_loads_no_ccxt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3] / "crypto_bot"))
    done = subprocess.run(
        [sys.executable, "-c", _IDLE], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("idle", 0), done.stderr


def test_next_due_is_the_earliest_of_signals_and_accounts() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    assert next_due(floor.ports) is None
    later = floor.clock.now() + timedelta(seconds=20)
    floor.alert("btc", "long", due_at=later)
    assert next_due(floor.ports) == later
    state = floor.ports.plans.state("paper")
    floor.ports.plans.save_state(replace(state, due_at=floor.clock.now()))
    assert next_due(floor.ports) == floor.clock.now()


def test_a_preview_decides_what_the_tick_then_does_and_changes_nothing() -> None:
    floor, table, _ = _told("one entry")
    floor.exchange.balances()  # the venue opens its wallet
    table.arm()
    (plan,) = preview_plan(floor.ports, "paper")
    assert table.writes == 0
    floor.tick()
    assert floor.ports.plans.get(plan.id) == plan


def _held(floor: TradingFloor) -> None:
    for _ in range(8):
        floor.next_minute()
    assert [order.status for order in floor.orders] == [OrderStatus.HELD]


def _losing_the_first_order(**changes: Any) -> TradingFloor:
    account = virtual_account(options={"faults": {"script": ["lost"] * 3}}, **changes)
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    _held(floor)
    return floor


def test_a_held_order_does_not_keep_the_kill_switch_from_flattening() -> None:
    floor = _losing_the_first_order()
    floor.alert("eth", "long")
    floor.next_minute()
    assert floor.owned("eth") == 1
    floor.ports.control.set_halt(HaltLevel.FLATTEN, "test", floor.clock.now())
    floor.next_minute()
    floor.next_minute()
    assert floor.owned("eth") == 0


def test_an_order_held_for_a_strategy_that_is_dropped_stops_nobody_else() -> None:
    floor = _losing_the_first_order()
    version = floor.ports.strategies.configuration().version
    floor.ports.strategies.apply(expected_version=version, removed_subscriptions=[("paper", "btc")])
    entry = floor.alert("eth", "long")
    floor.next_minute()
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED


def test_a_flattened_strategy_that_signals_again_meanwhile_is_flat_afterwards() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    floor.ports.control.set_halt(HaltLevel.FLATTEN, "test", floor.clock.now())
    meanwhile = floor.alert("btc", "long")
    floor.tick()
    assert floor.owned("btc") == 0
    assert floor.outcome(meanwhile)[0] is SignalStatus.DENIED
    assert floor.ports.plans.state("paper").stance("btc", "BTC/USDT").state is DesiredState.FLAT
    floor.ports.control.set_halt(HaltLevel.NONE, "test", floor.clock.now())
    floor.clock.pass_time(minutes=5)
    floor.alert("btc", "long")
    floor.tick()
    assert floor.owned("btc") == Decimal("0.04")


def test_flattening_sells_all_even_where_an_alert_asks_for_a_part() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    floor.ports.control.set_halt(HaltLevel.FLATTEN, "test", floor.clock.now())
    floor.alert("btc", "long", size_ratio=Decimal("0.5"))
    floor.tick()
    assert floor.owned("btc") == 0
    assert len(floor.orders) == 2


def test_the_kill_switch_holds_back_a_purchase_that_is_already_planned() -> None:
    account = virtual_account(options={"faults": {"script": ["rate_limited"]}})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    entry = floor.alert("btc", "long")
    floor.tick()
    floor.ports.control.set_halt(HaltLevel.NO_ENTRIES, "test", floor.clock.now())
    floor.next_minute()
    floor.next_minute()
    assert floor.exchange.accepted() == []
    assert floor.outcome(entry)[0] is SignalStatus.DENIED
    assert floor.ports.plans.state("paper").stance("btc", "BTC/USDT").state is DesiredState.FLAT


def test_a_refusal_after_a_throttled_attempt_ends_the_order() -> None:
    script = ["rate_limited", "refused", "refused", "refused"]
    account = virtual_account(options={"faults": {"script": script}})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    entry = floor.alert("btc", "long")
    for _ in range(4):
        floor.next_minute()
    assert floor.outcome(entry)[0] is SignalStatus.REJECTED
    assert {order.status for order in floor.orders} == {OrderStatus.REJECTED}


def test_while_the_venue_wants_silence_it_is_asked_nothing() -> None:
    faults = {"script": ["rate_limited"], "retry_seconds": "300"}
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(options={"faults": faults}))
    floor.alert("btc", "long")
    floor.tick()
    asked: list[str] = []
    floor.exchanges.by_account["paper"] = _Listening(floor.exchange, asked)
    floor.alert("eth", "long")
    floor.next_minute()
    assert asked == []
    floor.clock.pass_time(minutes=5)
    floor.tick()
    assert "submit" in asked
    assert floor.owned("btc") == Decimal("0.04")


class _Listening:
    """An exchange that notes what it is asked."""

    def __init__(self, exchange: Exchange, asked: list[str]) -> None:
        self._exchange, self._asked = exchange, asked

    def __getattr__(self, name: str) -> Any:
        if name != "traits":
            self._asked.append(name)
        return getattr(self._exchange, name)


class _SlowToShow(_Listening):
    """The first two looks at an order do not see it."""

    def find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        self._asked.append("find")
        return None if self._asked.count("find") <= 2 else self._exchange.find(intent, since)


def test_absence_takes_two_looks_to_prove() -> None:
    account = virtual_account(options={"faults": {"script": ["answer_lost"]}})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    looks: list[str] = []
    slow = _SlowToShow(floor.exchange, looks)
    floor.exchanges.by_account["paper"] = slow
    floor.alert("btc", "long")
    floor.tick()  # too early to tell
    floor.next_minute()  # late enough, and looked at twice
    assert looks.count("find") == 3
    assert len(floor.exchange.accepted()) == 1
    assert floor.owned("btc") == Decimal("0.04")


def test_what_a_subscription_bought_is_sold_by_its_exit_after_it_was_dropped() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    version = floor.ports.strategies.configuration().version
    floor.ports.strategies.apply(expected_version=version, removed_subscriptions=[("paper", "btc")])
    floor.clock.pass_time(minutes=5)
    again = floor.alert("btc", "long", size_ratio=Decimal(2))
    floor.tick()
    assert floor.outcome(again)[0] is SignalStatus.SKIPPED
    floor.clock.pass_time(minutes=5)
    leave = floor.alert("btc", "flat")
    floor.tick()
    assert floor.owned("btc") == 0
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    floor.clock.pass_time(minutes=5)
    nobody = floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(nobody) == (SignalStatus.SKIPPED, "no account follows strategy btc")


def test_a_signal_for_an_instrument_that_its_strategy_gave_up_has_a_last_word() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.2", "btc_2": "0.2"})
    configuration = floor.ports.strategies.configuration()
    moved = replace(configuration.strategies["btc_2"], instruments={"ETHUSDT": "ETH/USDT"})
    floor.ports.strategies.apply(expected_version=configuration.version, strategies=[moved])
    orphan = floor.alert("btc_2", "long")
    floor.tick()
    assert floor.outcome(orphan)[0] is SignalStatus.SKIPPED
    assert floor.next_minute().outcome == "idle"


def test_an_addition_served_by_a_cross_grows_by_its_ratio_only() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.2", "btc_2": "0.1"})
    for name in ("btc", "btc_2"):
        floor.alert(name, "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    addition = floor.alert("btc", "long", size_ratio=Decimal(2))
    floor.alert("btc_2", "flat")
    floor.tick()
    assert floor.owned("btc") == Decimal("0.08")  # 0.02 from the other one, 0.02 bought
    assert floor.owned("btc_2") == 0
    assert floor.outcome(addition)[0] is SignalStatus.EXECUTED
    assert sum(r.filled for r in floor.exchange.accepted()) == Decimal("0.08")


def test_an_addition_without_a_size_of_its_own_is_bought_and_says_so() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(policy="signal_sized"))
    size = Size(amount=Decimal("0.01"), unit=SizeUnit.QUANTITY)
    floor.alert("btc", "long", size=size)
    floor.tick()
    floor.clock.pass_time(minutes=5)
    addition = floor.alert("btc", "long", size_ratio=Decimal(2))
    floor.tick()
    assert floor.owned("btc") == Decimal("0.02")
    assert floor.outcome(addition)[0] is SignalStatus.EXECUTED


@pytest.mark.parametrize(("ratio", "left"), [("0.5", "0.02"), ("0.25", "0.01"), ("2", "0.08")])
def test_partial_exits_and_additions_move_in_their_ratio(ratio: str, left: str) -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    changed = floor.alert("btc", "long", size_ratio=Decimal(ratio))
    floor.tick()
    assert floor.owned("btc") == Decimal(left)
    assert floor.outcome(changed)[0] is SignalStatus.EXECUTED


def test_more_than_the_venue_takes_in_one_order_is_sold_all_the_same() -> None:
    options = {"instruments": {"BTC/USDT": {"maximum_quantity": "0.05"}}}
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(options=options))
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    floor.alert("btc", "long", size_ratio=Decimal(2))
    floor.tick()
    floor.clock.pass_time(minutes=5)
    assert floor.owned("btc") == Decimal("0.08")
    floor.alert("btc", "flat")
    floor.tick()
    assert floor.owned("btc") == 0


def test_reductions_are_sent_before_increases_are_even_planned() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.9", "eth": "0.9"})
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    floor.alert("eth", "long")
    floor.alert("btc", "flat")
    floor.tick()
    plans = list(reversed(floor.ports.plans.recent(10)))
    assert [plan.step.value for plan in plans] == ["increase", "reduce", "increase"]
    assert floor.share("eth") == Decimal("0.900")


def test_a_cancelled_resting_order_makes_way_for_the_exit() -> None:
    account = virtual_account(order_style=OrderStyle.LIMIT)
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    floor.prices.set("BTC/USDT", Decimal(50000))
    floor.alert("btc", "long", size_ratio=Decimal(2))
    floor.prices.set("BTC/USDT", Decimal(51000))
    floor.tick()
    floor.clock.pass_time(seconds=10)
    floor.alert("btc", "flat")
    for _ in range(4):
        floor.next_minute()
    assert floor.owned("btc") == 0
    assert floor.ports.plans.state("paper").open_plans == ()


def test_cash_is_raised_once_for_an_entry_even_if_the_sale_drags_on_and_fails() -> None:
    script = ["none", "lost", "refused", "refused", "refused"]
    account = virtual_account(policy="boost", options={"faults": {"script": script}})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    entry = floor.alert("eth", "long")
    for _ in range(6):
        floor.next_minute()
    plans = [plan.step.value for plan in reversed(floor.ports.plans.recent(10))]
    assert plans == ["increase", "reduce", "increase"]
    assert floor.share("btc") == Decimal("0.950")
    assert floor.share("eth") == Decimal("0.030")  # what there was beyond the reserve
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED


def _two_accounts(table: SqliteTable | None = None) -> tuple[TradingFloor, TradingFloor]:
    first = TradingFloor(PRICES, WEIGHTS, table=table)
    other = virtual_account("other", options={"balances": {"USDT": "500"}, "fee": "0"})
    second = TradingFloor.__new__(TradingFloor)
    second.__dict__ = {**first.__dict__, "account": other}
    second.exchange = VirtualExchange(
        other, first.table, first.prices, first.clock, parse_options(other)
    )
    first.exchanges.by_account["other"] = second.exchange
    first.ports.strategies.apply(
        expected_version=first.ports.strategies.configuration().version,
        accounts=[other],
        subscriptions=[
            Subscription(account="other", strategy="btc", weight=Decimal("0.5"), approval=True)
        ],
    )
    return first, second


def test_two_accounts_follow_one_strategy_each_on_its_own_terms() -> None:
    paper, other = _two_accounts()
    entry = paper.alert("btc", "long")
    paper.tick()
    assert paper.owned("btc") == Decimal("0.04")
    assert other.owned("btc") == 0  # its owner has not approved yet
    assert not paper.signal(entry).status.is_final
    paper.ports.signals.update(replace(paper.signal(entry), approved=True))
    paper.next_minute()
    assert other.owned("btc") == Decimal("0.005")
    assert paper.signal(entry).status is SignalStatus.EXECUTED
    assert len(paper.signal(entry).outcomes) == 2
    paper.clock.pass_time(minutes=5)
    paper.alert("btc", "flat")
    paper.tick()
    assert (paper.owned("btc"), other.owned("btc")) == (0, 0)


def test_an_approval_that_never_comes_lets_the_entry_expire() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, subscription={"approval": True})
    entry = floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(entry)[0] is SignalStatus.RECEIVED
    floor.clock.pass_time(hours=2)
    floor.tick()
    assert floor.outcome(entry)[0] is SignalStatus.EXPIRED
    assert floor.owned("btc") == 0


@dataclass
class OneClosed(OpenExchanges):
    """The first account in the alphabet cannot be opened."""

    trouble: Exception = field(default_factory=lambda: SettingsError("secret 'x' is missing"))

    def open(self, account: Account) -> Exchange:
        if account.name == "other":
            raise self.trouble
        return super().open(account)


def test_an_account_without_its_secret_does_not_stop_the_others() -> None:
    paper, _ = _two_accounts()
    paper.alert("btc", "long")
    ports = replace(paper.ports, exchanges=OneClosed(paper.exchanges.by_account))
    report = tick(ports, owner="x", deadline=paper.clock.now() + timedelta(minutes=5))
    assert {a.account: a.status for a in report.accounts} == {
        "other": "blocked",
        "paper": "worked",
    }
    assert "secret 'x' is missing" in report.summary()
    assert paper.owned("btc") == Decimal("0.04")


def test_what_breaks_one_account_is_loud_and_the_others_are_done_first() -> None:
    paper, _ = _two_accounts()
    paper.alert("btc", "long")
    closed = OneClosed(paper.exchanges.by_account, trouble=ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError):
        tick(
            replace(paper.ports, exchanges=closed),
            owner="x",
            deadline=paper.clock.now() + timedelta(minutes=5),
        )
    assert paper.owned("btc") == Decimal("0.04")
    assert paper.ports.control.last_beat() is None  # no sign of life for a tick that failed


def test_a_strategy_with_several_instruments_splits_its_weight() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.4"})
    both = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}
    configuration = floor.ports.strategies.configuration()
    floor.ports.strategies.apply(
        expected_version=configuration.version,
        strategies=[Strategy(name="btc", instruments=both, sibling_wait=0)],
    )
    floor.alert("btc", "long")
    floor.alert("btc", "long", symbol="ETH/USDT", ticker="ETHUSDT", id="eth")
    floor.tick()
    held = {h.symbol: h.quantity for h in floor.portfolio.holdings}
    assert held == {"BTC/USDT": Decimal("0.04"), "ETH/USDT": Decimal("0.8")}


def test_of_two_planners_one_loses_and_nothing_is_planned_twice() -> None:
    floor, _, _ = _told("one entry")
    state = floor.ports.plans.state("paper")
    floor.tick()
    plan = floor.ports.plans.recent(1)[0]
    with pytest.raises(StoreConflict):
        floor.ports.plans.commit(plan, replace(state, sequence=1))


def test_an_entry_that_could_not_be_bought_leaves_its_strategy_flat() -> None:
    account = virtual_account(options={"faults": {"script": ["refused"] * 3}})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    floor.tick()
    assert floor.ports.plans.state("paper").stance("btc", "BTC/USDT").state is DesiredState.FLAT
    floor.clock.pass_time(minutes=5)
    floor.alert("btc", "long")
    floor.tick()
    assert floor.owned("btc") == Decimal("0.04")
