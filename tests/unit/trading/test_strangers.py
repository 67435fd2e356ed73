"""Another bot on the same keys, or stores that lost an order: noticed, told, and no entries."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import ActionRefused, ExchangeUnavailable
from chalicelib.domain.operation.figures import FigureName, figures_of
from chalicelib.domain.operation.notice import Severity
from chalicelib.domain.trading.account import OrderStyle
from chalicelib.domain.trading.order import OrderIntent, TimeInForce, client_order_id
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.stranger import OpenOrder, Stranger
from chalicelib.ports import Exchange
from chalicelib.services.trading.answer_strangers import Answer, answer_strangers
from chalicelib.services.trading.suspend_restored import suspend_restored
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.operation.owner import Owner

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.2", "eth": "0.25"}
ANOTHERS = "the plan of another bot#BTC/USDT#0"


class Listing:
    """The floor's exchange; counts how often it lists, and may list wrongly or not at all."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange: Any = exchange
        self.asked = 0
        self.fails: ExchangeUnavailable | None = None
        self.lags_behind: list[OpenOrder] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    def open_orders(self, symbols: list[str]) -> list[OpenOrder]:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        return [*self._exchange.open_orders(symbols), *self.lags_behind]


class NoList:
    """An owner's own class, which need not list anything."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        if name == "open_orders":
            raise AttributeError(name)
        return getattr(self._exchange, name)


def a_floor(**account: Any) -> tuple[TradingFloor, Listing]:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(**account))
    venue = Listing(floor.exchange)
    floor.exchanges.by_account["paper"] = venue
    return floor, venue


def place(
    floor: TradingFloor, name: str = ANOTHERS, *, symbol: str = "BTC/USDT", **changes: Any
) -> str:
    """Somebody's purchase far below the market, which rests; the venue's id of it."""
    usual: dict[str, Any] = {
        "id": name,
        "client_order_id": client_order_id(name),
        "account": "paper",
        "symbol": symbol,
        "side": Side.BUY,
        "quantity": Decimal("0.01"),
        "limit_price": Decimal(1000),
        "time_in_force": TimeInForce.GTC,
        "shares": (),
    }
    intent = OrderIntent(**(usual | changes))
    permit = floor.clock.now() + timedelta(seconds=2)
    return str(floor.exchange.submit(intent, permit).venue_order_id)


def state_of(floor: TradingFloor) -> AccountState:
    return floor.ports.plans.state("paper")


def signalled(floor: TradingFloor, strategy: str, state: str) -> tuple[SignalStatus, str]:
    signal = floor.alert(strategy, state)
    floor.tick()
    return floor.outcome(signal)


def answered(floor: TradingFloor, answer: Answer | None = None, *, dry_run: bool = False) -> Any:
    return answer_strangers(
        floor.ports, "paper", answer or Answer(), owner="owner", dry_run=dry_run
    )


def test_another_bots_order_ends_the_entries_of_its_instrument_and_no_others() -> None:
    floor, _ = a_floor()
    assert signalled(floor, "btc", "long")[0] is SignalStatus.EXECUTED
    floor.clock.pass_time(minutes=15)
    identity = place(floor)
    assert signalled(floor, "eth", "long")[0] is SignalStatus.EXECUTED
    [suspect] = state_of(floor).strangers
    assert (suspect.order.venue_order_id, suspect.confirmed) == (identity, False)
    assert state_of(floor).barred == {}
    floor.next_minute()
    assert list(state_of(floor).barred) == ["BTC/USDT"]
    assert signalled(floor, "btc", "flat")[0] is SignalStatus.EXECUTED  # whoever owns may sell
    floor.clock.pass_time(minutes=1)
    status, reason = signalled(floor, "btc", "long")
    assert status is SignalStatus.DENIED
    assert reason.startswith(f"order {identity} to buy 0.01 at 1000 rests at the venue")
    assert f"({client_order_id(ANOTHERS)})" in reason
    assert reason.endswith("(INSTRUMENT_FROZEN)")
    assert signalled(floor, "eth", "flat")[0] is SignalStatus.EXECUTED
    floor.clock.pass_time(minutes=1)
    assert signalled(floor, "eth", "long")[0] is SignalStatus.EXECUTED


def test_a_home_that_lost_its_stores_meets_its_own_order_as_a_strangers() -> None:
    """What a restore of nothing at all leaves: the venue knows more than the books."""
    before, _ = a_floor(order_style=OrderStyle.LIMIT, options={"spread": "0.002"})
    before.alert("btc", "long")
    before.tick()
    [resting] = before.orders
    assert resting.status.is_resting
    assert state_of(before).strangers == ()  # to whom it belongs it is none
    after = TradingFloor(PRICES, WEIGHTS, account=before.account, exchange=before.exchange)
    after.alert("eth", "flat")
    after.tick()
    after.next_minute()
    [found] = state_of(after).strangers
    assert found.order.client_order_id == resting.intent.client_order_id
    assert signalled(after, "btc", "long")[0] is SignalStatus.DENIED


def test_entries_go_on_by_themselves_once_it_is_gone() -> None:
    floor, _ = a_floor()
    signalled(floor, "eth", "flat")
    floor.clock.pass_time(minutes=15)
    identity = place(floor)
    signalled(floor, "eth", "short")
    floor.next_minute()
    assert state_of(floor).barred
    [stranger] = state_of(floor).strangers
    floor.exchange.cancel(_intent_of(stranger), identity)
    for _ in range(15):
        floor.next_minute()
    assert state_of(floor).strangers == ()
    assert signalled(floor, "btc", "long")[0] is SignalStatus.EXECUTED


def _intent_of(stranger: Stranger) -> OrderIntent:
    order = stranger.order
    return OrderIntent(
        id="",
        client_order_id=order.client_order_id,
        account="paper",
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        limit_price=order.limit_price,
        shares=(),
    )


def test_ones_own_orders_and_stops_and_what_people_place_are_no_strangers() -> None:
    floor, venue = a_floor(order_style=OrderStyle.LIMIT, options={"spread": "0.002"})
    floor.alert("btc", "long", stop_loss=Decimal(40000))
    place(floor, client_order_id="0ef6bc5f-8e7f-4c4e-9c0a-1b6f6ef0d9c1", symbol="ETH/USDT")
    floor.tick()
    floor.prices.set("BTC/USDT", Decimal(49000))
    for _ in range(40):
        floor.next_minute()
    assert any(order.intent.is_stop and order.status.is_resting for order in floor.orders)
    assert len(venue.open_orders([])) > 1
    assert venue.asked > 1
    assert state_of(floor).strangers == ()


@pytest.mark.parametrize("with_stranger", [False, True])
def test_the_venue_is_asked_four_times_an_hour(*, with_stranger: bool) -> None:
    """Once more after a minute to be sure of a stranger; a watched price changes nothing."""
    floor, venue = a_floor(options={"traits": {"has_stop_orders": False}})
    floor.alert("btc", "long", stop_loss=Decimal(40000))
    floor.tick()
    assert venue.asked == 1
    if with_stranger:
        place(floor)
    minutes = []
    for minute in range(1, 61):
        before = venue.asked
        assert floor.next_minute().outcome == "worked"
        minutes += [minute] * (venue.asked - before)
    assert minutes == ([15, 16, 31, 46] if with_stranger else [15, 30, 45, 60])
    assert bool(state_of(floor).barred) is with_stranger


def test_a_strangers_account_is_looked_at_though_nothing_else_happens() -> None:
    floor, venue = a_floor()
    signalled(floor, "eth", "flat")
    assert state_of(floor).due_at is None  # a virtual one, in which nothing is held
    floor.clock.pass_time(minutes=15)
    place(floor)
    signalled(floor, "eth", "short")
    outcomes = [floor.next_minute().outcome for _ in range(31)]
    worked = [minute for minute, outcome in enumerate(outcomes) if outcome == "worked"]
    assert (worked, venue.asked) == ([0, 15, 30], 5)


def test_a_list_that_cannot_be_had_keeps_nobody_from_trading() -> None:
    floor, venue = a_floor()
    venue.fails = ExchangeUnavailable("503, come back later")
    for state in ("long", "flat"):
        signal = floor.alert("btc", state)
        [report] = floor.tick().accounts
        assert (report.status, report.orders_sent) == ("worked", 1)
        assert floor.outcome(signal)[0] is SignalStatus.EXECUTED
        floor.clock.pass_time(minutes=1)
    assert (venue.asked, state_of(floor).listed_at) == (2, None)
    venue.fails = None
    place(floor)
    floor.clock.pass_time(minutes=1)
    signalled(floor, "eth", "flat")
    assert len(state_of(floor).strangers) == 1


def test_a_venue_that_wants_silence_has_it() -> None:
    floor, venue = a_floor()
    until = floor.clock.now() + timedelta(minutes=5)
    venue.fails = ExchangeUnavailable("418", retry_at=until)
    floor.alert("btc", "long")
    assert floor.tick().accounts[0].status == "blocked"
    assert state_of(floor).blocked_until == until


def test_what_a_venue_lists_although_it_is_over_bars_nothing() -> None:
    floor, venue = a_floor()
    signalled(floor, "eth", "flat")
    floor.clock.pass_time(minutes=15)
    place(floor)
    venue.lags_behind = list(floor.exchange.open_orders([]))
    floor.exchange.cancel(_intent_of(Stranger(order=venue.lags_behind[0], seen_at=NOW)), "")
    signalled(floor, "eth", "short")
    assert len(state_of(floor).strangers) == 1
    venue.lags_behind = []
    floor.next_minute()
    assert state_of(floor).strangers == ()
    assert signalled(floor, "btc", "long")[0] is SignalStatus.EXECUTED


NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_an_exchange_without_a_list_is_never_asked_for_one() -> None:
    floor, _ = a_floor()
    floor.exchanges.by_account["paper"] = NoList(floor.exchange)
    place(floor)
    assert signalled(floor, "btc", "long")[0] is SignalStatus.EXECUTED
    assert (state_of(floor).listed_at, state_of(floor).strangers) == (None, ())
    with pytest.raises(ActionRefused, match="virtual lists no open orders in which the bot's"):
        answered(floor)


def test_a_restored_account_compares_its_orders_when_it_is_reopened() -> None:
    floor, venue = a_floor()
    signalled(floor, "btc", "long")
    asked = venue.asked
    suspend_restored(floor.ports, taken_at=floor.clock.now())
    for _ in range(20):
        floor.next_minute()
    assert venue.asked == asked
    with pytest.raises(ActionRefused, match="crypto-bot accounts reopen paper"):
        answered(floor)


def confirmed(**account: Any) -> tuple[TradingFloor, str]:
    floor, _ = a_floor(**account)
    signalled(floor, "eth", "flat")
    floor.clock.pass_time(minutes=15)
    identity = place(floor)
    signalled(floor, "eth", "short")
    floor.next_minute()
    assert state_of(floor).barred
    return floor, identity


def test_the_owner_sees_it_at_once_and_cancels_it_after_a_dry_run() -> None:
    floor, identity = confirmed()
    [shown] = answered(floor, Answer(cancel=[identity]), dry_run=True)
    assert shown.order.venue_order_id == identity
    assert len(floor.exchange.open_orders([])) == 1
    assert answered(floor, Answer(cancel=[identity])) == ()
    assert list(floor.exchange.open_orders([])) == []
    assert state_of(floor).barred == {}
    assert signalled(floor, "btc", "long")[0] is SignalStatus.EXECUTED


def test_the_owner_says_that_it_may_stay_and_it_does_while_it_rests() -> None:
    floor, identity = confirmed()
    [known] = answered(floor, Answer(mine=[identity]))
    assert (known.mine, state_of(floor).barred) == (True, {})
    for _ in range(31):
        floor.next_minute()
    assert [stranger.mine for stranger in state_of(floor).strangers] == [True]
    assert signalled(floor, "btc", "long")[0] is SignalStatus.EXECUTED


@pytest.mark.parametrize("answer", [Answer(cancel=["77"]), Answer(mine=["77"])])
@pytest.mark.parametrize("dry_run", [False, True])
def test_an_answer_about_an_order_that_is_not_there_is_refused(
    answer: Answer, *, dry_run: bool
) -> None:
    floor, _ = confirmed()
    with pytest.raises(ActionRefused, match="no order 77 of that kind rests on account paper; "):
        answered(floor, answer, dry_run=dry_run)


def test_the_owners_own_order_is_not_cancelled_in_passing() -> None:
    """Only what looks like the bot's can be named: the bot touches nothing that people placed."""
    floor, _ = confirmed()
    by_hand = place(floor, client_order_id="0ef6bc5f-8e7f-4c4e-9c0a-1b6f6ef0d9c1")
    with pytest.raises(ActionRefused, match="no order"):
        answered(floor, Answer(cancel=[by_hand]))
    assert len(floor.exchange.open_orders([])) == 2


def test_it_is_told_as_urgent_once_a_day_and_shows_in_the_figures() -> None:
    floor, identity = confirmed()
    owner = Owner(floor)
    [sentence] = [s for s in owner.news() if "BTC/USDT" in s]
    assert sentence == (
        f"account paper: nothing is bought of BTC/USDT, order {identity} to buy 0.01 at 1000 rests "
        f"at the venue under an id like the bot's ({client_order_id(ANOTHERS)}) and is in no plan "
        "of its: does another bot trade with these keys? crypto-bot accounts strangers paper"
    )
    [notice] = [n for n in owner.notices.recent(9) if n.sentence == sentence]
    assert notice.severity is Severity.P1
    assert owner.news() == []
    assert figures_of(owner.observe())[FigureName.LEDGER_DRIFT] == 1
    floor.clock.pass_time(days=1)
    assert sentence in owner.news()
    answered(floor, Answer(mine=[identity]))
    floor.clock.pass_time(days=1)
    assert sentence not in owner.news()
    assert figures_of(owner.observe())[FigureName.LEDGER_DRIFT] == 0
