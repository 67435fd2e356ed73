"""quarantine as the owner types it."""

import json
from dataclasses import replace

from chalicelib import bootstrap
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from tests.functional.cli.owner_desk import Desk


def refused_alert(desk: Desk) -> str:
    """A buy of a coin that the strategy does not know yet; the id in quarantine."""
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
    [row] = desk.read("quarantine", "list")
    return str(row["id"])


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


def test_an_alert_is_dropped_after_a_dry_run(desk: Desk) -> None:
    alert_id = refused_alert(desk)
    assert "Dry run: --yes drops it." in desk.run("quarantine", "drop", alert_id).stdout
    assert len(desk.read("quarantine", "list")) == 1
    assert "Dropped." in desk.run("quarantine", "drop", alert_id, "--yes").stdout
    assert desk.read("quarantine", "list") == []
    for verb in ("show", "drop", "replay"):
        said = desk.refusal("quarantine", verb, alert_id, code=1)
        assert said.startswith(f"there is no alert {alert_id} in quarantine; crypto-bot quarantine")
