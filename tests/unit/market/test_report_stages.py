"""How the stages of market data are doing: what ran, what will run, what is left by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.stores.stage_runs import TableStageRuns
from chalicelib.domain.market.stage_run import Outcome, StageRun
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.services.market.report_stages import StageReport, report_stages

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURLY = {"load_candles": "rate(1 hour)", "rank_markets": "cron(0 3 * * ? *)"}
RUN = StageRun(
    stage="load_candles",
    began_at=NOON - HOUR / 2,
    ended_at=NOON - HOUR / 4,
    outcome=Outcome.DONE,
    rows=7,
)


@pytest.fixture
def runs():
    table = SqliteTable(":memory:")
    kept = TableStageRuns(table, table.close)
    yield kept
    kept.close()


def report(stage: str, **rest) -> StageReport:
    return StageReport(**{"stage": stage, "schedule": "", "next_at": None, "run": None, **rest})


def test_where_nothing_ever_ran_every_stage_is_named():
    assert report_stages(["load_candles", "rank_markets"], None, HOURLY, [], NOON) == [
        report("load_candles"),
        report("rank_markets"),
    ]


def test_what_is_switched_on_says_when_it_runs_next(runs):
    runs.save(RUN)

    found = report_stages(list(HOURLY), runs, HOURLY, list(HOURLY), NOON)

    assert found == [
        report("load_candles", schedule="rate(1 hour)", next_at=RUN.began_at + HOUR, run=RUN),
        report("rank_markets", schedule="cron(0 3 * * ? *)", next_at=NOON + 15 * HOUR),
    ]


def test_a_stage_that_nobody_listed_shows_its_record_all_the_same(runs):
    runs.save(RUN)

    assert report_stages(["other"], runs, HOURLY, [], NOON) == [
        report("other"),
        report("load_candles", run=RUN),
    ]
