"""An old backup meets a venue that has gone on: nothing is sent twice, and nobody's coins are sold.

The venue's own book is the judge: each client order id stands in it once.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.services.trading.halt_trading import halt_trading
from tests.unit.trading.restored_floor import OutlivingVenue, WatchedTable

OWN = {"balances": {"USDT": "10000", "BTC": "1", "ETH": "20"}}


def restored(floor: OutlivingVenue, backup: list, minutes: int = 0) -> OutlivingVenue:
    floor.restore(backup)
    floor.minutes(minutes)
    return floor


def release(floor: OutlivingVenue) -> None:
    """What an owner does who has looked at every difference."""
    for gap in floor.compare().gaps:
        floor.give_back(gap)
    floor.reopen()
    halt_trading(floor.ports, HaltLevel.NONE, "looked at")


def test_an_order_of_after_the_backup_is_not_sent_again() -> None:
    floor = OutlivingVenue()
    entry = floor.alert("btc", "long")
    backup = floor.back_up()
    floor.tick()
    [first] = floor.sent()
    suspended = floor.restore(backup)
    assert [signal.id for signal in suspended.skipped] == [entry]
    floor.minutes(5)
    assert floor.outcome(entry)[0] is SignalStatus.SKIPPED
    assert "RESTORED_FROM_BACKUP" in floor.outcome(entry)[1]
    release(floor)
    floor.clock.pass_time(hours=1)
    floor.alert("btc", "long")
    floor.minutes(3)
    assert len(floor.sent()) == len({*floor.sent()}) == 2
    assert first in floor.sent()
    assert floor.differences() == {}


@pytest.mark.slow
def test_every_moment_can_be_restored_without_a_second_order_or_a_foreign_sale() -> None:
    """Backups between any two writes of a life with partial fills, lost answers and both ways."""
    table = WatchedTable()
    options = OWN | {
        "partial_fill": 1,
        "partial_fraction": "0.9",
        "instruments": {key: {"minimum_notional": 5} for key in ("BTC/USDT", "ETH/USDT")},
        "faults": {"script": ["none", "answer_lost", "lost"]},
    }
    past = OutlivingVenue(options=options, table=table)
    begun = len(table.moments)
    past.alert("btc", "long")
    past.minutes(3)
    past.alert("btc", "flat")
    past.alert("eth", "long")
    past.minutes(2)
    past.alert("eth", "flat")
    past.alert("btc", "long")
    past.minutes(1)
    assert len(past.sent()) > 10
    assert len(table.moments) > begun + 50
    for backup in table.moments[begun:]:
        floor = OutlivingVenue(options=options, clock=past.clock, venue=past.memory.scan())
        floor.restore(backup)
        floor.minutes(2)
        assert sorted(floor.sent()) == sorted(past.sent())
        release(floor)
        floor.alert("btc", "flat", order_id="new")
        floor.alert("eth", "long", order_id="new")
        floor.minutes(2)
        assert len(floor.sent()) == len({*floor.sent()}) > len(past.sent())
        assert floor.differences() == {}
        held = floor.exchange.balances()
        assert held["BTC"].total >= 1
        assert held["ETH"].total >= 20


def test_an_order_that_may_have_been_sent_is_adopted_where_it_was() -> None:
    floor = OutlivingVenue()
    entry = floor.alert("btc", "long")
    floor.plan_without_sending()
    backup = floor.back_up()
    floor.tick()
    assert len(floor.sent()) == 1
    suspended = floor.restore(backup)
    assert len(suspended.orders) == 1
    floor.minutes(1)
    assert floor.owned("btc") == Decimal("0.04")
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED
    release(floor)
    floor.minutes(3)
    assert len(floor.sent()) == 1
    assert floor.differences() == {}


def test_an_exit_that_was_never_sent_runs_after_the_reopening_under_a_new_number() -> None:
    floor = OutlivingVenue(options=OWN)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    exit_ = floor.alert("btc", "flat")
    floor.plan_without_sending()
    floor.restore(floor.back_up())
    floor.minutes(3)
    assert len(floor.sent()) == 1
    assert floor.outcome(exit_)[0] is SignalStatus.REJECTED
    release(floor)
    floor.minutes(2)
    assert floor.owned("btc") == 0
    assert floor.exchange.balances()["BTC"].total == 1
    [entered, _, left] = [order.intent.client_order_id for order in floor.orders]
    assert floor.sent() == [entered, left]


def test_an_exit_that_waited_in_the_backup_runs_once_the_owner_has_looked() -> None:
    floor = OutlivingVenue(options=OWN)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    exit_ = floor.alert("btc", "flat")
    suspended = floor.restore(floor.back_up())
    assert [signal.id for signal in suspended.kept] == [exit_]
    floor.minutes(5)
    assert floor.owned("btc") == Decimal("0.04")
    release(floor)
    floor.minutes(1)
    assert floor.outcome(exit_)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") == 0


def test_a_sale_of_after_the_backup_does_not_become_a_sale_of_the_owners_coins() -> None:
    floor = OutlivingVenue(options=OWN)
    floor.alert("btc", "long")
    floor.tick()
    backup = floor.back_up()
    floor.clock.pass_time(hours=1)
    floor.alert("btc", "flat")
    floor.tick()
    restored(floor, backup)
    floor.alert("btc", "flat", order_id="again")
    floor.minutes(3)
    [base, quote] = floor.compare().gaps
    assert (base.asset, base.difference, quote.difference) == ("BTC", Decimal("-0.04"), 2000)
    with pytest.raises(ActionRefused, match=r"write-off paper STRATEGY SYMBOL 0\.04, or --mine"):
        floor.reopen()
    floor.write_off("btc", "BTC/USDT", Decimal("0.04"), price=Decimal(50000))
    floor.reopen()
    floor.minutes(3)
    assert floor.exchange.balances()["BTC"].total == 1
    assert len(floor.sent()) == 2
    assert floor.differences() == {}


def test_what_the_owner_took_away_himself_is_said_so() -> None:
    floor = OutlivingVenue(options=OWN)
    floor.alert("btc", "long")
    floor.tick()
    backup = floor.back_up()
    floor.restore(backup)
    withdraw(floor, "BTC", "0.5")
    assert len(floor.compare().refusals) == 1
    assert floor.compare("BTC").refusals == ()
    withdraw(floor, "BTC", "0.51")  # more than was his own
    assert "write-off paper STRATEGY SYMBOL 0.01" in floor.compare("BTC").refusals[0]


def withdraw(floor: OutlivingVenue, asset: str, amount: str) -> None:
    book = floor.exchange._book  # noqa: SLF001 - the venue has no withdrawals of its own
    wallet = book.wallet().moved(asset, free=-Decimal(amount))
    page = book.page("withdrawal")
    book.save(type(page)(wallet=wallet, file=page.file))


def test_an_order_that_still_rests_is_taken_back() -> None:
    floor = OutlivingVenue(options=OWN)
    floor.alert("btc", "long")
    floor.tick()
    order = floor.orders[0]
    assert order.status is OrderStatus.FILLED
    stranger = type(order.intent)
    resting = {**{f: getattr(order.intent, f) for f in stranger.__slots__}}
    intent = stranger(
        **resting
        | {
            "client_order_id": "00000000-0000-0000-0000-000000000001",
            "limit_price": Decimal(40000),
            "time_in_force": "GTC",
        }
    )
    backup = floor.back_up()
    floor.exchange.submit(intent, floor.clock.now() + timedelta(seconds=2))
    floor.restore(backup)
    with pytest.raises(ActionRefused, match="1 orders rest at the venue that the books do not"):
        floor.reopen()
    assert floor.reopen("orders").strangers


def test_a_stop_that_rests_goes_on_protecting_and_is_not_doubled() -> None:
    floor = OutlivingVenue(options=OWN)
    floor.alert("btc", "long", stop_loss=Decimal(45000))
    floor.minutes(2)
    [stop] = [order for order in floor.orders if order.intent.is_stop]
    assert stop.status is OrderStatus.ACCEPTED
    sent = floor.sent()
    floor.restore(floor.back_up())
    floor.minutes(3)
    assert floor.compare().refusals == ()
    release(floor)
    floor.minutes(3)
    assert floor.sent() == sent
    floor.prices.set("BTC/USDT", Decimal(44990))
    floor.minutes(2)
    assert floor.owned("btc") == 0
    assert floor.exchange.balances()["BTC"].total == 1
    assert floor.differences() == {}


def test_a_stop_of_after_the_backup_is_a_stranger() -> None:
    floor = OutlivingVenue(options=OWN)
    backup = floor.back_up()
    floor.alert("btc", "long", stop_loss=Decimal(45000))
    floor.minutes(2)
    floor.restore(backup)
    floor.minutes(2)
    assert [order.quantity for _, order in floor.compare().strangers or ()] == [Decimal("0.04")]
    with pytest.raises(ActionRefused, match="1 orders rest at the venue"):
        floor.reopen()


def test_an_account_that_was_not_restored_has_nothing_to_reopen() -> None:
    floor = OutlivingVenue()
    with pytest.raises(ActionRefused, match="account paper is open"):
        floor.reopen()
