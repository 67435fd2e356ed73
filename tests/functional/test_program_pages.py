"""Pipelines, settings, channels and the log over the API."""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.series import stage_runs
from chalicelib.domain.market.stage_run import Outcome, StageRun
from chalicelib.domain.operation.channel import Channel, ChannelKind, Notifications
from chalicelib.domain.operation.notice import Notice, Severity
from chalicelib.local.logs import logging_to
from chalicelib.settings import Settings
from tests.canaries import EXCHANGE_SECRET
from tests.functional.dashboard import Dashboard, dashboard
from tests.market.public_binance import Publisher, publisher
from tests.venues.loopback import Answer

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Dashboard]:
    settings = Settings(market_functions=("load_candles",))
    with dashboard(tmp_path / "home", clock=ReplayClock(NOON), settings=settings) as opened:
        yield opened


def test_every_stage_is_listed_before_one_has_run_and_no_file_is_made(page):
    stages = page.get("/pipelines")["stages"]

    assert {row["outcome"] for row in stages} == {"never"}
    assert {row["stage"] for row in stages} >= {"collect_candles", "rank_markets"}
    loads = next(row for row in stages if row["stage"] == "load_candles")
    assert (loads["schedule"], loads["next_at"]) == ("rate(1 hour)", "2026-03-02T13:00:00Z")
    assert loads["command"] == "crypto-bot pipeline run load_candles"
    assert not (page.home / "stages.sqlite3").exists()


def test_a_run_that_failed_says_since_when_why_and_how_far_behind(page):
    run = StageRun(
        stage="load_candles",
        began_at=NOON - HOUR,
        ended_at=NOON - HOUR + timedelta(seconds=90),
        outcome=Outcome.FAILED,
        rows=12,
        trouble=("the lake does not answer",),
        as_of=NOON - 3 * HOUR,
        failing_since=NOON - 2 * HOUR,
    )
    runs = stage_runs()
    assert runs is not None
    with closing(runs):
        runs.save(run)

    row = next(one for one in page.get("/pipelines")["stages"] if one["stage"] == "load_candles")

    assert row == {
        "stage": "load_candles",
        "schedule": "rate(1 hour)",
        "next_at": "2026-03-02T12:00:00Z",
        "command": "crypto-bot pipeline run load_candles",
        "can_run": True,
        "job": None,
        "outcome": "failed",
        "began_at": "2026-03-02T11:00:00Z",
        "ended_at": "2026-03-02T11:01:30Z",
        "seconds": 90.0,
        "rows": 12,
        "as_of": "2026-03-02T09:00:00Z",
        "lag": 10_800,
        "done_at": None,
        "failing_since": "2026-03-02T10:00:00Z",
        "trouble": ["the lake does not answer"],
    }


def test_settings_are_shown_with_the_variable_that_sets_them(page):
    found = page.get("/settings")
    rows = {row["variable"]: row["value"] for row in found["settings"]}

    assert found["stage"] == "local"
    assert rows["LIVE"].startswith("LIVE is not set")
    assert rows["MARKET_FUNCTIONS"] == "load_candles"
    assert rows["LOAD_CANDLES_SCHEDULE"] == "rate(1 hour)"
    assert rows["CRYPTO_BOT_HOME"] == str(page.home)


@pytest.fixture
def telling(page: Dashboard) -> Iterator[Publisher]:  # noqa: ARG001 - its stores are these
    """A channel to a webhook on this machine, whose address is a secret."""
    with publisher() as listener:
        listener.answers[f"/{EXCHANGE_SECRET}"] = Answer(status=204, body="")
        bootstrap.secrets().put("hook", {"url": f"{listener.url}/{EXCHANGE_SECRET}"})
        channel = Channel(name="mine", kind=ChannelKind.WEBHOOK, secret="hook")
        notices().save_notifications(Notifications(channels=(channel,)))
        yield listener


def test_a_channel_is_shown_without_its_address_and_tried(page, telling):
    [channel] = page.get("/notifications")["channels"]
    assert (channel["name"], channel["kind"], channel["trouble"]) == ("mine", "webhook", "")

    dry = page.act("/notifications/mine/test")
    assert "this is a test" in dry["would"]
    assert telling.asked == []

    assert page.act("/notifications/mine/test", confirm=True)["done"].startswith("sent over mine")
    assert len(telling.asked) == 1


def test_a_channel_that_does_not_answer_says_so(page, telling):
    telling.answers.clear()

    refused = page.act("/notifications/mine/test", status=409, confirm=True)

    assert refused["error"].startswith("channel mine: ")
    assert page.act("/notifications/yours/test", status=404)["error"].startswith(
        "there is no channel 'yours'"
    )


def test_notices_are_told_newest_first(page):
    notice = Notice(key="one", severity=Severity.P2, sentence="first", at=NOON)
    for one in (notice, replace(notice, key="two", sentence="second", at=NOON + HOUR)):
        notices().add(one)

    found = page.get("/notices")["notices"]

    assert [row["sentence"] for row in found] == ["second", "first"]
    assert found[0]["at"] == "2026-03-02T13:00:00Z"


def test_the_log_is_read_from_its_end(page):
    page.home.mkdir(exist_ok=True)
    log = logging.getLogger("chalicelib.test")
    with logging_to(page.home, logging.getLogger("chatty")):
        log.info("first")
        log.warning("second: api-secret=hunter22222")
    found = page.get("/logs", limit=5, level="INFO")

    assert found["where"] == str(page.home / "crypto-bot.log")
    mine = [line for line in found["lines"] if line["logger"] == "chalicelib.test"]
    assert [line["level"] for line in mine] == ["WARNING", "INFO"]
    assert "hunter22222" not in mine[0]["message"]
    assert page.get("/logs", containing="FIRST")["lines"][0]["message"] == "first"
    assert page.get("/logs", status=400, level="LOUD")["field"] == "level"
