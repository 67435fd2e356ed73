"""A venue that asks for silence gets it: no call of any kind until it may be asked again."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.services.trading.preview_plan import preview_plan
from chalicelib.services.trading.report_performance import report_performance
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.trading.strict_venue import StrictVenue, put_in_between

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.2", "eth": "0.25"}
BAN = timedelta(minutes=10)


def venue_of(floor: TradingFloor) -> StrictVenue:
    venue: StrictVenue = put_in_between(floor)
    return venue


@pytest.mark.parametrize("call", ["instruments", "tickers", "balances", "submit"])
def test_no_call_is_made_while_a_ban_is_on_whichever_call_it_answered(call: str) -> None:
    floor = TradingFloor(PRICES, WEIGHTS, strategy={"max_lag": 3600})
    venue = venue_of(floor)
    venue.bans[call] = BAN
    entries = [floor.alert("btc", "long"), floor.alert("eth", "long")]
    report = floor.tick().accounts[0]
    assert (report.status, report.detail) == ("blocked", "418: banned")
    for _ in range(9):
        assert [a.status for a in floor.next_minute().accounts] == ["blocked"]
    assert venue.asked_in_vain == []
    assert venue.asked[-1] == call

    floor.next_minute()
    assert venue.asked_in_vain == []
    assert [floor.outcome(entry)[0] for entry in entries] == [SignalStatus.EXECUTED] * 2


@pytest.mark.parametrize("call", ["find", "cancel"])
def test_a_ban_is_heard_by_the_lookup_of_an_order_too(call: str) -> None:
    options = {"partial_fill": "1", "faults": {"script": ["answer_lost"]}}
    account = virtual_account(options=options, order_style="limit")
    floor = TradingFloor(PRICES, {"btc": "0.2"}, account=account)
    floor.alert("btc", "long")
    floor.tick()
    venue = venue_of(floor)
    venue.bans[call] = BAN
    statuses = [floor.next_minute().accounts[0].status for _ in range(4)]
    assert statuses[-1] == "blocked"
    assert venue.asked_in_vain == []
    assert venue.asked[-1] == call


def test_the_account_is_due_again_when_the_ban_ends_and_not_before() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    venue_of(floor).bans["submit"] = BAN
    floor.alert("btc", "long")
    floor.tick()
    state = floor.ports.plans.state("paper")
    assert state.due_at == state.blocked_until == floor.clock.now() + BAN
    assert state.blocked_because == "418: banned"
    assert floor.ports.plans.next_due() == state.due_at
    assert floor.ports.plans.due_accounts(floor.clock.now() + BAN - timedelta(seconds=1)) == []


def test_another_process_keeps_the_silence_that_was_written_down() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    venue_of(floor).bans["balances"] = BAN
    floor.alert("btc", "long")
    floor.tick()
    fresh = venue_of(floor)  # as after a restart: it has heard nothing itself
    floor.next_minute()
    assert fresh.asked == []


def test_neither_a_preview_nor_a_report_breaks_the_silence() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    venue = venue_of(floor)
    venue.bans["balances"] = BAN
    floor.clock.pass_time(minutes=5)
    floor.alert("eth", "long")
    floor.tick()
    with pytest.raises(ExchangeUnavailable, match="banned"):
        preview_plan(floor.ports, "paper")
    assert report_performance(floor.ports, floor.analytics) == []
    assert venue.asked_in_vain == []


def test_a_venue_that_is_only_unavailable_is_asked_by_the_next_tick() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    venue = venue_of(floor)
    venue.bans["balances"] = timedelta(0)
    entry = floor.alert("btc", "long")
    assert floor.tick().accounts[0].status == "unavailable"
    assert floor.next_minute().accounts[0].status == "worked"
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED
