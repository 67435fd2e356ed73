"""Ticks over one account at once, as when a lease has run out under one that hangs."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.ports import Lease, TradingPorts
from chalicelib.services.trading.tick import AccountReport, tick
from tests.functional.ticking import UselessLease
from tests.trading_floor import OpenExchanges, TradingFloor


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class NoLease(TableControlStore):
    """Whoever asks may work."""

    def acquire(self, account: str, owner: str, now: datetime, duration: timedelta) -> Lease:
        until = now + duration
        return Lease(account=account, owner=owner, token=1, expires_at=until, version=1)

    def release(self, lease: Lease) -> None:
        pass


@dataclass
class Together:
    """A store on which one tick does `verb` for the first time when all the others do."""

    store: Any
    verb: str
    start: Barrier
    has_waited: bool = False

    def __getattr__(self, name: str) -> Any:
        act = getattr(self.store, name)
        if name != self.verb or self.has_waited:
            return act
        self.has_waited = True
        # One that lost an earlier write never comes: the others need not wait for it for ever.
        with suppress(BrokenBarrierError):
            self.start.wait(60)
        return act


@dataclass
class DiesAfterSending:
    """The venue of a floor, for a tick that is killed when its first order has arrived."""

    venue: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.venue, name)

    def submit(self, *order: Any) -> None:
        self.venue.submit(*order)
        raise Killed


@dataclass
class Overtaken:
    """The venue of a floor, for a tick that hangs while it asks for balances."""

    venue: Any
    other: TradingPorts
    overtakes: list[str] = field(default_factory=lambda: ["other"])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.venue, name)

    def balances(self) -> Any:
        if self.overtakes:
            with suppress(Killed):
                run(self.other, self.overtakes.pop())
        return self.venue.balances()


class DiesBeforeSending(DiesAfterSending):
    """The permit is not even written."""

    def traits(self) -> None:
        raise Killed


def run(ports: TradingPorts, owner: str) -> AccountReport:
    report = tick(ports, owner=owner, deadline=ports.clock.now() + timedelta(minutes=1))
    return report.accounts[0]


def on(venue: Any, floor: TradingFloor, ports: TradingPorts) -> TradingPorts:
    return replace(ports, exchanges=OpenExchanges({floor.account.name: venue}))


def test_what_another_tick_has_just_bought_is_no_drift() -> None:
    floor = TradingFloor({"BTC/USDT": "50000", "ETH/USDT": "2500"}, {"btc": "0.2", "eth": "0.25"})
    floor.alert("btc", "long")
    floor.tick()
    entry = floor.alert("eth", "long")
    ports = replace(floor.ports, control=UselessLease(floor.table))
    dying = on(DiesAfterSending(floor.exchange), floor, ports)

    hanging = on(Overtaken(floor.exchange, dying), floor, ports)
    assert run(hanging, "hanging").status == "busy"
    assert run(ports, "next").status == "worked"

    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED
    assert len(floor.exchange.accepted()) == 2
    kinds = [booked.kind.value for booked in floor.ports.ledger.entries(floor.account.name)]
    assert kinds == ["opening", "fill", "fill"]


@pytest.mark.parametrize(("store", "verb"), [("plans", "commit"), ("orders", "save")])
def test_of_ticks_that_write_at_the_same_moment_one_gets_through(store: str, verb: str) -> None:
    """All have read the same before any of them writes: only the version tells them apart."""
    floor = TradingFloor({"BTC/USDT": "50000"}, {"btc": "0.2"})
    entry = floor.alert("btc", "long")
    ports = replace(floor.ports, control=NoLease(floor.table))
    if store == "orders":  # a plan is there, and nobody has sent its order
        with suppress(Killed):
            run(on(DiesBeforeSending(floor.exchange), floor, ports), "dying")
        assert floor.exchange.accepted() == []
    start = Barrier(3)
    together: list[Any] = [Together(getattr(ports, store), verb, start) for _ in range(3)]
    callers = [replace(ports, **{store: each}) for each in together]

    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(run, callers, ("one", "two", "three")))
    floor.tick()

    # The one that got through may lose its last write to the others, and reports itself busy then.
    assert sum(report.plans for report in reports) <= (store == "plans")
    assert sum(report.orders_sent for report in reports) <= 1
    assert len(floor.exchange.accepted()) == 1
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED
    assert [order.status for order in floor.orders] == [OrderStatus.FILLED]
    assert floor.owned("btc") == floor.exchange.balances()["BTC"].total
