"""Stages of market data that are run from the dashboard, each in a process of its own."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.local.home import locked
from chalicelib.local.pipeline.stages import STAGES
from chalicelib.settings import Settings
from tests.functional.dashboard import Dashboard, dashboard

PATIENCE = 40.0


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Dashboard]:
    with dashboard(tmp_path / "home") as opened:
        bootstrap.home_folder()
        yield opened


def row(page: Dashboard, stage: str) -> Any:
    return next(one for one in page.get("/pipelines")["stages"] if one["stage"] == stage)


def ended(page: Dashboard, stage: str) -> Any:
    """The stage's row once the run that was begun here is over."""
    deadline = time.monotonic() + PATIENCE
    while (found := row(page, stage))["job"]["state"] == "running":
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_a_stage_is_run_and_its_record_says_how(page: Dashboard):
    assert row(page, "analyse_markets")["job"] is None
    begun = page.act("/pipelines/analyse_markets/run", status=202)
    assert (begun["kind"], begun["state"]) == ("stage", "running")
    assert page.get(f"/jobs/{begun['id']}")["about"] == {"stage": "analyse_markets"}

    found = ended(page, "analyse_markets")
    assert (found["outcome"], found["job"]["state"], found["job"]["error"]) == ("done", "done", "")
    assert row(page, "load_candles")["outcome"] == "never"
    [deed] = page.get("/audit")["deeds"]
    assert (deed["act"], deed["about"]) == (
        "POST /pipelines/{stage}/run",
        {"stage": "analyse_markets"},
    )


def test_two_stages_never_run_at_once_in_one_home(page: Dashboard):
    with locked(page.home / "stages.lock") as is_ours:
        assert is_ours
        page.act("/pipelines/analyse_markets/run", status=202)
        found = ended(page, "analyse_markets")
    assert (found["outcome"], found["job"]["state"]) == ("never", "failed")
    assert "another process runs stages in" in found["job"]["error"]


def test_a_stage_that_is_under_way_is_not_begun_again_and_can_be_ended(page: Dashboard):
    begun = page.act("/pipelines/compact_candles/run", status=202)
    again = page.act("/pipelines/compact_candles/run", status=409)
    assert again["error"].startswith("compact_candles runs already;")
    assert page.act(f"/jobs/{begun['id']}/abort")["state"] == "aborted"
    assert ended(page, "compact_candles")["job"]["state"] == "aborted"


def test_what_a_verb_of_its_own_runs_says_which(page: Dashboard):
    offered = {one["stage"] for one in page.get("/pipelines")["stages"] if one["can_run"]}
    assert offered == set(STAGES)
    refused = page.act("/pipelines/collect_trades/run", status=409)
    assert refused["error"] == (
        "collect_trades is not run from here; what runs it is crypto-bot collect-trades"
    )
    page.act("/pipelines/nothing/run", status=404)
    page.act("/pipelines/run_bots/run", status=404)


def test_the_function_of_the_bots_is_listed_where_there_is_one(tmp_path: Path):
    settings = Settings(bot_functions=("run_bots", "bot_sandbox"))
    with dashboard(tmp_path / "home", settings=settings) as page:
        found = row(page, "run_bots")
        assert (found["schedule"], found["can_run"], found["command"]) == (
            "rate(5 minutes)",
            False,
            "",
        )
        assert "bot_sandbox" not in {one["stage"] for one in page.get("/pipelines")["stages"]}
        refused = page.act("/pipelines/run_bots/run", status=409)
        assert refused["error"].endswith("what runs it is its schedule")
