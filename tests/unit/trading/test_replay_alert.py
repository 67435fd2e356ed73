"""Quarantined alerts are taken again once the owner has mended what was wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.replay_alert import Replayed, replay_alert
from tests.trading_floor import OpenExchanges, trading_ports
from tests.unit.trading.alerts import FIRED_AT
from tests.unit.trading.post_office import PostOffice

BTC = Strategy(name="btc", instruments={"BTCUSDT": "BTC/USDT"})
MENDED = replace(BTC, instruments={"BTCUSDT": "BTC/USDT", "DOGEUSDT": "DOGE/USDT"})


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice(BTC) as office:
        yield office


def message(**changes: Any) -> bytes:
    usual = {"time": FIRED_AT.isoformat(), "ticker": "DOGEUSDT", "market_position": "long"}
    return json.dumps({**usual, **changes}).encode()


def quarantined(office: PostOffice, body: bytes, status: int = 422) -> str:
    assert office.hook(body).status == status
    [kept] = office.signals.quarantined(10)
    return kept.id


def ports(office: PostOffice) -> TradingPorts:
    return trading_ports(office.table, office.clock, OpenExchanges())


def replay(office: PostOffice, alert_id: str, *, dry_run: bool = False) -> Replayed:
    return replay_alert(ports(office), alert_id, dry_run=dry_run)


def test_a_mended_alert_becomes_the_signal_it_would_have_been(office: PostOffice) -> None:
    alert_id = quarantined(office, message(secret="btc-token"))
    with pytest.raises(ActionRefused, match=f"alert {alert_id} is still no signal: ticker"):
        replay(office, alert_id)
    office.configure_anew(MENDED)
    office.clock.advance_to(FIRED_AT + timedelta(hours=3))
    shown = replay(office, alert_id, dry_run=True)
    assert office.signals.get(shown.signal.id) is None
    taken = replay(office, alert_id)
    assert (taken.signal, taken.earlier) == (shown.signal, False)
    stored = office.signals.get(taken.signal.id)
    assert stored is not None
    assert (stored.symbol, stored.state) == ("DOGE/USDT", DesiredState.LONG)
    assert (stored.fired_at, stored.received_at) == (FIRED_AT, office.clock.now())
    assert office.signals.quarantined(10) == []
    assert office.signals.alert(stored.id) == message(secret="[blanked]").decode()
    # Had it been understood at once, it would have been this very signal.
    assert office.hook(message(secret="btc-token")).body["status"] == "duplicate"


def test_without_a_time_it_fired_when_it_first_arrived(office: PostOffice) -> None:
    alert_id = quarantined(office, b"ticker=DOGEUSDT\naction=buy\ntoken=btc-token")
    arrived = office.clock.now()
    office.configure_anew(MENDED)
    office.clock.advance_to(arrived + timedelta(hours=3))
    assert replay(office, alert_id).signal.fired_at == arrived


def test_one_that_has_arrived_again_by_itself_is_only_dropped(office: PostOffice) -> None:
    alert_id = quarantined(office, message())
    office.configure_anew(MENDED)
    office.clock.advance_to(office.clock.now() + timedelta(minutes=1))
    assert office.hook(message()).status == 200
    assert replay(office, alert_id, dry_run=True).earlier
    assert replay(office, alert_id).earlier
    assert office.signals.quarantined(10) == []


def test_one_whose_place_is_taken_by_another_body_stays(office: PostOffice) -> None:
    assert office.hook(message(ticker="BTCUSDT")).status == 200
    alert_id = quarantined(office, message(ticker="BTCUSDT", order_price="1"), status=409)
    with pytest.raises(ActionRefused, match=r"stands: crypto-bot quarantine drop \w+ --yes"):
        replay(office, alert_id)
    assert len(office.signals.quarantined(10)) == 1


def test_what_nobody_could_read_cannot_be_replayed(office: PostOffice) -> None:
    alert_id = quarantined(office, b'{"ticker": "DOGEUSDT", "secret": "half a sec', status=400)
    with pytest.raises(ActionRefused, match="kept without its body, because nobody could read it"):
        replay(office, alert_id)
    with pytest.raises(ActionRefused, match="no alert x in quarantine; crypto-bot quarantine list"):
        replay(office, "x")


def test_no_credential_is_kept_and_the_rest_reads_as_it_was(office: PostOffice) -> None:
    body = message(secret="btc-token", comment="btc-token", api_key="abc", passphrase='p"q')
    quarantined(office, body)
    [kept] = office.signals.quarantined(10)
    assert json.loads(kept.body) == {
        **json.loads(body),
        **dict.fromkeys(("secret", "comment", "api_key", "passphrase"), "[blanked]"),
    }
    assert kept.opened == ("btc",)


def test_an_alert_speaks_only_for_whom_its_credential_opened(office: PostOffice) -> None:
    office.share_token("shared", replace(BTC, name="one"), replace(BTC, name="two"))
    body = message(strategy="one", secret="shared")
    assert office.post(body).status == 422
    [kept] = office.signals.quarantined(10)
    assert kept.opened == ("one", "two")
    stored = ports(office).strategies.configuration()
    renamed = replace(kept, id="x", opened=("gone",))
    office.signals.quarantine(renamed)
    with pytest.raises(ActionRefused, match="was for gone, and there is no such strategy"):
        replay(office, "x")
    office.signals.quarantine(replace(kept, id="y", opened=("two",)))
    with pytest.raises(
        ActionRefused, match="names strategy one, and its credential speaks for two"
    ):
        replay(office, "y")
    assert ports(office).strategies.configuration() == stored
