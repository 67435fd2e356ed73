"""What alerts believed against what was filled, on a real desk and its ledger."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from chalicelib.domain.trading.drift import Deviation, Tally
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.services.trading.report_drift import DriftReport, report_drift
from chalicelib.services.trading.report_track_record import report_track_record
from tests.trading_floor import TradingFloor, virtual_account

BTC, ETH = "BTC/USDT", "ETH/USDT"
PRICES = {BTC: "50000", ETH: "2500"}


def report(floor: TradingFloor, strategy: str | None = None) -> DriftReport:
    return report_drift(floor.ports, [floor.account], strategy=strategy)


def only(floor: TradingFloor, strategy: str | None = None) -> Deviation:
    [deviation] = report(floor, strategy).deviations
    return deviation


def total(floor: TradingFloor, strategy: str) -> Tally:
    [tally] = report(floor, strategy).tallies
    return tally


def later(floor: TradingFloor, price: str | None = None, symbol: str = BTC) -> None:
    floor.clock.pass_time(hours=1)
    if price is not None:
        floor.prices.set(symbol, Decimal(price))


def test_a_buyer_who_pays_more_and_a_seller_who_gets_less_have_slipped() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.5"})
    floor.alert("btc", "long", price=Decimal(49900))
    floor.tick()
    bought = only(floor)
    assert (bought.slippage, bought.slippage_bps) == (Decimal(10), Decimal("20.04"))
    later(floor)
    floor.alert("btc", "flat", price=Decimal(50050))
    floor.tick()
    sold = report(floor).deviations[1]
    assert (sold.slippage, sold.slippage_bps) == (Decimal(5), Decimal("9.99"))
    assert (bought.quantity, sold.quantity) == (Decimal("0.1"), Decimal("-0.1"))
    tally = total(floor, "btc")
    assert (tally.slippage, tally.slippage_bps) == (Decimal(15), Decimal("15.01"))


def test_a_better_price_than_the_alerts_is_below_zero() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.5"})
    floor.alert("btc", "long", price=Decimal(50100))
    floor.tick()
    assert only(floor).slippage_bps == Decimal("-19.96")


def test_late_is_from_the_fire_time_to_the_last_fill() -> None:
    account = virtual_account(options={"faults": {"script": ["lost"]}})
    floor = TradingFloor(PRICES, {"btc": "0.5"}, account=account)
    floor.alert("btc", "long")
    floor.tick()
    assert (only(floor).status, only(floor).late) == (None, None)
    assert total(floor, "btc").open == 1
    floor.next_minute()
    floor.next_minute()
    assert only(floor).status is SignalStatus.EXECUTED
    assert only(floor).late == timedelta(minutes=1)
    assert total(floor, "btc").late_most == timedelta(minutes=1)


def test_fees_are_those_of_the_strategys_own_part() -> None:
    account = virtual_account(options={"fee": "0.001"})
    floor = TradingFloor(PRICES, {"btc": "0.3", "btc_2": "0.1"}, account=account)
    floor.alert("btc", "long")
    floor.alert("btc_2", "long")
    floor.tick()
    assert len(floor.orders) == 1  # netted
    fees = {d.strategy: d.fee for d in report(floor).deviations}
    assert fees["btc"] == floor.portfolio.holding("btc", BTC).fees > 0
    assert fees["btc_2"] == floor.portfolio.holding("btc_2", BTC).fees > 0


def test_what_changed_hands_inside_the_account_was_filled_too() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.3", "btc_2": "0.3"})
    floor.alert("btc", "long")
    floor.tick()
    later(floor, "51000")
    floor.alert("btc", "flat", price=Decimal(51000))
    floor.alert("btc_2", "long", price=Decimal(51000))
    floor.tick()
    leave, enter = report(floor).deviations[1:]
    assert {leave.strategy, enter.strategy} == {"btc", "btc_2"}
    assert leave.price == enter.price == 51000
    assert leave.slippage == enter.slippage == 0


def test_of_an_exit_and_a_refused_entry_the_exit_has_the_fills() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.5"}, subscription={"max_slippage": Decimal("0.01")})
    floor.alert("btc", "long")
    floor.tick()
    later(floor)
    exit_ = floor.alert("btc", "flat")
    floor.clock.pass_time(seconds=1)
    entry = floor.alert("btc", "long", price=Decimal(40000))
    floor.tick()
    found = {d.signal_id: d for d in report(floor).deviations}
    assert (found[exit_].quantity, found[entry].quantity) == (Decimal("-0.1"), 0)
    assert found[entry].status is SignalStatus.SKIPPED


def test_a_missed_entry_leaves_the_strategy_out_of_step() -> None:
    account = virtual_account(options={"faults": {"script": ["refused"]}}, max_legs=1)
    floor = TradingFloor(PRICES, {"btc": "0.5"}, account=account)
    floor.alert("btc", "long")
    floor.tick()
    assert only(floor).is_missed
    assert total(floor, "btc").missed == 1
    [standing] = report(floor).standings
    assert not standing.is_in_step
    later(floor)
    floor.alert("btc", "short")
    floor.tick()
    [standing] = report(floor).standings
    assert standing.is_in_step


def test_accounts_and_times_that_were_not_asked_for_are_left_out() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.4", "eth": "0.4"})
    floor.alert("btc", "long")
    floor.tick()
    later(floor)
    floor.alert("eth", "long")
    floor.tick()
    since = floor.clock.now()
    found = report_drift(floor.ports, [floor.account], since=since)
    assert [d.strategy for d in found.deviations] == ["eth"]
    assert [t.strategy for t in found.tallies] == ["eth"]
    stranger = replace(floor.account, name="other")
    assert report_drift(floor.ports, [stranger]).deviations == ()


def test_a_record_counts_exits_their_profit_and_the_deepest_fall() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.5"})
    for entry, exit_ in (
        ("50000", "51000"),
        ("50000", "49000"),
        ("50000", "49500"),
        ("50000", "52000"),
    ):
        floor.prices.set(BTC, Decimal(entry))
        floor.alert("btc", "long")
        floor.tick()
        later(floor, exit_)
        floor.alert("btc", "flat")
        floor.tick()
        floor.clock.pass_time(hours=5)
    record = report_track_record(floor.ports, "btc", floor.account)
    held = floor.portfolio.holding("btc", BTC)
    assert (record.trades, record.win_rate) == (4, Decimal("0.5"))
    assert record.profit == held.realized
    assert record.drawdown == Decimal("150.995")
    assert record.days == Decimal("1.0")
    assert not record.holding
    assert record.followed.executed == 8


def test_a_strategy_that_never_traded_has_an_empty_record() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.5"})
    record = report_track_record(floor.ports, "btc", floor.account)
    assert (record.trades, record.win_rate, record.since, record.days) == (0, None, None, 0)
