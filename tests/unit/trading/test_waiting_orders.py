"""A bot's orders wait on an account until the price of its venue comes to them."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.cli.words import outcome_words
from chalicelib.domain.bots.deployment import MOST_INSTRUMENTS
from chalicelib.domain.bots.waiting import MOST_WAITING
from chalicelib.domain.operation.conditions import worth_saying
from chalicelib.domain.operation.figures import FigureName, figures_of
from chalicelib.domain.operation.observation import TickEnd
from chalicelib.domain.operation.watch import Watch
from chalicelib.domain.trading.account import HaltLevel, OrderStyle, Subscription
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import Outcome, SignalStatus, signal_id_from_sender
from chalicelib.domain.trading.signal_order import OrderKind, OwnWords, SignalOrder
from chalicelib.services.operation.observe_trading import observe_trading
from chalicelib.services.trading.close_strategy import close_strategy, entries_to_drop
from chalicelib.services.trading.decide_signal import decide_signal
from chalicelib.services.trading.preview_plan import preview_plan
from chalicelib.services.trading.receive_signal import Delivery, Inbox, StrategyCache, receive_own
from chalicelib.services.trading.report_drift import report_drift
from chalicelib.services.trading.withdraw_purchases import withdraw_purchases
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "100"}
HALF = {"btc": "0.5"}

# A venue that takes only a part of each order at once.
THIN = {"partial_fill": "1", "partial_fraction": "0.2", "fee": "0"}


class Desk(TradingFloor):
    """A trading floor on which a bot may order."""

    def __init__(self, **words: Any) -> None:
        super().__init__(PRICES, words.pop("weights", HALF), **words)
        self.said = 0

    def order(self, kind: str = "limit", side: str = "buy", **words: Any) -> str:
        """The id of the signal that waits."""
        self.said += 1
        name = words.pop("name", f"order {self.said}")
        own: dict[str, Any] = {n: words.pop(n) for n in ("quantity", "expires_at") if n in words}
        own |= {"distance" if kind == "trailing" else "price": Decimal(words.pop("at", "100"))}
        if kind == "cancel":
            own = {}
        order = SignalOrder(
            kind=OrderKind(kind),
            side=Side(side),
            name=name,
            **own,
        )
        state = "long" if side == "buy" or order.quantity else "flat"
        identity = f"{name} cancelled" if kind == "cancel" else name
        return self.say(identity, state, OwnWords(order=order), **words)

    def tell(self, state: str, keeps: tuple[str, ...] = (), holds: str = "", **words: Any) -> str:
        """A change at the market."""
        self.said += 1
        own = OwnWords(keeps=keeps, holds=Decimal(holds) if holds else None)
        return self.say(f"message {self.said}", state, own, **words)

    def say(self, identity: str, state: str, own: OwnWords, **words: Any) -> str:
        strategy = words.pop("strategy", "btc")
        fired = words.pop("fired_at", self.clock.now())
        said = {
            "id": identity,
            "ticker": "BTC/USDT",
            "time": fired.isoformat(),
            "market_position": state,
        }
        body = json.dumps({**said, **words}).encode()
        inbox = Inbox(
            signals=self.ports.signals,
            strategies=StrategyCache(self.ports.strategies, self.clock),
            clock=self.clock,
        )
        answer = receive_own(inbox, Delivery(body=body, strategy=strategy), own)
        assert answer.status == 200, answer
        return signal_id_from_sender(strategy=strategy, sender_id=identity)

    def at(self, price: str) -> None:
        """The market has come there a minute later, and a tick has looked at it."""
        self.prices.set("BTC/USDT", Decimal(price))
        self.next_minute()

    def status(self, signal_id: str) -> SignalStatus:
        return self.signal(signal_id).status


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_limit_order_waits_and_is_executed_once(desk: Desk) -> None:
    order = desk.order(at="95")
    for price in ("100", "99", "95.01"):
        desk.at(price)
        assert desk.outcome(order) == (SignalStatus.RECEIVED, "")
        assert outcome_words(desk.signal(order)) == "waits: buys at 95 or below"
        assert desk.orders == []
    desk.at("94")
    assert desk.status(order) is SignalStatus.EXECUTED
    assert desk.share("btc") == Decimal("0.500")
    for price in ("90", "96", "80"):
        desk.at(price)
    assert len(desk.orders) == 1


def test_a_stop_order_buys_when_the_price_has_risen_to_it(desk: Desk) -> None:
    order = desk.order("stop", at="105")
    desk.at("104.9")
    assert desk.owned("btc") == 0
    desk.at("106")
    assert desk.status(order) is SignalStatus.EXECUTED
    assert desk.owned("btc") > 0


def test_a_limit_order_never_trades_at_a_worse_price(desk: Desk) -> None:
    desk.order(at="95")
    desk.at("95")
    (sent,) = desk.orders
    assert (sent.intent.limit_price, sent.intent.worst_price) == (Decimal(95), Decimal(95))
    desk.order(side="sell", at="110")
    desk.at("110")
    assert desk.orders[-1].intent.limit_price == Decimal(110)
    assert desk.owned("btc") == 0


def test_a_stop_order_takes_what_the_market_gives(desk: Desk) -> None:
    desk.order("stop", at="105")
    desk.at("105")
    (sent,) = desk.orders
    assert (sent.intent.limit_price, sent.intent.worst_price) == (Decimal("105.105"), None)


def test_the_stop_and_the_target_of_a_bracket_come_with_the_purchase(desk: Desk) -> None:
    desk.order(at="95", stop_loss="90", take_profit="105")
    desk.at("94")
    (stance,) = desk.ports.plans.state("paper").stances
    assert (stance.stop_loss, stance.take_profit) == (Decimal(90), Decimal(105))
    desk.at("105")
    assert desk.owned("btc") == 0
    again = desk.order(at="100", stop_loss="90")
    desk.at("89")
    status, reason = desk.outcome(again)
    assert status is SignalStatus.DENIED
    assert "STOP_LOSS_ABOVE_PRICE" in reason


def test_a_trailing_stop_remembers_the_best_price_between_processes(desk: Desk) -> None:
    desk.tell("long", holds="2")
    desk.tick()
    leave = desk.order("trailing", "sell", at="0.1")
    for price in ("110", "130", "118"):
        desk.at(price)
    assert desk.ports.plans.state("paper").best == {leave: Decimal(130)}
    assert desk.owned("btc") > 0
    desk.at("117")
    assert desk.status(leave) is SignalStatus.EXECUTED
    assert desk.owned("btc") == 0
    desk.order("trailing", "sell", at="0.1")
    desk.at("117")
    assert leave not in desk.ports.plans.state("paper").best


def test_an_order_expires(desk: Desk) -> None:
    until = desk.clock.now() + timedelta(minutes=2)
    order = desk.order(at="95", expires_at=until)
    desk.at("96")
    assert desk.status(order) is SignalStatus.RECEIVED
    desk.at("94")  # a moment too late
    status, reason = desk.outcome(order)
    assert (status, "ORDER_EXPIRED" in reason) == (SignalStatus.EXPIRED, True)
    assert desk.orders == []


def test_an_order_is_taken_back(desk: Desk) -> None:
    order, other = desk.order(at="95", name="mine"), desk.order(at="90", name="other")
    desk.next_minute()
    taken_back = desk.order("cancel", name="mine")
    desk.at("94")
    assert desk.status(order) is SignalStatus.SUPERSEDED
    assert desk.outcome(taken_back) == (SignalStatus.EXECUTED, "cancelled order mine")
    assert desk.orders == []
    desk.at("90")
    assert desk.status(other) is SignalStatus.EXECUTED
    late = desk.order("cancel", name="other")
    desk.next_minute()
    assert desk.outcome(late) == (SignalStatus.SKIPPED, "order other does not wait any more")
    assert desk.owned("btc") > 0


def test_a_newer_signal_ends_what_it_does_not_keep(desk: Desk) -> None:
    kept, left = desk.order(at="95", name="kept"), desk.order(at="96", name="left")
    desk.next_minute()
    desk.tell("flat", keeps=("kept",))
    desk.at("94")
    assert desk.status(left) is SignalStatus.SUPERSEDED
    assert desk.status(kept) is SignalStatus.EXECUTED


def test_the_owner_who_closes_a_strategy_ends_its_orders(desk: Desk) -> None:
    order = desk.order(at="95")
    desk.order(side="sell", at="110")
    desk.next_minute()
    assert [entry.id for entry in entries_to_drop(desk.ports, ["BTC/USDT"], "btc")] == [order]
    close_strategy(desk.ports, "btc")
    desk.at("94")
    assert desk.status(order) is SignalStatus.SUPERSEDED
    assert desk.orders == []


def test_orders_add_and_sell_in_the_bots_own_proportion(desk: Desk) -> None:
    desk.tell("long", holds="2")
    desk.tick()
    before = desk.owned("btc")
    desk.order(at="95", quantity=Decimal(1))
    desk.order(side="sell", at="110", quantity=Decimal(1))
    desk.at("95")
    assert desk.owned("btc") == before * Decimal("1.5")
    desk.at("110")
    assert abs(desk.owned("btc") - before) < Decimal("0.0001")
    desk.order(side="sell", at="110")
    desk.next_minute()
    assert desk.owned("btc") == 0


def test_two_orders_that_are_met_at_once_both_have_their_turn(desk: Desk) -> None:
    first, second = (desk.order(at=p, quantity=Decimal(1)) for p in ("96", "95"))
    desk.at("94")
    assert {desk.status(first), desk.status(second)} == {SignalStatus.EXECUTED}
    assert len(desk.orders) == 2


def test_an_order_that_opens_does_not_add(desk: Desk) -> None:
    desk.tell("long", holds="1")
    desk.tick()
    held = desk.owned("btc")
    opens = desk.order(at="95", quantity=Decimal(1), prev_market_position="flat")
    desk.at("94")
    assert desk.outcome(opens) == (SignalStatus.SKIPPED, "already long")
    assert desk.owned("btc") == held


def test_an_order_passes_the_gates_when_its_price_has_come() -> None:
    desk = Desk(subscription={"approval": True})
    order = desk.order(at="95")
    desk.at("94")
    assert desk.status(order) is SignalStatus.RECEIVED
    desk.at("96")
    decide_signal(desk.ports, order, approved=True)
    desk.next_minute()
    assert desk.status(order) is SignalStatus.RECEIVED  # it has gone again, and the order waits on
    desk.at("94")
    assert desk.status(order) is SignalStatus.EXECUTED
    paused = Desk(subscription={"paused": True})
    order = paused.order(at="95")
    paused.at("94")
    assert "STRATEGY_PAUSED" in paused.outcome(order)[1]


def test_the_market_is_asked_once_for_what_waits(desk: Desk) -> None:
    desk.order(at="95")
    desk.tick()
    asked: list[str] = []
    exchange = desk.exchange

    class Listening:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(exchange, name)

    desk.exchanges.by_account["paper"] = Listening()
    desk.next_minute()
    assert [name for name in asked if name not in {"traits", "open_orders"}] == ["tickers"]


def test_an_instrument_that_the_venue_does_not_have_is_an_answer() -> None:
    desk = Desk()
    known = desk.ports.strategies.configuration()
    other = replace(known.strategies["btc"], instruments={"NOUSDT": "NO/USDT"})
    desk.ports.strategies.apply(expected_version=known.version, strategies=[other])
    order = desk.order(at="95", ticker="NO/USDT")
    desk.next_minute()
    status, reason = desk.outcome(order)
    assert status is SignalStatus.DENIED
    assert "INSTRUMENT_UNKNOWN" in reason


def test_a_preview_shows_what_is_met_and_changes_nothing(desk: Desk) -> None:
    order = desk.order(at="95")
    assert preview_plan(desk.ports, "paper") == []
    desk.prices.set("BTC/USDT", Decimal(94))
    (plan,) = preview_plan(desk.ports, "paper")
    assert plan.verdicts[0].signal_id == order
    assert desk.status(order) is SignalStatus.RECEIVED


def test_a_market_account_sends_a_limit_order_for_a_limit() -> None:
    desk = Desk(account=virtual_account(order_style=OrderStyle.MARKET))
    desk.order(at="95")
    desk.at("94")
    assert desk.orders[0].intent.type == "limit"


def test_drift_counts_an_order_from_when_it_was_filled(desk: Desk) -> None:
    def told() -> list[tuple[str, bool]]:
        found = report_drift(desk.ports, [desk.account])
        assert not any(d.late for d in found.deviations)
        return [(s.believed.value, s.is_in_step) for s in found.standings]

    desk.tell("flat")
    expired = desk.order(at="95", expires_at=desk.clock.now() + timedelta(minutes=1))
    desk.at("100")
    assert told() == [("flat", True)]
    found = report_drift(desk.ports, [desk.account]).deviations
    assert expired not in [deviation.signal_id for deviation in found]
    desk.order(at="95", quantity=Decimal(2), name="in")
    desk.at("94")
    assert told() == [("long", True)]
    desk.order(side="sell", at="105", quantity=Decimal(1))
    desk.order("cancel", name="in")
    desk.at("106")
    assert told() == [("long", True)]
    desk.order(side="sell", at="105")
    desk.at("106")
    assert told() == [("flat", True)]


def test_what_waits_for_its_price_is_not_stuck(desk: Desk) -> None:
    desk.order(at="95")
    desk.next_minute()
    desk.clock.pass_time(hours=5)
    seen = observe_trading(desk.ports, Watch(), TickEnd())
    assert figures_of(seen)[FigureName.OLDEST_OPEN_SIGNAL_SEC] == 0
    assert list(worth_saying(seen)) == []


def test_an_order_to_sell_that_waits_leaves_purchases_alone() -> None:
    account = virtual_account(
        order_style=OrderStyle.LIMIT,
        unfilled_timeout=3600,
        options={"balances": {"USDT": "10000"}, "fee": "0", "partial_fill": 1},
    )
    desk = Desk(account=account)
    desk.tell("long")
    desk.tick()
    desk.order(side="sell", at="120")
    for _ in range(2):
        desk.next_minute()
    assert not desk.orders[0].cancel_requested


# --- what ends, and what never may ---------------------------------------------------------------


def test_a_bot_that_has_stopped_buys_nothing_more() -> None:
    desk = Desk(weights={"btc": "0.4", "btc_2": "0.4"})
    buys = desk.order(at="95", order_comment="mine")
    guards = desk.order("stop", "sell", at="90", order_comment="mine")
    others = desk.order(at="95", strategy="btc_2", order_comment="mine")
    inbox = Inbox(
        signals=desk.ports.signals,
        strategies=StrategyCache(desk.ports.strategies, desk.clock),
        clock=desk.clock,
    )
    assert withdraw_purchases(inbox, strategy="btc", sender="mine", symbols=["ETH/USDT"]) == 0
    assert withdraw_purchases(inbox, strategy="btc", sender="mine") == 1
    desk.at("94")
    assert desk.status(buys) is SignalStatus.SUPERSEDED
    assert desk.status(guards) is SignalStatus.RECEIVED
    assert desk.status(others) is SignalStatus.EXECUTED


@pytest.mark.parametrize("style", list(OrderStyle))
def test_a_limited_sale_that_stays_in_part_is_not_finished_below_its_limit(
    style: OrderStyle,
) -> None:
    options = {"partial_fill": "1", "partial_fraction": "0.5"}
    desk = Desk(account=virtual_account(options=options, order_style=style))
    desk.tell("long")
    for _ in range(6):
        desk.next_minute()
    held = desk.owned("btc")
    assert held > 0
    desk.order(side="sell", at="110")
    for price in ("110", "100", "100", "99"):
        desk.at(price)
    sales = [order for order in desk.orders if order.intent.side is Side.SELL]
    assert sales
    assert all(order.intent.limit_price >= 110 for order in sales)
    assert 0 < desk.owned("btc") < held


def test_what_waits_for_the_owners_word_holds_up_no_stop() -> None:
    desk = Desk(subscription={"approval": True})
    enters = desk.tell("long")
    desk.next_minute()
    decide_signal(desk.ports, enters, approved=True)
    desk.next_minute()
    stop = desk.order("stop", "sell", at="90")
    adds = desk.tell("long", keeps=("order 2",), size_ratio=1.5)
    desk.at("95")
    desk.at("85")
    assert desk.status(stop) is SignalStatus.EXECUTED
    assert desk.owned("btc") == 0
    assert desk.status(adds) is not SignalStatus.EXECUTED


def test_an_account_that_no_longer_follows_leaves_nothing_open(desk: Desk) -> None:
    """The other one has executed it, so nobody is left who would."""
    other = virtual_account("other")
    desk.exchanges.by_account["other"] = desk.exchange
    follows = Subscription(account="other", strategy="btc", weight=Decimal("0.5"), paused=True)
    version = desk.ports.strategies.configuration().version
    desk.ports.strategies.apply(expected_version=version, accounts=[other], subscriptions=[follows])
    order = desk.order(at="95")
    done = Outcome(
        account="paper", status=SignalStatus.EXECUTED, reason="bought", at=desk.clock.now()
    )
    desk.ports.signals.update(replace(desk.signal(order), outcomes=(done,)))
    desk.tick()
    assert desk.status(order) is SignalStatus.RECEIVED
    desk.ports.strategies.apply(
        expected_version=version + 1, removed_subscriptions=[("other", "btc")]
    )
    desk.tick()
    assert desk.status(order) is SignalStatus.EXECUTED


def test_who_has_everything_sold_does_not_buy_again_on_resuming(desk: Desk) -> None:
    order = desk.order(at="95")
    desk.tick()
    desk.ports.control.set_halt(HaltLevel.FLATTEN, "enough", desk.clock.now())
    desk.next_minute()
    assert desk.outcome(order)[0] is SignalStatus.DENIED
    desk.ports.control.set_halt(HaltLevel.NONE, "", desk.clock.now())
    desk.at("94")
    assert desk.owned("btc") == 0


def test_an_order_adds_to_what_was_bought_after_it_was_placed(desk: Desk) -> None:
    """It was to open when it was placed; the later purchase has made it an addition."""
    late = desk.order(at="90", quantity=Decimal(1), prev_market_position="flat")
    desk.next_minute()
    desk.tell("long", keeps=("order 1",), holds="3")
    desk.tick()
    before = desk.owned("btc")
    desk.at("90")
    assert desk.status(late) is SignalStatus.EXECUTED
    assert desk.owned("btc") > before
    before = desk.owned("btc")
    desk.order("limit", "sell", at="95", quantity=Decimal(1))
    desk.at("96")
    assert Decimal("0.74") < desk.owned("btc") / before < Decimal("0.76")


def test_an_order_that_opens_does_not_add_to_another_that_was_placed_before(desk: Desk) -> None:
    desk.order(at="95", quantity=Decimal(3), prev_market_position="flat")
    desk.next_minute()
    again = desk.order(at="95", quantity=Decimal(3), prev_market_position="flat")
    desk.at("94")
    before = desk.owned("btc")
    desk.next_minute()
    assert desk.status(again) is SignalStatus.SKIPPED
    assert desk.owned("btc") == before > 0


@pytest.mark.parametrize("kind", ["stop", "trailing"])
def test_a_stop_of_a_part_is_pursued_until_that_part_is_sold(kind: str) -> None:
    desk = Desk(account=virtual_account(options=THIN))
    desk.tell("long", holds="4")
    for _ in range(12):
        desk.next_minute()
    before = desk.owned("btc")
    desk.order(kind, "sell", at="90" if kind == "stop" else "0.1", quantity=Decimal(3))
    desk.next_minute()
    sold = []
    for price in ("89", "88", "80", "70", "60", "50", "50", "50", "50", "50", "50", "50", "50"):
        desk.at(price)
        sold.append(before - desk.owned("btc"))
    assert sold[0] < before * Decimal("0.7")  # what the venue takes at once
    assert desk.owned("btc") / before == pytest.approx(Decimal("0.25"), rel=Decimal("0.001"))


def test_an_addition_that_pends_holds_up_no_stop() -> None:
    """Its purchase rests at the venue for an hour, and so it is not decided either."""
    account = virtual_account(order_style=OrderStyle.LIMIT, unfilled_timeout=3600, options=THIN)
    desk = Desk(account=account)
    desk.tell("long", holds="2")
    desk.tick()
    stop = desk.order("stop", "sell", at="90", name="stop")
    desk.next_minute()
    desk.tell("long", keeps=("stop",), size_ratio=1.5, holds="3")
    desk.at("95")
    before = desk.owned("btc")
    desk.at("85")
    assert desk.status(stop) is not SignalStatus.RECEIVED
    assert desk.owned("btc") < before


def test_thousands_of_orders_that_wait_hide_no_exit() -> None:
    """As many as one deployment may have: forty instruments, fifty levels each."""
    desk = Desk(weights={"btc": "0.4", "btc_2": "0.4"})
    desk.tell("long", strategy="btc_2")
    desk.tick()
    for _ in range(MOST_INSTRUMENTS * MOST_WAITING):
        desk.order(at="10")
    desk.next_minute()
    leaves = desk.tell("flat", strategy="btc_2")
    desk.next_minute()
    assert desk.status(leaves) is SignalStatus.EXECUTED
    assert desk.owned("btc_2") == 0
