"""Which things the owner hears of, each once, in words that say what to do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import ExchangeUnavailable, OrderRejected, OutcomeUnknown
from chalicelib.domain.operation.figures import FIGURES, FigureName, figures_of
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.plan import Breaker
from chalicelib.services.trading.halt_trading import halt_trading
from chalicelib.services.trading.replay_signal import replay_signal
from tests.canaries import MARK
from tests.trading_floor import TradingFloor
from tests.unit.operation.owner import Owner


class Answering:
    """A venue around another, which answers orders and lookups as a scenario says."""

    def __init__(self, exchange) -> None:
        self._exchange = exchange
        self.to_orders: Exception | None = None
        self.finds = True

    def submit(self, intent, permit_until):
        if self.to_orders is not None:
            raise self.to_orders
        return self._exchange.submit(intent, permit_until)

    def find(self, intent, since):
        if not self.finds:
            raise ExchangeUnavailable("no answer")
        return self._exchange.find(intent, since)

    def __getattr__(self, name: str):
        return getattr(self._exchange, name)


@pytest.fixture
def floor() -> TradingFloor:
    floor = TradingFloor({"BTC/USDT": "100"}, {"btc": "0.5"})
    floor.exchange = floor.exchanges.by_account["paper"] = Answering(floor.exchange)
    return floor


@pytest.fixture
def owner(floor: TradingFloor) -> Owner:
    owner = Owner(floor)
    owner.look()  # what was there before is no news
    return owner


def test_an_alert_that_was_executed_is_no_news(floor, owner):
    floor.alert("btc", "long")
    floor.tick()
    assert owner.news() == []
    assert len(owner.look().watch.signals.seen) == 1


def test_an_alert_that_ended_otherwise_is_told_once_with_its_reason(floor, owner):
    signal_id = floor.alert("btc", "flat")
    floor.tick()
    [sentence] = owner.news()
    assert sentence.startswith("alert of btc for BTCUSDT (flat) ended SKIPPED: ")
    assert [notice.signal_id for notice in owner.phone.letters[0].notices] == [signal_id]
    for _ in range(3):
        assert owner.news() == []


def test_an_alert_is_news_when_it_ends_not_when_it_comes(floor, owner):
    floor.alert("btc", "long", due_at=floor.clock.now() + timedelta(minutes=9))
    for _ in range(5):
        floor.clock.pass_time(minutes=1)
        assert owner.news() == []
    halt_trading(floor.ports, HaltLevel.NO_ENTRIES, "holidays")
    floor.clock.pass_time(minutes=5)
    floor.tick()
    told = owner.news()
    assert told[0] == "trading is halted (no_entries): holidays; crypto-bot resume ends it"
    assert "(long) ended DENIED: no entries while halted" in told[1]


def test_what_ended_before_the_first_look_is_no_news(floor):
    floor.alert("btc", "flat")
    floor.tick()
    floor.clock.pass_time(seconds=1)
    owner = Owner(floor)
    assert owner.news() == []
    assert owner.news() == []


def test_an_alert_that_is_stored_after_a_later_one_is_not_overlooked(floor, owner):
    early = floor.clock.now()
    floor.clock.pass_time(seconds=50)
    floor.alert("btc", "long")
    floor.tick()
    assert [signal.state for signal in owner.look().ended] == ["long"]
    floor.alert("btc", "flat", received_at=early, fired_at=early)
    floor.tick()
    assert [signal.state for signal in owner.look().ended] == ["flat"]
    assert owner.look().ended == ()


def test_many_alerts_between_two_looks_are_all_found(floor, owner):
    for number in range(150):
        floor.alert("btc", "flat", order_id=str(number))
        floor.clock.pass_time(seconds=10)
    floor.tick()
    ended = owner.look().ended
    assert len({signal.id for signal in ended}) == 150
    assert owner.look().ended == ()


def test_an_order_of_unknown_fate_is_told_after_ten_minutes(floor, owner):
    floor.exchange.to_orders = OutcomeUnknown("time-out")
    floor.exchange.finds = False
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=9)
    assert owner.news() == []
    assert figures_of(owner.observe())[FigureName.UNKNOWN_ORDER_AGE_SEC] == 540
    floor.clock.pass_time(minutes=2)
    told = [sentence for sentence in owner.news() if "order to buy" in sentence]
    assert [sentence.partition("BTC/USDT")[2] for sentence in told] == [
        " was sent at 2026-03-02 08:00 UTC and not seen since"
    ]
    assert owner.news() == []


def test_a_held_order_names_the_command_that_helps(floor, owner):
    floor.exchange.to_orders = OutcomeUnknown("time-out")
    floor.exchange.finds = False
    floor.alert("btc", "long")
    floor.tick()
    [order] = floor.orders
    floor.ports.orders.save(order.moved_to(OrderStatus.HELD, at=floor.clock.now()))
    [sentence] = owner.news()
    assert sentence.endswith(
        f"is HELD, whether it was placed cannot be known: crypto-bot resolve {order.intent.id}"
    )
    assert figures_of(owner.observe())[FigureName.ORDERS_HELD] == 1
    assert owner.phone.letters[-1].severity == "P1"


def test_keys_that_an_order_was_refused_for_are_told(floor, owner):
    floor.exchange.to_orders = OrderRejected("AUTHENTICATION_FAILED", "wrong key")
    floor.alert("btc", "long")
    floor.tick()
    seen = owner.look()
    assert figures_of(seen)[FigureName.KEY_AUTH_ERRORS] == 1
    assert any(
        sentence.endswith("was refused for its keys (AUTHENTICATION_FAILED): wrong key")
        for sentence in owner.phone.sentences
    )
    assert figures_of(owner.observe())[FigureName.KEY_AUTH_ERRORS] == 0


def test_keys_that_a_reading_was_refused_for_are_told_once_a_day(owner, floor):
    [sentence] = owner.trouble("refused", "venue did not give its balances: wrong key")
    assert sentence.startswith("account paper: the venue refuses its keys: venue did not")
    floor.clock.pass_time(hours=1)
    assert owner.trouble("refused", "the same") == []
    floor.clock.pass_time(hours=23)
    assert len(owner.trouble("refused", "the same")) == 1


@pytest.mark.parametrize("status", ["busy", "unavailable"])
def test_an_account_that_is_tried_again_soon_is_no_news(owner, status):
    assert owner.trouble(status, "no answer") == []


def test_an_account_that_cannot_trade_is_told_unless_its_venue_asked_for_silence(owner, floor):
    owner.change_state(
        blocked_until=floor.clock.now() + timedelta(seconds=30), blocked_because="429"
    )
    assert owner.trouble("blocked", "429") == []
    floor.clock.pass_time(minutes=1)
    assert owner.trouble("blocked", "no secret") == ["account paper does not trade: no secret"]


def test_a_ban_is_told_and_a_busy_venue_is_not(owner, floor):
    now = floor.clock.now()
    owner.change_state(blocked_until=now + timedelta(seconds=90), blocked_because="slow down")
    assert owner.news() == []
    owner.change_state(blocked_until=now + timedelta(minutes=30), blocked_because="banned: 418")
    assert owner.news() == [
        "account paper: the venue wants silence until 2026-03-02 08:30 UTC: banned: 418"
    ]
    assert figures_of(owner.observe())[FigureName.BREAKER_OPEN] == 1


def test_open_breakers_are_told_and_counted(owner, floor):
    now = floor.clock.now()
    loss = Breaker(
        code="ACCOUNT_LOSS_EXCEEDED",
        reason="the account lost 5 % today",
        opened_at=now,
        until=now + timedelta(hours=1),
    )
    drawdown = Breaker(code="DRAWDOWN_EXCEEDED", reason="equity is 20 % down", opened_at=now)
    owner.change_state(breakers=(loss, drawdown))
    assert owner.news() == [
        "account paper buys nothing: the account lost 5 % today (ACCOUNT_LOSS_EXCEEDED)",
        "account paper buys nothing: equity is 20 % down (DRAWDOWN_EXCEEDED)",
    ]
    figures = figures_of(owner.observe())
    assert (figures[FigureName.BREAKER_OPEN], figures[FigureName.DAILY_LOSS_STOP]) == (2, 1)
    floor.clock.pass_time(hours=2)
    assert figures_of(owner.observe())[FigureName.BREAKER_OPEN] == 1
    owner.change_state(breakers=(replace(drawdown, opened_at=floor.clock.now()),))
    assert len(owner.news()) == 1  # it was reset, and has opened again


def test_a_frozen_instrument_is_drift(owner):
    owner.change_state(frozen={"BTC/USDT": "strategies own 2 BTC, the venue holds 1"})
    [sentence] = owner.news()
    assert sentence == (
        "account paper: BTC/USDT is frozen, strategies own 2 BTC, the venue holds 1"
    )
    assert figures_of(owner.observe())[FigureName.LEDGER_DRIFT] == 1


def test_the_kill_switch_is_told_each_time_it_moves(owner, floor):
    ends = "crypto-bot resume ends it"
    for level, expected in (
        (HaltLevel.FLATTEN, f"trading is halted (flatten): why; {ends}"),
        (HaltLevel.NONE, "trading goes on, the halt has ended: why"),
        (HaltLevel.FLATTEN, f"trading is halted (flatten): why; {ends}"),
    ):
        floor.clock.pass_time(minutes=1)
        halt_trading(floor.ports, level, "why")
        assert owner.news() == [expected]
        assert owner.news() == []


def test_a_quarantined_alert_is_told_and_counted(owner, floor):
    for number in range(3):
        floor.ports.signals.quarantine(
            QuarantinedAlert(
                id=f"q{number}",
                strategy="btc",
                received_at=floor.clock.now(),
                status=422,
                reason=f"ticker 'X{number}' is unknown",
                excerpt="{}",
                digest=str(number),
            )
        )
    seen = owner.look()
    assert figures_of(seen)[FigureName.SIGNALS_QUARANTINED] == 3
    assert owner.phone.sentences[0] == (
        "an alert of btc could not become a signal (422): ticker 'X0' is unknown"
    )
    assert owner.look().quarantined == ()


def test_a_signal_that_planning_fails_on_is_told_when_it_begins_and_when_it_ends(floor, owner):
    known = floor.ports.strategies.configuration()
    endless = replace(known.strategies["btc"], timeframe="99999999999w")
    floor.ports.strategies.apply(expected_version=known.version, strategies=[endless])
    signal_id = floor.alert("btc", "long")
    floor.tick()
    [first] = owner.news()
    assert first.startswith(
        "account paper: alert of btc for BTCUSDT (long) cannot be planned: OverflowError: "
    )
    for _ in range(3):
        floor.next_minute()
        assert owner.news() == []
    floor.next_minute()
    seen = owner.look()
    assert figures_of(seen)[FigureName.SIGNALS_QUARANTINED] == 1
    last = owner.phone.sentences[-1]
    assert "is in quarantine, planning has failed on it 5 of 5 times: OverflowError: " in last
    assert last.endswith(f"crypto-bot quarantine replay {signal_id}")
    assert owner.phone.letters[-1].severity == "P1"
    assert owner.news() == []
    assert figures_of(owner.observe())[FigureName.SIGNALS_QUARANTINED] == 0


def test_an_old_signal_that_was_replayed_in_vain_is_told_of_again():
    floor = TradingFloor({"BTC/USDT": "100", "ETH/USDT": "10"}, {"btc": "0.5", "eth": "0.3"})
    owner = Owner(floor)
    known = floor.ports.strategies.configuration()
    endless = replace(known.strategies["btc"], timeframe="99999999999w")
    floor.ports.strategies.apply(expected_version=known.version, strategies=[endless])
    signal_id = floor.alert("btc", "long")
    for _ in range(5):
        floor.next_minute()
    for number in range(40):
        floor.clock.pass_time(seconds=30)
        floor.alert("eth", "flat", order_id=str(number))
    floor.tick()
    owner.look()
    replay_signal(floor.ports, signal_id, dry_run=False)
    for _ in range(4):
        floor.next_minute()
        owner.look()
    floor.next_minute()
    [last] = owner.news()
    assert last.endswith(f"crypto-bot quarantine replay {signal_id}")


def test_a_failed_tick_is_told_once_an_hour_without_its_secrets(owner, floor):
    failure = f"ConnectionError: GET https://x.test/v1?signature={MARK}&a=1"
    [sentence] = owner.news(good=False, failure=failure)
    assert sentence == (
        "a tick failed and is tried again: "
        "ConnectionError: GET https://x.test/v1?signature=[blanked]&a=1"
    )
    assert owner.news(good=False, failure="ConnectionError: another text") == []
    assert len(owner.news(good=False, failure="KeyError: 'x'")) == 1
    floor.clock.pass_time(hours=1)
    assert any("a tick failed" in each for each in owner.news(good=False, failure=failure))


def test_a_missing_heartbeat_is_told(owner, floor):
    floor.tick()
    floor.clock.pass_time(minutes=5)
    assert owner.news(good=False) == []
    floor.clock.pass_time(minutes=1)
    assert owner.news(good=False) == [
        "no tick has ended well since 2026-03-02 08:00 UTC: see the log, then crypto-bot tick"
    ]
    assert owner.news(good=False) == []


def test_where_ticks_are_hours_apart_a_gap_is_no_news(owner, floor):
    floor.tick()
    floor.clock.pass_time(hours=7)
    assert owner.news(interval=None) == []
    assert owner.news(interval=timedelta(hours=8)) == []


def test_a_signal_that_nothing_moves_is_told_after_ten_minutes(floor, owner):
    floor.alert("btc", "long")
    floor.clock.pass_time(minutes=10)
    assert owner.news() == []
    floor.clock.pass_time(minutes=1)
    assert owner.news() == [
        "alert of btc for BTCUSDT (long) has been due since 2026-03-02 08:00 UTC and is not done "
        "yet"
    ]
    assert figures_of(owner.observe())[FigureName.OLDEST_OPEN_SIGNAL_SEC] == 660


def test_an_entry_that_waits_for_the_owner_asks_for_a_word():
    floor = TradingFloor({"BTC/USDT": "100"}, {"btc": "0.5"}, subscription={"approval": True})
    owner = Owner(floor)
    owner.look()
    signal_id = floor.alert("btc", "long")
    floor.tick()
    assert owner.news() == [
        f"alert of btc for BTCUSDT (long) waits for your yes: crypto-bot approve {signal_id}"
    ]
    floor.clock.pass_time(minutes=20)
    assert owner.news() == []
    assert figures_of(owner.observe())[FigureName.OLDEST_OPEN_SIGNAL_SEC] == 0


def test_a_strategy_that_falls_silent_is_told_once_until_it_speaks_again():
    floor = TradingFloor(
        {"BTC/USDT": "100"}, {"btc": "0.5"}, strategy={"silence_after": 3, "timeframe": "1h"}
    )
    owner = Owner(floor)
    owner.look()
    floor.clock.pass_time(hours=3)
    assert owner.news() == []
    floor.clock.pass_time(minutes=1)
    assert owner.news() == [
        "strategy btc has been silent since 2026-03-02 08:00 UTC, longer than 3 candles of 1h: "
        "is its alert still active on TradingView?"
    ]
    floor.clock.pass_time(hours=5)
    assert owner.news() == []
    floor.alert("btc", "long")
    floor.tick()
    assert owner.news() == []
    floor.clock.pass_time(hours=4)
    assert len(owner.news()) == 1


def test_silence_without_an_alarm_or_a_follower_is_nothing():
    floor = TradingFloor(
        {"BTC/USDT": "100"},
        {"btc": "0.5"},
        subscription={"paused": True},
        strategy={"silence_after": 1},
    )
    owner = Owner(floor)
    owner.look()
    floor.clock.pass_time(days=9)
    assert owner.news() == []


def test_there_are_ten_figures_and_a_heartbeat_only_after_a_good_tick(owner):
    assert len(FIGURES) == 10
    good, bad = figures_of(owner.observe()), figures_of(owner.observe(good=False, failure="E: x"))
    assert good.keys() == {k.name for k in FIGURES} - {FigureName.WEBHOOK_5XX}
    assert good.keys() - bad.keys() == {FigureName.TICK_HEARTBEAT}
