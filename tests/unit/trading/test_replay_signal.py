"""A signal in quarantine is decided anew once the owner has mended what planning failed on."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.account import Subscription
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.services.trading.replay_signal import replay_signal
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.trading.failing_floor import (
    ENDLESS,
    PRICES,
    WEIGHTS,
    count,
    give,
    invested,
    odd_venue,
)


def given_up(floor: TradingFloor, state: str = "long") -> str:
    bad = floor.alert("eth", state)
    floor.tick()
    for _ in range(4):
        floor.next_minute()
    assert floor.outcome(bad)[0] is SignalStatus.QUARANTINED
    return bad


def test_a_mended_signal_is_decided_anew() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    give(floor, "eth", ENDLESS)
    bad = given_up(floor)
    give(floor, "eth", "1h")
    shown = replay_signal(floor.ports, bad, dry_run=True)
    assert floor.outcome(bad)[0] is SignalStatus.QUARANTINED
    taken = replay_signal(floor.ports, bad, dry_run=False)
    assert taken == replace(shown, version=taken.version) == floor.signal(bad)
    assert (taken.status, taken.outcomes, taken.failures) == (SignalStatus.RECEIVED, (), ())
    floor.next_minute()
    assert floor.outcome(bad) == (SignalStatus.EXECUTED, "bought 1 ETH at 2500")


def test_one_that_is_not_mended_fails_five_times_again() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    give(floor, "eth", ENDLESS)
    bad = given_up(floor)
    replay_signal(floor.ports, bad, dry_run=False)
    for failures in range(1, 6):
        assert floor.outcome(bad)[0] is SignalStatus.RECEIVED
        floor.next_minute()
        assert count(floor, bad) == failures
    assert floor.outcome(bad)[0] is SignalStatus.QUARANTINED


def test_a_replayed_entry_is_judged_by_when_it_fired_and_an_exit_always_runs() -> None:
    floor = invested("eth")
    venue = odd_venue(floor)
    venue.filters["ETH/USDT"] = {"price_tick": Decimal(0)}
    leave = given_up(floor, "flat")
    venue.filters.clear()
    give(floor, "sol", ENDLESS)
    floor.clock.pass_time(hours=9)
    replay_signal(floor.ports, leave, dry_run=False)
    floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == 0
    give(floor, "eth", ENDLESS)
    enter = given_up(floor)
    give(floor, "eth", "1h")
    floor.clock.pass_time(hours=1)
    replay_signal(floor.ports, enter, dry_run=False)
    floor.tick()
    status, reason = floor.outcome(enter)
    assert status is SignalStatus.EXPIRED
    assert "ENTRY_TOO_LATE" in reason


def test_only_what_is_in_quarantine_is_replayed() -> None:
    floor = invested("btc")
    [executed] = [signal.id for signal in floor.ports.signals.recent(9)]
    for signal_id in ("nobody", executed):
        with pytest.raises(ActionRefused, match=f"there is no signal {signal_id} in quarantine"):
            replay_signal(floor.ports, signal_id, dry_run=True)
    give(floor, "eth", ENDLESS)
    bad = given_up(floor)
    floor.ports.strategies.apply(
        expected_version=floor.ports.strategies.configuration().version,
        removed_subscriptions=[("paper", "eth")],
    )
    with pytest.raises(ActionRefused, match=f"signal {bad} is over: none of the accounts that"):
        replay_signal(floor.ports, bad, dry_run=True)


def test_an_account_that_could_plan_it_is_left_alone() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    other = virtual_account("other")
    prices = FixedPrices({s: Decimal(p) for s, p in PRICES.items()}, floor.clock)
    venue = VirtualExchange(
        other,
        SqliteTable(":memory:"),
        prices,
        floor.clock,
        parse_options(other),
        pause=lambda _: None,
    )
    floor.exchanges.by_account["other"] = venue
    floor.ports.strategies.apply(
        expected_version=floor.ports.strategies.configuration().version,
        accounts=[other],
        subscriptions=[Subscription(account="other", strategy="eth", weight=Decimal("0.5"))],
    )
    odd = odd_venue(floor)
    odd.filters["ETH/USDT"] = {"price_tick": Decimal(0)}
    enter = floor.alert("eth", "long")
    floor.tick()
    for _ in range(4):
        floor.next_minute()
    status, reason = floor.outcome(enter)
    assert status is SignalStatus.PARTIALLY_EXECUTED
    assert "paper: quarantined, planning has failed on it 5 of 5 times" in reason
    odd.filters.clear()
    replay_signal(floor.ports, enter, dry_run=False)
    floor.next_minute()
    assert floor.outcome(enter)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == 1
    assert len(venue.accepted()) == 1
