"""How each stage ran last: one record each, whoever keeps it and whoever ran it."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.stores.stage_runs import TableStageRuns
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.stage_run import Outcome, StageRun
from chalicelib.drivers.table import Row, Table
from chalicelib.services.market.record_run import recorded

NOON = datetime(2024, 8, 8, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Closing:
    """Counts how often a table was let go of."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def closing() -> Closing:
    return Closing()


@pytest.fixture
def runs(table: Table, closing: Closing) -> TableStageRuns:
    return TableStageRuns(table, closing)


def fail(
    error: Exception, runs: TableStageRuns, clock: ReplayClock, took: timedelta = MINUTE
) -> None:
    with recorded("load_candles", runs, clock) as run:
        run.trouble = ("before",)
        clock.advance_to(clock.now() + took)
        raise error


def test_the_last_run_of_each_stage_is_kept_as_it_was(runs: TableStageRuns) -> None:
    load = StageRun(
        stage="load_candles",
        began_at=NOON,
        ended_at=NOON + timedelta(seconds=1, microseconds=5),
        outcome=Outcome.PARTLY,
        rows=123,
        trouble=("BTC/USDT is away", "é"),
        as_of=NOON - MINUTE,
        done_at=None,
        failing_since=NOON,
    )
    rank = StageRun(stage="rank_markets", began_at=NOON, ended_at=NOON, outcome=Outcome.FAILED)
    assert (runs.all(), runs.last("load_candles")) == ([], None)
    runs.save(rank)
    runs.save(rank)
    runs.save(load)
    assert runs.all() == [load, rank]
    assert runs.last("load_candles") == load
    assert load.duration == timedelta(seconds=1, microseconds=5)
    assert (load.lag(NOON + MINUTE), rank.lag(NOON)) == (2 * MINUTE, None)


def test_a_run_is_recorded_however_it_ends(runs: TableStageRuns, closing: Closing) -> None:
    clock = ReplayClock(NOON)
    with recorded("load_candles", runs, clock) as run:
        run.rows, run.as_of = 7, NOON - MINUTE
        clock.advance_to(NOON + MINUTE)
    good = runs.last("load_candles")
    assert good is not None
    assert run.ended == good
    assert (good.began_at, good.ended_at, good.rows) == (NOON, NOON + MINUTE, 7)
    assert (good.outcome, good.done_at) == (Outcome.DONE, NOON + MINUTE)
    with pytest.raises(ZeroDivisionError):
        fail(ZeroDivisionError(), runs, clock, MINUTE)
    with recorded("load_candles", runs, clock) as run:
        clock.advance_to(NOON + 3 * MINUTE)
        run.rows, run.trouble = 2, ("ETH/USDT is away",)
    bad = runs.last("load_candles")
    assert bad is not None
    assert (bad.outcome, bad.rows, bad.trouble) == (Outcome.PARTLY, 2, ("ETH/USDT is away",))
    assert (bad.done_at, bad.failing_since) == (NOON + MINUTE, NOON + 2 * MINUTE)
    assert bad.as_of == NOON - MINUTE  # it made nothing newer
    with recorded("load_candles", runs, clock):
        pass
    again = runs.last("load_candles")
    assert again is not None
    assert (again.outcome, again.failing_since) == (Outcome.DONE, None)
    assert closing.times == 4


def test_what_failed_says_why(runs: TableStageRuns) -> None:
    with pytest.raises(StoreUnavailable):
        fail(StoreUnavailable("the lake is away"), runs, ReplayClock(NOON))
    [found] = runs.all()
    assert (found.outcome, found.trouble) == (Outcome.FAILED, ("before", "the lake is away"))


def test_a_record_that_cannot_be_read_is_written_anew(table: Table, runs: TableStageRuns) -> None:
    for rubbish in ("{}", "[]", '{"began_at": 1}'):
        table.overwrite([Row(partition="stage", sort="x", document=rubbish, version=1)])
        with pytest.raises(StoreUnavailable, match="record of x cannot be read"):
            runs.all()
    with recorded("x", runs, ReplayClock(NOON)):
        pass
    assert [run.outcome for run in runs.all()] == [Outcome.DONE]


def test_a_stage_does_its_work_where_no_record_can_be_kept() -> None:
    class Away:
        def __getattr__(self, name: str) -> object:
            raise StoreUnavailable("the disk is full")

    clock = ReplayClock(NOON)
    for kept in (None, TableStageRuns(Away(), Closing())):  # type: ignore[arg-type]
        with recorded("load_candles", kept, clock) as run:
            run.rows = 3
        assert (run.ended.rows, run.ended.outcome) == (3, Outcome.DONE)
