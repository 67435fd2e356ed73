"""The limits of accounts and subscriptions at work: entries are held back, exits always run."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.trading.instrument import Ticker
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import SignalStatus
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.trading.strict_venue import StrictVenue, VenueWithClock, put_in_between

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}
EXECUTED, DENIED, SKIPPED = SignalStatus.EXECUTED, SignalStatus.DENIED, SignalStatus.SKIPPED


def floor_with(weights: dict[str, str] | None = None, **limits: Any) -> TradingFloor:
    return TradingFloor(PRICES, weights or WEIGHTS, account=virtual_account(**limits))


def said(floor: TradingFloor, strategy: str, state: str, minutes: int = 5) -> tuple[Any, str]:
    """What became of the alert by the end of its tick, a while after the last one."""
    floor.clock.pass_time(minutes=minutes)
    signal = floor.alert(strategy, state)
    floor.tick()
    return floor.outcome(signal)


# open positions


def test_no_more_positions_are_opened_than_may_be() -> None:
    floor = floor_with(max_open_positions=2)
    assert said(floor, "btc", "long")[0] is EXECUTED
    assert said(floor, "eth", "long")[0] is EXECUTED
    status, reason = said(floor, "sol", "long")
    assert (status, reason) == (
        DENIED,
        "2 positions are open, at most 2 may be (OPEN_POSITIONS_EXCEEDED)",
    )
    assert said(floor, "btc", "flat")[0] is EXECUTED
    assert said(floor, "sol", "long")[0] is EXECUTED


def test_entries_of_one_moment_share_what_room_there_is_first_come_first_served() -> None:
    floor = floor_with(max_open_positions=1)
    now = floor.clock.now()
    late = floor.alert("btc", "long")
    early = floor.alert("sol", "long", fired_at=now - timedelta(seconds=1))
    floor.tick()
    assert (floor.outcome(early)[0], floor.outcome(late)[0]) == (EXECUTED, DENIED)


def test_an_exit_of_the_same_candle_makes_room_for_an_entry() -> None:
    floor = floor_with(max_open_positions=1)
    assert said(floor, "btc", "long")[0] is EXECUTED
    floor.clock.pass_time(hours=1)
    signals = [floor.alert("eth", "long"), floor.alert("btc", "flat")]
    floor.tick()
    assert [floor.outcome(signal)[0] for signal in signals] == [EXECUTED, EXECUTED]
    assert (floor.owned("btc"), floor.owned("eth") > 0) == (0, True)


def test_an_exit_that_does_not_come_about_makes_none() -> None:
    script = ["none", *["refused"] * 99]
    floor = floor_with(max_open_positions=1, options={"faults": {"script": script}})
    assert said(floor, "btc", "long")[0] is EXECUTED
    floor.clock.pass_time(hours=1)
    entry, _ = floor.alert("eth", "long"), floor.alert("btc", "flat")
    floor.tick()
    assert (floor.owned("btc") > 0, floor.owned("eth")) == (True, 0)
    floor.clock.pass_time(hours=2)
    floor.tick()
    assert floor.outcome(entry)[0] is SignalStatus.EXPIRED


def test_a_position_may_grow_whatever_the_number_of_positions() -> None:
    floor = floor_with(max_open_positions=1)
    assert said(floor, "btc", "long")[0] is EXECUTED
    floor.clock.pass_time(minutes=5)
    addition = floor.alert("btc", "long", size_ratio=Decimal("1.5"))
    floor.tick()
    assert floor.outcome(addition)[0] is EXECUTED


# exposure per coin


def test_a_purchase_is_cut_to_what_the_coin_may_be_worth_and_says_so() -> None:
    floor = floor_with(max_exposure_per_coin=Decimal("0.3"))
    status, reason = said(floor, "sol", "long")
    assert status is EXECUTED
    assert "cut to 30.00% of equity in SOL (EXPOSURE_CUT)" in reason
    assert floor.share("sol") == Decimal("0.3")


def test_two_strategies_share_what_one_coin_may_be_worth() -> None:
    floor = floor_with({"btc": "0.4", "btc_2": "0.4"}, max_exposure_per_coin=Decimal("0.5"))
    assert said(floor, "btc", "long")[0] is EXECUTED
    status, reason = said(floor, "btc_2", "long")
    assert status is EXECUTED
    assert "EXPOSURE_CUT" in reason
    assert (floor.share("btc"), floor.share("btc_2")) == (Decimal("0.4"), Decimal("0.1"))
    assert said(floor, "btc", "flat")[0] is EXECUTED


def test_when_nothing_is_left_the_entry_is_denied() -> None:
    floor = floor_with({"btc": "0.4", "btc_2": "0.4"}, max_exposure_per_coin=Decimal("0.4"))
    assert said(floor, "btc", "long")[0] is EXECUTED
    assert said(floor, "btc_2", "long") == (
        DENIED,
        "BTC may be 40.00% of equity at most, which leaves no room for more (EXPOSURE_EXCEEDED)",
    )


def test_a_position_may_pass_from_one_strategy_to_another_within_the_cap() -> None:
    floor = floor_with({"btc": "0.4", "btc_2": "0.4"}, max_exposure_per_coin=Decimal("0.4"))
    assert said(floor, "btc", "long")[0] is EXECUTED
    floor.clock.pass_time(hours=1)
    signals = [floor.alert("btc", "flat"), floor.alert("btc_2", "long")]
    floor.tick()
    assert [floor.outcome(signal)[0] for signal in signals] == [EXECUTED, EXECUTED]
    assert (floor.share("btc"), floor.share("btc_2")) == (0, Decimal("0.4"))
    assert len(floor.orders) == 1  # it changed hands inside the account


# orders per minute


def buys_sent(floor: TradingFloor) -> int:
    return sum(order.attempts for order in floor.orders if order.intent.side is Side.BUY)


def test_purchases_above_the_rate_wait_and_are_not_lost() -> None:
    floor = floor_with(max_orders_per_minute=1)
    signals = [floor.alert(name, "long") for name in WEIGHTS]
    floor.tick()
    assert buys_sent(floor) == 1
    for sent in (2, 3):
        floor.tick()
        assert buys_sent(floor) == sent - 1
        floor.next_minute()
        assert buys_sent(floor) == sent
    assert [floor.outcome(signal)[0] for signal in signals] == [EXECUTED] * 3


def test_sales_never_wait_for_the_rate_but_count() -> None:
    floor = floor_with(max_orders_per_minute=2)
    for name in ("btc", "eth"):
        said(floor, name, "long")
    floor.clock.pass_time(hours=1)
    leaving = [floor.alert("btc", "flat"), floor.alert("eth", "flat")]
    entry = floor.alert("sol", "long")
    floor.tick()
    assert [floor.outcome(signal)[0] for signal in leaving] == [EXECUTED] * 2
    assert floor.outcome(entry)[0] is SignalStatus.PLANNED
    floor.next_minute()
    assert floor.outcome(entry)[0] is EXECUTED


def test_an_exit_takes_back_a_purchase_that_waits_for_the_rate() -> None:
    floor = floor_with(max_orders_per_minute=1)
    signals = [floor.alert(name, "long") for name in ("btc", "eth")]
    floor.tick()
    floor.clock.pass_time(seconds=10)
    leave = floor.alert("eth", "flat")
    floor.tick()
    assert floor.outcome(signals[1])[0] is DENIED
    assert "OVERTAKEN_BY_EXIT" in floor.outcome(signals[1])[1]
    assert floor.outcome(leave) == (SKIPPED, "already flat")


# cooldown after losing round trips


def trip(floor: TradingFloor, bought: str, sold: str) -> None:
    floor.prices.set("BTC/USDT", Decimal(bought))
    assert said(floor, "btc", "long")[0] is EXECUTED
    floor.prices.set("BTC/USDT", Decimal(sold))
    assert said(floor, "btc", "flat")[0] is EXECUTED


def test_a_strategy_rests_after_so_many_losses_in_a_row() -> None:
    terms = {"cooldown": 3600, "cooldown_after": 2}
    floor = TradingFloor(PRICES, WEIGHTS, subscription=terms)
    trip(floor, "50000", "49000")
    trip(floor, "50000", "51000")
    trip(floor, "50000", "49000")
    trip(floor, "50000", "49000")
    status, reason = said(floor, "btc", "long", minutes=59)
    assert status is DENIED
    assert reason == (
        "after 2 losses in a row it waits 3600 s, 60 s are left (STRATEGY_COOLING_DOWN)"
    )
    assert said(floor, "eth", "long", minutes=0)[0] is EXECUTED
    assert said(floor, "btc", "long", minutes=1)[0] is EXECUTED


def test_a_gain_ends_the_row_and_an_entry_that_bought_nothing_is_no_trip() -> None:
    options = {"faults": {"script": ["none", "none", "refused", "refused", "refused"]}}
    terms = {"cooldown": 3600, "cooldown_after": 2}
    account = virtual_account(options=options)
    floor = TradingFloor(PRICES, WEIGHTS, subscription=terms, account=account)
    trip(floor, "50000", "49000")
    assert said(floor, "btc", "long")[0] is SignalStatus.REJECTED
    trip(floor, "50000", "49000")
    assert said(floor, "btc", "long")[0] is DENIED
    floor.clock.pass_time(hours=1)
    trip(floor, "50000", "51000")
    assert said(floor, "btc", "long")[0] is EXECUTED


# trading hours, stale prices, clocks


def test_outside_the_trading_hours_only_exits_run() -> None:
    terms = {"trading_hours": ("mon-fri 08:00-09:00",)}
    floor = TradingFloor(PRICES, WEIGHTS, subscription=terms)
    assert said(floor, "btc", "long")[0] is EXECUTED
    assert said(floor, "eth", "long", minutes=55) == (
        SKIPPED,
        "Mon 09:00 UTC is not in the trading hours mon-fri 08:00-09:00 (TRADING_HOURS_CLOSED)",
    )
    assert said(floor, "btc", "flat")[0] is EXECUTED


class OldPrices(StrictVenue):
    """Its prices stopped moving a while ago."""

    age = timedelta(seconds=61)

    def tickers(self, symbols: list[str]) -> dict[str, Ticker]:
        found = self.exchange.tickers(symbols)
        return {name: replace(t, at=t.at - self.age) for name, t in found.items()}


def test_on_a_stale_price_nothing_is_bought_and_all_is_sold() -> None:
    floor = floor_with()
    assert said(floor, "btc", "long")[0] is EXECUTED
    venue = put_in_between(floor, OldPrices)
    assert said(floor, "eth", "long") == (
        SKIPPED,
        "the venue's price is 61 s old, at most 60 s may be (PRICE_STALE)",
    )
    assert said(floor, "btc", "flat")[0] is EXECUTED
    venue.age = timedelta(seconds=60)
    assert said(floor, "eth", "long")[0] is EXECUTED


def test_with_a_clock_that_is_wrong_nothing_is_bought_and_all_is_sold() -> None:
    floor = floor_with()
    venue = put_in_between(floor, VenueWithClock)
    assert said(floor, "btc", "long")[0] is EXECUTED
    venue.skew = timedelta(seconds=30)
    status, reason = said(floor, "eth", "long")
    assert status is DENIED
    assert "30 s behind the venue's" in reason
    asked = venue.asked.count("clock_skew")
    assert said(floor, "btc", "flat")[0] is EXECUTED
    assert venue.asked.count("clock_skew") == asked  # nobody wanted to buy
