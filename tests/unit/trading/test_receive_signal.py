"""A delivered alert is stored once and answered so that the sender does the right thing next."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.clock import ReplayClock
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.services.trading.receive_signal import Answer, Delivery, receive_own, receive_signal
from tests.unit.trading.alerts import FIRED_AT, SEED, body, fixture, strategy
from tests.unit.trading.post_office import PostOffice, account

BAD = b'{"ticker": '
REFUSED = {"status": "refused", "error": "unknown strategy or wrong token"}


@pytest.fixture
def office():
    with PostOffice(strategy(), strategy(name="eth", instruments={"ETHUSD": "ETH/USD"})) as office:
        yield office


def test_an_alert_is_stored_as_a_signal_that_waits_for_its_siblings(office):
    answer = office.hook(body())
    (stored,) = office.signals.recent(10)

    assert answer.status == 200
    assert answer.body["status"] == "stored"
    assert answer.body["signal_id"] == stored.id
    assert (stored.strategy, stored.symbol, stored.state) == ("btc", "BTC/USD", "long")
    assert stored.price == Decimal("67656.77")
    assert stored.status is SignalStatus.RECEIVED
    assert stored.due_at == stored.received_at + timedelta(seconds=20)


def test_a_repeated_delivery_is_a_duplicate_and_changes_nothing(office):
    first = office.hook(body())
    stored = office.signals.recent(10)
    office.clock.advance_to(office.clock.now() + timedelta(hours=1))
    second = office.hook(body())

    assert (second.status, second.body["status"]) == (200, "duplicate")
    assert second.body["signal_id"] == first.body["signal_id"]
    assert office.signals.recent(10) == stored


def test_the_alert_is_kept_as_it_was_received_but_for_its_token(office):
    raw = body(secret="btc-token", order_comment="see btc-token")
    first = office.post(raw)
    stored = first.body["signal_id"]
    kept = office.signals.alert(stored)

    assert kept.replace("[blanked]", "btc-token") == raw.decode()
    assert kept.count("[blanked]") == 2
    office.post(raw)
    office.post(body(secret="btc-token", order_comment="see btc-token", order_price="1"))
    assert office.signals.alert(stored) == kept


def test_a_signal_counts_whose_alert_could_not_be_kept(office):
    office.break_store_after(writes=1)
    answer = office.hook(body())
    office.mend_store()

    assert (answer.status, answer.body["status"]) == (200, "stored")
    assert office.signals.get(answer.body["signal_id"]) is not None
    assert office.signals.alert(answer.body["signal_id"]) == ""
    assert office.hook(body()).body["status"] == "duplicate"


def test_what_a_bot_of_our_own_says_is_no_alert(office):
    answer = receive_own(office.inbox, Delivery(body=body(), strategy="btc"))
    assert office.signals.alert(answer.body["signal_id"]) == ""


def test_the_same_signal_with_another_body_is_a_conflict_for_the_owner(office):
    office.hook(body())
    stored = office.signals.recent(10)
    answer = office.hook(body(order_price="1"))

    assert (answer.status, answer.body["field"]) == (409, "id")
    assert office.signals.recent(10) == stored
    assert [alert.status for alert in office.signals.quarantined(10)] == [409]


@pytest.mark.parametrize(
    ("verb", "raw", "url"),
    [
        ("hook", body(), {"token": "wrong"}),
        ("hook", body(), {"token": "eth-token"}),
        ("hook", body(), {"name": "nobody"}),
        ("hook", body(), {"name": "n" * 65}),
        ("hook", body(), {"name": "\x00"}),
        ("hook", BAD, {"token": "wrong"}),
        ("hook", b" " * 20_000, {"token": "wrong"}),
        ("post", body(), {}),
        ("post", body(), {"token": "wrong"}),
        ("post", body(secret="wrong"), {}),
        ("post", body(secret="wr\u00f6ng"), {}),
        ("post", body(secret="btc-token", strategy="eth"), {}),
        ("post", body(secret="btc-token", strategy="nobody"), {}),
        ("post", BAD, {"token": "wrong"}),
    ],
)
def test_without_the_right_token_all_answers_are_alike_and_nothing_is_kept(office, verb, raw, url):
    assert getattr(office, verb)(raw, **url) == Answer(status=401, body=REFUSED)
    assert office.signals.recent(10) == []
    assert office.signals.quarantined(10) == []


@pytest.mark.parametrize(
    ("verb", "raw", "url"),
    [
        ("hook", body(), {"token": "btc-token"}),
        ("hook", body(), {"token": "btc-token-2"}),
        ("post", body(), {"token": "btc-token"}),
        ("post", body(secret="btc-token"), {}),
        ("post", body(secret="btc-token", strategy="btc"), {}),
        ("hook", body(secret="of another product"), {}),
    ],
)
def test_either_live_token_opens_its_strategy_wherever_it_stands(office, verb, raw, url):
    assert getattr(office, verb)(raw, **url).status == 200
    assert [signal.strategy for signal in office.signals.recent(10)] == ["btc"]


def test_a_revoked_token_lives_thirty_seconds_at_most(office):
    assert office.hook(body()).status == 200
    office.configure(strategy(token_hashes=()))
    office.clock.advance_to(office.clock.now() + timedelta(seconds=29))
    assert office.hook(body()).status == 200
    assert office.post(body(secret="btc-token")).status == 401
    office.clock.advance_to(office.clock.now() + timedelta(seconds=1))
    assert office.hook(body()).status == 401


def test_a_token_of_several_strategies_needs_a_ticker_or_a_name(office):
    office.share_token("shared", strategy(), strategy(name="slow"), strategy(name="eth"))
    ambiguous = office.post(body(), token="shared")

    assert ambiguous.status == 422
    assert "btc, eth, slow" in ambiguous.body["error"]
    assert office.post(body(strategy="slow"), token="shared").body["strategy"] == "slow"


def test_the_ticker_chooses_among_the_strategies_of_one_token(office):
    eth = strategy(name="eth", instruments={"ETHUSD": "ETH/USD"})
    office.share_token("shared", strategy(), eth)

    assert office.post(body(ticker="ETHUSD"), token="shared").body["strategy"] == "eth"
    refused = office.post(body(ticker="SOLUSD"), token="shared")
    assert (refused.status, refused.body["field"]) == (422, "strategy")


def test_candidates_are_only_named_to_those_who_hold_their_token(office):
    refused = office.post(body(ticker="SOLUSD"), token="btc-token")

    assert refused.status == 422
    assert "eth" not in refused.body["error"]


def test_a_body_for_another_strategy_than_the_urls_is_a_mistake(office):
    refused = office.hook(body(strategy="eth"))

    assert (refused.status, refused.body["field"]) == (422, "strategy")


@pytest.mark.parametrize(
    ("loopback", "mode", "status"),
    [(True, "virtual", 200), (False, "virtual", 401), (True, "live", 401), (True, "sandbox", 401)],
)
def test_an_open_strategy_is_open_only_to_this_machine_and_only_for_play(loopback, mode, status):
    with PostOffice(strategy(open=True), followers=[account(mode)], loopback=loopback) as office:
        assert office.post(body()).status == status
        assert office.post(body(), token="wrong").status == 401


def test_a_strategy_that_is_not_open_needs_its_token_on_this_machine_too():
    with PostOffice(strategy(), followers=[account("virtual")], loopback=True) as office:
        assert office.post(body()).status == 401


@pytest.mark.parametrize(
    ("source", "status"), [("52.89.214.238", 200), ("10.0.0.1", 401), ("", 401)]
)
def test_only_admitted_sources_may_send(source, status):
    with PostOffice(strategy(), admits=lambda address: address == "52.89.214.238") as office:
        answer = office.hook(body(), source=source)

        assert answer.status == status
        assert len(office.signals.recent(10)) == (status == 200)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (BAD, 400),
        (fixture("bare_nan.txt"), 400),
        (b" " * 20_000, 413),
        (body(ticker="SOLUSD"), 422),
        (body(order_price="-1"), 422),
        (body(time="2024-08-10T02:32:05Z"), 422),
    ],
)
def test_what_is_authentic_and_refused_is_kept_for_the_owner_once(office, raw, status):
    assert [office.hook(raw).status, office.hook(raw).status] == [status, status]
    (kept,) = office.signals.quarantined(10)

    assert (kept.strategy, kept.status) == ("btc", status)
    assert kept.received_at == office.clock.now()
    assert len(kept.excerpt) <= 512
    assert office.signals.recent(10) == []


@pytest.mark.parametrize("raw", [BAD, b" " * 20_000, b"\xff"])
def test_what_cannot_be_read_and_has_no_token_in_the_url_is_not_kept(office, raw):
    assert office.post(raw).status in {400, 413}
    assert office.signals.quarantined(10) == []


def test_quarantine_holds_no_credential(office):
    escaped = json.dumps(SEED | {"ticker": "btc-token", "secret": 'btc-"token', "apiKey": "k-123"})
    lines = b"SYMBOL=BTCUSD\nSIGNAL=HODL\nTOKEN=tail-of-a-token\nNOTE=\x07"
    office.hook(escaped.encode())
    office.hook(lines)
    office.hook(b'{"signalToken": "cut off in the mid')
    kept = office.signals.quarantined(10)

    assert len(kept) == 3
    for word in ("btc-token", 'btc-\\"token', "k-123", "tail-of", "cut off"):
        assert word not in repr(kept)
    assert all(alert.excerpt.isprintable() for alert in kept)


def test_a_token_with_a_damaged_key_is_not_kept_either(office):
    token = "R4nd0m-" * 6
    names = b'{"prev_market_position_size": 1, '
    office.hook(names + b'"secr\xff": "%s", ' % token.encode())
    (kept,) = office.signals.quarantined(10)

    assert "R4nd0m" not in repr(kept)
    assert "prev_market_position_size" in kept.excerpt


def test_the_token_in_another_field_is_blanked_and_the_signal_stands(office):
    answer = office.hook(body(order_comment="see btc-token", order_id="btc-token", interval="60"))
    (stored,) = office.signals.recent(10)

    assert answer.status == 200
    texts = (stored.comment, stored.order_id, stored.interval)
    assert texts == ("see [blanked]", "[blanked]", "60")


def test_an_urgent_signal_wakes_the_tick_once(office):
    exit_alert = body(order_action="sell")

    office.hook(body())
    assert office.woken == 0
    office.hook(exit_alert)
    office.hook(exit_alert)
    assert office.woken == 1
    assert office.signals.due(office.clock.now(), 10)[0].state is DesiredState.FLAT


def test_nothing_stored_is_503_and_the_resend_is_stored_once(office):
    office.break_store()
    answer = office.hook(body())
    office.mend_store()

    assert answer.status == 503
    assert "send it again" in answer.body["error"]
    assert office.hook(body()).body["status"] == "stored"
    assert office.hook(body()).body["status"] == "duplicate"


def test_a_refusal_stands_when_it_cannot_be_quarantined(office):
    office.hook(body())  # the strategy is cached now
    office.break_store()

    assert office.hook(BAD).status == 400


def test_a_replay_moves_its_clock_with_authentic_alerts_only():
    clock = ReplayClock(FIRED_AT - timedelta(days=900))
    with PostOffice(strategy(), clock=clock, on_fire_time=clock.advance_to) as office:
        assert office.hook(body(), token="wrong").status == 401
        assert clock.now() == FIRED_AT - timedelta(days=900)
        assert office.hook(body()).status == 200
        assert office.signals.recent(1)[0].received_at == FIRED_AT


def test_strategies_are_read_once_in_thirty_seconds_known_or_not(office):
    for name in ("btc", "nobody", "btc", "nobody"):
        office.hook(body(), name=name)

    assert office.strategy_reads == ["btc", "nobody"]


def test_delivery_digest_tells_bodies_apart():
    assert Delivery(body=b"a").digest != Delivery(body=b"b").digest


def test_receiving_needs_nothing_but_its_inbox(office):
    answer = receive_signal(office.inbox, Delivery(body=body(), strategy="btc", token="btc-token"))

    assert json.loads(json.dumps(answer.body)) == answer.body
