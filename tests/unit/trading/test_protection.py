"""stop_loss and take_profit: stops at the venue where it takes them, else a look at every tick."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel, OrderStyle
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import Stance
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.services.trading.cancel_order import cancel_order
from chalicelib.services.trading.desk import open_desk
from chalicelib.services.trading.halt_trading import halt_trading
from chalicelib.services.trading.reconcile_orders import reconcile_orders
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.operation.owner import Owner

BTC = "BTC/USDT"
PRICES = {BTC: "50000", "ETH/USDT": "2500"}
STOP, TARGET = Decimal(47500), Decimal(55000)


def a_floor(
    *,
    rests: bool = True,
    weights: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    strategy: Mapping[str, Any] | None = None,
    **changes: Any,
) -> TradingFloor:
    """A desk whose venue keeps stops, unless `rests` is False: then every tick looks."""
    traits = {"has_stop_orders": rests, **(options or {}).get("traits", {})}
    account = virtual_account(options={**(options or {}), "traits": traits}, **changes)
    return TradingFloor(PRICES, weights or {"btc": "0.2"}, account=account, strategy=strategy)


def holding(floor: TradingFloor, strategy: str = "btc", **levels: Decimal | None) -> str:
    entry = floor.alert(strategy, "long", **({"stop_loss": STOP} | levels))
    floor.tick()
    return entry


def price(floor: TradingFloor, last: str, symbol: str = BTC) -> None:
    floor.prices.set(symbol, Decimal(last))


def stance(floor: TradingFloor, strategy: str = "btc") -> Stance:
    return floor.ports.plans.state("paper").stance(strategy, BTC)


def stops(floor: TradingFloor) -> list[Order]:
    return [order for order in floor.orders if order.intent.is_stop]


def resting(floor: TradingFloor) -> list[tuple[str, Decimal]]:
    """Whose stops wait at the venue, and over how much."""
    assert all(not o.status.is_final or not o.status.is_resting for o in stops(floor))
    return sorted(
        (order.intent.shares[0].strategy, order.remaining)
        for order in stops(floor)
        if not order.status.is_final
    )


def sales(floor: TradingFloor) -> list[tuple[Decimal, str]]:
    """What was sold by orders that are no stops, and why."""
    return [
        (order.filled, order.intent.because)
        for order in floor.orders
        if order.intent.side is Side.SELL and not order.intent.is_stop
    ]


def balanced(floor: TradingFloor) -> bool:
    """Books and venue agree without any drift, no strategy owns less than nothing."""
    kinds = {entry.kind.value for entry in floor.ports.ledger.entries("paper")}
    assert kinds <= {"opening", "fill", "cross"}
    held = {asset: b.total for asset, b in floor.exchange.balances().items()}
    owned = {asset: floor.portfolio.owned(asset) for asset in {*held, "BTC", "USDT"}}
    positive = all(h.quantity >= 0 for h in floor.portfolio.holdings)
    return positive and all(held.get(asset, 0) == owned[asset] for asset in owned)


def test_a_stop_waits_at_the_venue_over_all_that_was_bought() -> None:
    floor = a_floor()
    holding(floor)
    assert resting(floor) == [("btc", Decimal("0.04"))]
    [stop] = stops(floor)
    assert (stop.intent.stop_price, stop.intent.limit_price) == (STOP, Decimal("47025"))
    assert floor.exchange.balances()["BTC"].locked == Decimal("0.04")
    for _ in range(10):
        floor.next_minute()
    assert len(floor.orders) == 2


@pytest.mark.parametrize("rests", [True, False], ids=["at the venue", "watched"])
def test_a_fall_to_the_stop_sells_everything_once(rests: bool) -> None:  # noqa: FBT001
    floor = a_floor(rests=rests)
    holding(floor)
    price(floor, "47400")
    floor.next_minute()
    assert floor.owned("btc") == 0
    assert stance(floor).state is DesiredState.FLAT
    assert "STOP_LOSS_HIT" in stance(floor).left_by
    floor.next_minute()
    floor.clock.pass_time(minutes=1)
    leave = floor.alert("btc", "flat", previous_state=DesiredState.LONG)
    floor.tick()
    status, reason = floor.outcome(leave)
    assert status is SignalStatus.SKIPPED
    assert reason.startswith("already flat: ")
    assert "STOP_LOSS_HIT" in reason
    assert sorted(o.intent.side.value for o in floor.orders if o.filled) == ["buy", "sell"]
    assert balanced(floor)


@pytest.mark.parametrize("rests", [True, False], ids=["at the venue", "watched"])
def test_a_rise_to_the_target_takes_the_stop_back_and_sells(rests: bool) -> None:  # noqa: FBT001
    floor = a_floor(rests=rests)
    holding(floor, take_profit=TARGET)
    price(floor, "55100")
    floor.next_minute()
    assert floor.owned("btc") == 0
    assert sales(floor) == [
        (Decimal("0.04"), "btc: price 55100 has reached 55000 (TAKE_PROFIT_HIT)")
    ]
    assert [stop.status for stop in stops(floor)] == ([OrderStatus.CANCELED] if rests else [])
    [trigger] = [t for plan in floor.ports.plans.recent(9) for t in plan.triggers]
    assert (trigger.code, trigger.level) == ("TAKE_PROFIT_HIT", TARGET)
    assert balanced(floor)


class Counted:
    """An exchange that keeps the names of what it was asked; `before` may happen to it first."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self.asked: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._exchange, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.asked.append(name)
            self.before.pop(name, lambda: None)()
            return method(*args, **kwargs)

        return method if name == "traits" else counted


def counted(floor: TradingFloor) -> Counted:
    exchange = Counted(floor.exchange)
    floor.exchanges.by_account["paper"] = exchange
    return exchange


def test_a_watched_account_asks_for_prices_once_a_tick_and_for_nothing_else() -> None:
    floor = a_floor(rests=False, weights={"btc": "0.2", "btc_2": "0.2", "eth": "0.2"})
    for name, stop in (("btc", "47500"), ("btc_2", "46000"), ("eth", "2000")):
        floor.alert(name, "long", stop_loss=Decimal(stop), take_profit=Decimal(90000))
    floor.tick()
    exchange = counted(floor)
    for _ in range(3):
        exchange.asked.clear()
        report = floor.next_minute()
        assert exchange.asked == ["tickers"]
        assert report.accounts[0].plans == 0


def test_a_resting_stop_is_verified_at_every_tick() -> None:
    floor = a_floor(weights={"btc": "0.2", "eth": "0.2"})
    holding(floor)
    for state in ("long", "flat"):
        floor.clock.pass_time(minutes=1)
        floor.alert("eth", state)
        floor.tick()
    exchange = counted(floor)
    floor.next_minute()
    assert sorted(set(exchange.asked)) == ["find", "instruments", "tickers"]
    assert exchange.asked.count("find") == exchange.asked.count("tickers") == 1


def test_an_account_whose_position_is_gone_is_left_alone_again() -> None:
    floor = a_floor(rests=False)
    holding(floor)
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "flat")
    floor.tick()
    exchange = counted(floor)
    assert floor.next_minute().outcome == "idle"
    assert exchange.asked == []


def test_every_partial_fill_of_an_entry_resizes_the_stop() -> None:
    floor = a_floor(
        order_style=OrderStyle.LIMIT,
        unfilled_timeout=600,
        options={"partial_fill": "1", "partial_fraction": "0.5"},
    )
    holding(floor)
    assert resting(floor) == [("btc", Decimal("0.02"))]
    owned = [floor.owned("btc")]
    for _ in range(3):
        floor.next_minute()
        owned.append(floor.owned("btc"))
        assert resting(floor) == [("btc", owned[-1])]
    assert owned == [Decimal(q) for q in ("0.02", "0.03", "0.035", "0.0375")]
    assert [s.status for s in stops(floor)].count(OrderStatus.CANCELED) == 3


def test_an_exit_while_the_stop_rests_sells_in_the_same_tick() -> None:
    floor = a_floor()
    holding(floor)
    floor.clock.pass_time(minutes=1)
    leave = floor.alert("btc", "flat")
    floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") == 0
    assert resting(floor) == []
    assert sales(floor) == [(Decimal("0.04"), "")]
    assert balanced(floor)


def test_a_stop_that_has_sold_when_the_exit_arrives_leaves_nothing_to_sell() -> None:
    floor = a_floor()
    holding(floor)
    floor.clock.pass_time(minutes=1)
    price(floor, "47400")
    leave = floor.alert("btc", "flat")
    floor.tick()
    assert floor.outcome(leave)[1].startswith("already flat")
    assert sales(floor) == []
    assert balanced(floor)


@pytest.mark.parametrize("part", ["1", "0.5"], ids=["all of it", "half of it"])
def test_a_stop_that_sells_before_its_cancellation_arrives_is_not_sold_again(part: str) -> None:
    floor = a_floor(options={"partial_fill": "1", "partial_fraction": part})
    holding(floor)
    bought = floor.owned("btc")
    exchange = counted(floor)
    exchange.before["cancel"] = lambda: price(floor, "47300")
    floor.clock.pass_time(minutes=1)
    leave = floor.alert("btc", "flat")
    for _ in range(20):
        floor.next_minute()
    assert sum(stop.filled for stop in stops(floor)) > 0
    assert sum(o.filled for o in floor.orders if o.intent.side is Side.SELL) == bought
    assert floor.owned("btc") == 0
    assert floor.signal(leave).status.is_final
    assert balanced(floor)


def test_a_fall_through_the_stops_limit_is_sold_by_the_tick() -> None:
    floor = a_floor()
    holding(floor)
    price(floor, "40000")
    floor.next_minute()
    assert floor.owned("btc") == 0
    assert sales(floor) == [(Decimal("0.04"), "btc: price 40000 has reached 47500 (STOP_LOSS_HIT)")]
    assert [stop.status for stop in stops(floor)] == [OrderStatus.CANCELED]
    assert balanced(floor)


def test_a_trigger_once_seen_counts_although_the_price_returns() -> None:
    floor = a_floor()
    holding(floor, take_profit=TARGET)
    exchange = counted(floor)
    exchange.before["cancel"] = lambda: price(floor, "54000")
    price(floor, "55000")
    floor.next_minute()
    assert floor.owned("btc") == 0
    assert resting(floor) == []


def test_two_strategies_on_one_coin_each_have_their_own_stop() -> None:
    floor = a_floor(weights={"btc": "0.2", "btc_2": "0.3"})
    holding(floor)
    other = holding(floor, "btc_2", stop_loss=Decimal(45000))
    assert floor.outcome(other)[0] is SignalStatus.EXECUTED
    assert resting(floor) == [("btc", Decimal("0.04")), ("btc_2", Decimal("0.06"))]
    price(floor, "47500")
    floor.next_minute()
    assert (floor.owned("btc"), floor.owned("btc_2")) == (0, Decimal("0.06"))
    assert resting(floor) == [("btc_2", Decimal("0.06"))]
    price(floor, "50000")
    floor.clock.pass_time(minutes=1)
    floor.alert("btc_2", "flat")
    back = floor.alert("btc", "long", stop_loss=Decimal(46000))
    floor.tick()
    assert floor.outcome(back)[0] is SignalStatus.EXECUTED
    assert [name for name, _ in resting(floor)] == ["btc"]
    assert balanced(floor)


def test_what_changes_hands_inside_the_account_changes_its_stop() -> None:
    floor = a_floor(weights={"btc": "0.4", "btc_2": "0.2"})
    holding(floor)
    floor.clock.pass_time(hours=1)
    floor.alert("btc", "flat")
    floor.alert("btc_2", "long", stop_loss=Decimal(46000))
    floor.tick()
    assert (floor.owned("btc"), floor.owned("btc_2")) == (0, Decimal("0.04"))
    assert resting(floor) == [("btc_2", Decimal("0.04"))]
    assert stops(floor)[-1].intent.stop_price == 46000
    assert balanced(floor)


def test_additions_and_partial_exits_resize_the_stop() -> None:
    floor = a_floor()
    holding(floor)
    for ratio, left in (("1.5", "0.06"), ("0.5", "0.03")):
        floor.clock.pass_time(minutes=1)
        floor.alert("btc", "long", size_ratio=Decimal(ratio))
        floor.tick()
        assert resting(floor) == [("btc", Decimal(left))]


def test_a_later_alert_moves_the_stop() -> None:
    floor = a_floor()
    holding(floor)
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "long", stop_loss=Decimal(49000))
    floor.tick()
    assert resting(floor) == [("btc", Decimal("0.04"))]
    assert stops(floor)[-1].intent.stop_price == 49000


def test_an_alert_that_was_denied_moves_nothing() -> None:
    floor = a_floor()
    holding(floor)
    floor.clock.pass_time(minutes=1)
    denied = floor.alert("btc", "long", stop_loss=Decimal(51000))
    floor.tick()
    assert "STOP_LOSS_ABOVE_PRICE" in floor.outcome(denied)[1]
    assert stance(floor).stop_loss == STOP


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ({"stop_loss": Decimal(50000)}, "STOP_LOSS_ABOVE_PRICE"),
        ({"take_profit": Decimal(50000)}, "TAKE_PROFIT_BELOW_PRICE"),
    ],
)
def test_an_entry_that_would_be_sold_at_once_is_denied(
    levels: Mapping[str, Decimal], code: str
) -> None:
    floor = a_floor()
    entry = floor.alert("btc", "long", **levels)
    floor.tick()
    status, reason = floor.outcome(entry)
    assert status is SignalStatus.DENIED
    assert code in reason
    assert floor.orders == []


def test_a_strategys_own_fractions_count_from_the_price_at_entry() -> None:
    usual = {"stop_loss": Decimal("0.04"), "take_profit": Decimal("0.1")}
    floor = a_floor(strategy=usual)
    floor.alert("btc", "long", take_profit=Decimal(60000))
    floor.tick()
    assert (stance(floor).stop_loss, stance(floor).take_profit) == (48000, 60000)
    price(floor, "52000")
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "long", size_ratio=Decimal("1.1"))
    floor.tick()
    assert stance(floor).stop_loss == 48000


def test_a_stop_that_the_venue_refuses_is_watched_instead() -> None:
    floor = a_floor(options={"faults": {"script": ["none", "refused"]}})
    holding(floor)
    for _ in range(3):
        floor.next_minute()
    assert [stop.status for stop in stops(floor)] == [OrderStatus.REJECTED]
    assert "refused" in stance(floor).stop_refused
    price(floor, "47400")
    floor.next_minute()
    assert floor.owned("btc") == 0
    assert balanced(floor)


@pytest.mark.parametrize("fault", ["answer_lost", "lost", "late", "rate_limited"])
def test_an_exit_waits_for_what_became_of_the_stop(fault: str) -> None:
    floor = a_floor(options={"faults": {"script": ["none", fault]}})
    holding(floor)
    floor.clock.pass_time(seconds=1)
    leave = floor.alert("btc", "flat")
    for _ in range(4):
        floor.tick()
        floor.clock.pass_time(seconds=20)
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") == 0
    assert resting(floor) == []
    ids = [report.client_order_id for report in floor.exchange.accepted()]
    assert len(ids) == len(set(ids))
    assert balanced(floor)


def test_a_stop_that_the_owner_takes_back_is_placed_again() -> None:
    floor = a_floor()
    holding(floor)
    cancel_order(floor.ports, stops(floor)[0].intent.id)
    floor.next_minute()
    assert resting(floor) == [("btc", Decimal("0.04"))]
    assert len(stops(floor)) == 2


def test_flattening_takes_the_stops_back_and_sells() -> None:
    floor = a_floor()
    holding(floor)
    halt_trading(floor.ports, HaltLevel.FLATTEN, "test")
    floor.next_minute()
    assert floor.owned("btc") == 0
    assert resting(floor) == []
    assert balanced(floor)


def test_a_fall_to_the_stop_takes_back_what_is_still_being_bought() -> None:
    floor = a_floor(
        rests=False,
        order_style=OrderStyle.LIMIT,
        unfilled_timeout=600,
        options={"partial_fill": "1", "partial_fraction": "0.5"},
    )
    holding(floor)
    price(floor, "47000")
    for _ in range(20):
        floor.next_minute()
    assert floor.owned("btc") == 0
    assert not [order for order in floor.orders if not order.status.is_final]
    assert balanced(floor)


@pytest.mark.parametrize("together", [True, False], ids=["one tick", "two ticks"])
@pytest.mark.parametrize("order", [("flat", "long"), ("long", "flat")], ids="-then-".join)
def test_a_strategy_that_did_not_know_it_was_out_gets_in_again(
    order: tuple[str, str],
    together: bool,  # noqa: FBT001
) -> None:
    floor = a_floor(rests=False)
    holding(floor)
    price(floor, "47400")
    floor.next_minute()
    floor.clock.pass_time(minutes=1)
    fired = floor.clock.now()
    before = {"flat": DesiredState.LONG, "long": DesiredState.FLAT}
    for state in order:
        floor.alert("btc", state, fired_at=fired, previous_state=before[state])
        if not together:
            floor.tick()
    floor.next_minute()
    assert floor.owned("btc") > 0
    assert stance(floor).state is DesiredState.LONG


def test_what_a_stop_sells_while_balances_are_read_is_no_drift() -> None:
    floor = a_floor(weights={"btc": "0.2", "eth": "0.2"})
    holding(floor)
    exchange = counted(floor)
    exchange.before["balances"] = lambda: price(floor, "47400")
    floor.clock.pass_time(minutes=1)
    floor.alert("eth", "long")
    floor.tick()
    floor.next_minute()
    kinds = {entry.kind.value for entry in floor.ports.ledger.entries("paper")}
    assert kinds == {"opening", "fill"}
    assert floor.ports.plans.state("paper").frozen == {}
    assert balanced(floor)


def test_what_another_executor_has_found_filled_is_booked_and_not_sold_again() -> None:
    weights = {"btc": "0.2", "btc_2": "0.2", "eth": "0.2"}
    floor = a_floor(weights=weights, options={"faults": {"script": ["none", "none", "lost"]}})
    floor.alert("btc_2", "long")
    holding(floor)
    floor.alert("eth", "long")
    floor.tick()  # its fate is unknown, so that balances are not compared
    ledger = floor.ports.ledger
    desk = open_desk(floor.ports, floor.account, floor.ports.strategies.configuration())

    class Overtaken:
        """The books; before they are first read, a second executor looks the orders up."""

        def __init__(self) -> None:
            self.first = True

        def __getattr__(self, name: str) -> Any:
            return getattr(ledger, name)

        def portfolio(self, account: str, quote: str) -> Portfolio:
            if self.first:
                self.first = False
                floor.clock.pass_time(seconds=1)
                price(floor, "47400")
                reconcile_orders(desk)
            return ledger.portfolio(account, quote)

    floor.ports = replace(floor.ports, ledger=Overtaken())
    floor.next_minute()
    floor.next_minute()
    assert (floor.owned("btc"), floor.owned("btc_2")) == (0, Decimal("0.04"))
    assert balanced(floor)


def test_a_watched_account_waits_out_the_silence_that_its_venue_asked_for() -> None:
    floor = a_floor(rests=False)
    holding(floor)
    until = floor.clock.now() + timedelta(minutes=5)
    state = floor.ports.plans.state("paper")
    floor.ports.plans.save_state(replace(state, blocked_until=until, due_at=None))
    assert floor.next_minute().outcome == "idle"
    assert floor.ports.plans.next_due() == until
    price(floor, "47400")
    for _ in range(5):
        floor.next_minute()
    assert floor.owned("btc") == 0


def test_a_sale_that_may_get_another_leg_is_not_joined_by_a_stop() -> None:
    floor = a_floor(options={"faults": {"script": ["none", "none", "refused", "lost"]}})
    holding(floor)
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "long", size_ratio=Decimal("0.5"))
    floor.tick()
    open_sales = [o for o in floor.orders if o.intent.side is Side.SELL and not o.status.is_final]
    assert [(o.leg, o.intent.is_stop, o.remaining) for o in open_sales] == [
        (1, False, Decimal("0.02"))
    ]
    for _ in range(3):
        floor.next_minute()
    assert floor.owned("btc") == Decimal("0.02")
    assert resting(floor) == [("btc", Decimal("0.02"))]


def test_the_owner_hears_once_that_a_strategy_has_left_by_itself() -> None:
    floor = a_floor()
    owner = Owner(floor)
    owner.look()
    holding(floor)
    price(floor, "47400")
    for _ in range(3):
        floor.next_minute()
        owner.look()
    assert owner.phone.sentences == [
        "account paper: btc left BTC/USDT by itself: its stop at 47500 sold 0.04 at the venue "
        "(STOP_LOSS_HIT)"
    ]


def test_the_owner_hears_that_the_venue_takes_no_stop() -> None:
    floor = a_floor(options={"faults": {"script": ["none", "refused"]}})
    owner = Owner(floor)
    owner.look()
    holding(floor)
    floor.next_minute()
    owner.look()
    [sentence] = owner.phone.sentences
    assert sentence.startswith("account paper: btc has no stop for BTC/USDT at the venue and is wa")


def test_a_stop_is_placed_only_when_what_changed_hands_is_in_the_books() -> None:
    floor = a_floor(weights={"btc": "0.4", "btc_2": "0.2"})
    holding(floor)
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "long", size_ratio=Decimal("0.5"))
    floor.alert("btc_2", "long", stop_loss=Decimal(46000))
    floor.tick()
    assert resting(floor) == [("btc", Decimal("0.04")), ("btc_2", Decimal("0.04"))]
    assert len(stops(floor)) == 3


def test_an_entry_waits_for_what_the_sale_behind_a_stop_brings() -> None:
    floor = a_floor(weights={"btc": "0.9", "eth": "0.9"})
    holding(floor)
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "flat")
    entry = floor.alert("eth", "long")
    floor.tick()
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED
    assert floor.share("eth") == Decimal("0.9")


def test_a_holder_of_the_surplus_is_trimmed_once_its_stop_is_out_of_the_way() -> None:
    account = virtual_account(policy="boost")
    weights = {"btc": "0.5", "eth": "0.25", "sol": "0.2"}
    floor = TradingFloor({**PRICES, "SOL/USDT": "100"}, weights, account=account)
    for name in ("btc", "sol"):
        holding(floor, name, stop_loss=STOP if name == "btc" else None)
        floor.clock.pass_time(minutes=1)
    floor.alert("sol", "flat")
    floor.alert("eth", "long")
    floor.tick()
    assert floor.share("eth") == Decimal("0.25")
    assert resting(floor) == [("btc", floor.owned("btc"))]


def test_an_entry_that_is_denied_does_not_keep_what_the_stop_has_to_sell() -> None:
    floor = a_floor()
    holding(floor, take_profit=TARGET)
    floor.clock.pass_time(minutes=1)
    price(floor, "56000")
    denied = floor.alert("btc", "long", stop_loss=Decimal(60000))
    floor.tick()
    assert "STOP_LOSS_ABOVE_PRICE" in floor.outcome(denied)[1]
    assert floor.owned("btc") == 0
    assert stance(floor).state is DesiredState.FLAT
