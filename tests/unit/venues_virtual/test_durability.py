"""What the venue remembers: over restarts, between threads, and when its store fails."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from time import process_time

import pytest

from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.domain.errors import (
    ExchangeUnavailable,
    OrderNotPlaced,
    OrderRejected,
    OutcomeUnknown,
    StoreConflict,
    StoreUnavailable,
)
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from tests.unit.venues_virtual.support import BTC, START, buy, open_venue, paper, sell


@pytest.fixture
def on_disk(tmp_path):
    """Opens the same file anew each time, as another process would."""
    with ExitStack() as tables:

        def open_table():
            return tables.enter_context(closing(SqliteTable(tmp_path / "state.db")))

        yield open_table


def test_a_new_process_finds_everything_as_it_was(on_disk):
    before = open_venue(on_disk(), faults={"script": ["none", "late"]})
    resting, late = buy("1", "90", rests=True, name="resting"), sell("0.5", "100", name="late")
    before.send(resting)
    with pytest.raises(OutcomeUnknown):
        before.send(late)
    after = open_venue(on_disk(), faults={"script": ["none", "late"]})
    assert after.balance("USDT").locked == Decimal("90.09")
    after.price("90")
    after.wait(5)
    for intent in (resting, late):
        report = after.find(intent)
        assert report is not None
        assert report.status in {OrderStatus.FILLED, OrderStatus.EXPIRED}
    assert after.held()["BTC"] == 2


def test_opening_balances_count_once():
    first = open_venue(balances={"USDT": "500"})
    assert first.held() == {"USDT": Decimal(500)}
    second = open_venue(first.table, balances={"USDT": "999"})
    assert second.held() == {"USDT": Decimal(500)}


def test_accounts_do_not_see_each_other():
    one = open_venue()
    account = replace(paper(), name="other")
    other = type(one.exchange)(account, one.table, one.prices, one.clock, parse_options(account))
    one.send(buy("1", "100"))
    assert other.find(buy("1", "100"), START) is None
    assert other.balances()["USDT"].total == 10000


def test_two_processes_that_submit_at_once_create_no_money(on_disk):
    """Own instances over own connections: only compare-and-set keeps them apart."""
    opening = {"USDT": "10000", "BTC": "20"}
    tables = [on_disk() for _ in range(2)]
    venues = [open_venue(table, balances=opening) for table in tables]

    def trade(number):
        side = buy if number % 2 else sell
        name = f"order {number // 2} of {number % 2}"
        return venues[number % 2].send(side("0.5", "100", name=name))

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(trade, range(40)))
    assert all(report.status is OrderStatus.FILLED for report in reports)
    fees = sum(fill.fee for report in reports for fill in report.fills)
    for venue in venues:
        assert venue.held() == {"USDT": 10000 - fees, "BTC": Decimal(20)}
        assert len(venue.exchange.accepted()) == 40


def test_two_threads_cannot_spend_the_same_money():
    venue = open_venue(balances={"USDT": "150"}, fee="0")

    def spend(number):
        try:
            return venue.send(buy("1", "100", name=f"order {number}")).status
        except OrderRejected as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(spend, range(2)))
    assert outcomes == ["FILLED", "INSUFFICIENT_FUNDS"]
    assert venue.held() == {"USDT": Decimal(50), "BTC": Decimal(1)}


@dataclass
class BrokenStore:
    """A table whose disk is full, or whose reads fail too."""

    table: SqliteTable
    reads: bool

    def get(self, partition, sort):
        if not self.reads:
            raise StoreUnavailable("no route to the store")
        return self.table.get(partition, sort)

    def write(self, rows):
        raise StoreUnavailable(f"the disk is full, {len(rows)} rows not written")


def test_a_store_that_fails_leaves_the_outcome_of_a_send_open():
    venue = open_venue()
    venue.held()
    broken = open_venue(BrokenStore(venue.table, reads=True))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown, match="disk is full"):
        broken.send(buy("1", "100"))
    silent = open_venue(BrokenStore(venue.table, reads=False))  # type: ignore[arg-type]
    with pytest.raises(ExchangeUnavailable, match="no route"):
        silent.find(buy("1", "100"))


class SilentSource(FixedPrices):
    """A price source that knows its instruments and cannot be reached for prices."""

    def tickers(self, symbols):
        raise ExchangeUnavailable(f"no prices for {', '.join(symbols)}")


def test_without_prices_nothing_is_placed():
    venue = open_venue()
    dark = type(venue.exchange)(
        paper(),
        venue.table,
        SilentSource({BTC: Decimal(100)}, venue.clock),
        venue.clock,
        venue.options,
    )
    with pytest.raises(OrderNotPlaced, match="no prices for BTC/USDT"):
        dark.submit(buy("1", "100"), START)


class ShySource(FixedPrices):
    """A price source that lists its symbols and has a price for them only while it is told so."""

    quoted = True

    def tickers(self, symbols):
        return super().tickers(symbols) if self.quoted else {}


def test_a_symbol_without_a_price_just_now_takes_no_order_and_keeps_those_it_has():
    venue = open_venue()
    prices = ShySource({BTC: Decimal(100)}, venue.clock)
    shy = type(venue.exchange)(paper(), venue.table, prices, venue.clock, venue.options)
    resting = buy("1", "90", rests=True, name="resting")
    shy.submit(resting, START)
    prices.quoted = False
    with pytest.raises(OrderNotPlaced, match="no price for BTC/USDT"):
        shy.submit(buy("1", "100"), START)
    report = shy.find(resting, START)
    assert report is not None
    assert report.status is OrderStatus.ACCEPTED


@dataclass
class BusyStore:
    """A table where somebody else is always a moment quicker."""

    table: SqliteTable

    def get(self, partition, sort):
        return self.table.get(partition, sort)

    def write(self, rows):
        raise StoreConflict(f"{rows[0].sort} moved on")


def test_an_order_that_never_gets_its_turn_was_not_placed():
    venue = open_venue()
    venue.held()
    busy = open_venue(BusyStore(venue.table))  # type: ignore[arg-type]
    with pytest.raises(OrderNotPlaced, match="the wallet changed under each of"):
        busy.send(buy("1", "100"))


def test_latency_is_paid_before_the_permit_is_looked_at():
    pauses = []
    venue = open_venue()
    options = parse_options(replace(paper(), exchange_options={"virtual": {"latency_ms": 50}}))

    def pause(seconds):
        pauses.append(seconds)
        venue.wait(seconds)

    slow = type(venue.exchange)(
        paper(), venue.table, venue.prices, venue.clock, options, pause=pause
    )
    with pytest.raises(OrderNotPlaced, match="permit"):
        slow.submit(buy("1", "100"), START + timedelta(milliseconds=49))
    assert slow.submit(buy("1", "100"), START + timedelta(seconds=1)).filled == 1
    assert pauses == [0.05, 0.05]


def test_a_replay_has_time_for_thousands_of_orders(on_disk):
    venue = open_venue(on_disk(), prices={BTC: "1.13734"})
    began = process_time()
    for number in range(200):
        side = buy if number % 2 else sell
        venue.send(side("0.5", "1.13734", name=f"order {number}"))
        venue.wait(60)
    assert (process_time() - began) / 200 < 0.02  # seconds of CPU, where 0.002 is usual
