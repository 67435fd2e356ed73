"""quarantine as the owner types it."""

import json
from dataclasses import replace
from datetime import timedelta

from chalicelib import bootstrap
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from tests.functional.cli.owner_desk import Desk


def refused_alert(desk: Desk, *, known: bool = False) -> str:
    """A buy of a coin that the strategy does not know yet; the id in quarantine."""
    if not known:
        desk.configure()
    body = {
        "ticker": "DOGEUSD",
        "market_position": "long",
        "time": desk.clock.now().isoformat(),
        "secret": desk.tokens["trend"],
    }
    delivery = Delivery(
        body=json.dumps(body).encode(), strategy="trend", token=desk.tokens["trend"]
    )
    assert receive_signal(bootstrap.webhook(), delivery).status == 422
    return str(desk.read("quarantine", "list")[0]["id"])


def mend() -> None:
    strategy = bootstrap.strategies().strategy("trend")
    assert strategy is not None
    knows = {**strategy.instruments, "DOGEUSD": "DOGE/USD"}
    bootstrap.strategies().apply(
        expected_version=bootstrap.strategies().configuration().version,
        strategies=[replace(strategy, instruments=knows)],
    )


def test_a_quarantined_alert_is_shown_without_its_secret(desk: Desk) -> None:
    alert_id = refused_alert(desk)
    shown = json.loads(desk.run("quarantine", "show", alert_id).stdout)
    assert (shown["status"], shown["opened"]) == (422, ["trend"])
    assert json.loads(shown["body"])["secret"] == "[blanked]"
    assert desk.tokens["trend"] not in desk.run("quarantine", "list").stdout


def test_a_mended_alert_is_taken_after_a_dry_run(desk: Desk) -> None:
    alert_id = refused_alert(desk)
    assert "is still no signal: ticker is 'DOGEUSD'" in desk.refusal(
        "quarantine", "replay", alert_id, code=1
    )
    mend()
    shown = desk.run("quarantine", "replay", alert_id).stdout
    assert "signal trend DOGEUSD long RECEIVED" in shown
    assert "Dry run: --yes takes it." in shown
    assert desk.read("signals") == []
    desk.tick()
    taken = desk.run("quarantine", "replay", alert_id, "--yes").stdout
    assert taken.endswith("Taken; the next tick decides.\n")
    assert [row["ticker"] for row in desk.read("signals")] == ["DOGEUSD"]
    assert desk.read("quarantine", "list") == []
    desk.tick()
    assert [row["symbol"] for row in desk.read("positions")] == ["DOGE/USD"]


def test_a_late_entry_is_announced_and_then_skipped(desk: Desk) -> None:
    alert_id = refused_alert(desk)
    mend()
    desk.clock.advance_to(desk.clock.now().replace(hour=23))
    shown = desk.run("quarantine", "replay", alert_id, "--yes").stdout
    assert "It fired 2026-03-02T12:00:00Z, and trend enters at most " in shown
    desk.tick()
    [row] = desk.read("signals")
    assert row["status"] in {"SKIPPED", "EXPIRED"}
    assert desk.read("positions") == []


def set_timeframe(timeframe: str) -> None:
    strategy = bootstrap.strategies().strategy("trend")
    assert strategy is not None
    bootstrap.strategies().apply(
        expected_version=bootstrap.strategies().configuration().version,
        strategies=[replace(strategy, timeframe=timeframe, max_lag=None)],
    )


def given_up_signal(desk: Desk) -> str:
    """An entry whose age cannot be judged: the timeframe is more days than there are."""
    desk.configure()
    set_timeframe("99999999999w")
    signal_id = desk.alert("trend", "BTCUSD", "long")
    for number in range(1, 6):
        desk.tick()
        [row] = desk.read("signals")
        assert f"planning has failed on it {number} of 5 times: OverflowError" in row["reason"]
        assert (row["status"] == "QUARANTINED") is (number == 5)
    return signal_id


def test_a_signal_that_was_given_up_is_listed_and_shown(desk: Desk) -> None:
    signal_id = given_up_signal(desk)
    [row] = desk.read("quarantine", "list")
    assert (row["id"], row["status"], row["excerpt"]) == (signal_id, "QUARANTINED", "BTCUSD long")
    assert row["reason"].startswith("paper: planning has failed on it 5 of 5 times: Overflow")
    assert signal_id in desk.run("quarantine", "list").stdout
    desk.clock.advance_to(desk.clock.now() + timedelta(minutes=1))
    newer = refused_alert(desk, known=True)
    assert [row["id"] for row in desk.read("quarantine", "list")] == [newer, signal_id]
    assert [row["id"] for row in desk.read("quarantine", "list", "--limit", "1")] == [newer]
    shown = json.loads(desk.run("quarantine", "show", signal_id).stdout)
    assert (shown["status"], shown["outcomes"][0]["account"]) == ("QUARANTINED", "paper")
    check = {c["name"]: c for c in desk.read("doctor", "--offline")}["quarantine"]
    assert check["detail"] == (
        "1 alert could not become signals, 1 signal could not be planned: crypto-bot quarantine "
        "list"
    )


def test_a_signal_that_was_given_up_is_taken_again_after_a_dry_run(desk: Desk) -> None:
    signal_id = given_up_signal(desk)
    assert desk.refusal("quarantine", "drop", signal_id, "--yes", code=1) == (
        f"signal {signal_id} has ended and stays on record; leaving it alone is enough"
    )
    set_timeframe("1h")
    shown = desk.run("quarantine", "replay", signal_id).stdout
    assert f"signal trend BTCUSD long RECEIVED: {signal_id}" in shown
    assert "Dry run: --yes takes it." in shown
    assert [row["status"] for row in desk.read("signals")] == ["QUARANTINED"]
    taken = desk.run("quarantine", "replay", signal_id, "--yes").stdout
    assert taken.endswith("Taken; the next tick decides.\n")
    assert desk.read("quarantine", "list") == []
    desk.tick()
    assert [row["status"] for row in desk.read("signals")] == ["EXECUTED"]
    assert [row["symbol"] for row in desk.read("positions")] == ["BTC/USD"]


def test_a_replayed_entry_that_is_late_is_announced(desk: Desk) -> None:
    signal_id = given_up_signal(desk)
    set_timeframe("1m")
    shown = desk.run("quarantine", "replay", signal_id, "--yes").stdout
    assert "and trend enters at most 0:01:00 later: the next tick skips it." in shown
    desk.tick()
    assert [row["status"] for row in desk.read("signals")] == ["EXPIRED"]


def test_an_alert_is_dropped_after_a_dry_run(desk: Desk) -> None:
    alert_id = refused_alert(desk)
    assert "Dry run: --yes drops it." in desk.run("quarantine", "drop", alert_id).stdout
    assert len(desk.read("quarantine", "list")) == 1
    assert "Dropped." in desk.run("quarantine", "drop", alert_id, "--yes").stdout
    assert desk.read("quarantine", "list") == []
    for verb in ("show", "drop", "replay"):
        said = desk.refusal("quarantine", verb, alert_id, code=1)
        assert said.startswith(f"there is no alert {alert_id} in quarantine; crypto-bot quarantine")
