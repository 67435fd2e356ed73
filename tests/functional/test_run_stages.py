"""The embedded schedule of stages: when each runs, that none waits for another, and how it ends."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import notices
from chalicelib.cli.verbs import cli
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.stage_run import Outcome, StageRun
from chalicelib.local.pipeline.run_stage import alone, last_runs
from chalicelib.local.pipeline.schedule import StageSchedule, stage_schedule
from chalicelib.settings import Settings
from tests.functional.running import eventually, run_to_its_end
from tests.market.public_binance import PublicBinance, candles_from, published, publisher

MORNING = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ALL = ("rank_markets", "collect_candles", "load_candles", "compact_candles")


@pytest.fixture
def venue() -> Iterator[PublicBinance]:
    with PublicBinance("BTC/USDT") as venue:
        venue.candles["BTCUSDT", "1h"] = candles_from(MORNING.replace(minute=0) - 49 * HOUR, 49)
        venue.volumes["BTCUSDT"] = Decimal(2_000_000)
        yield venue


@pytest.fixture
def clock(tmp_path: Path, venue: PublicBinance) -> Iterator[ReplayClock]:
    """Of a home folder whose stages are those of `ALL`."""
    clock = ReplayClock(MORNING)
    with publisher() as lists:
        published(lists, {"BTC": 900})
        bootstrap.use(
            Choices(
                settings=Settings(market_functions=(*ALL, "collect_trades")),
                home=tmp_path,
                clock=clock,
                environment={
                    "CANDLE_VENUE_OPTIONS": json.dumps(venue.options),
                    "COINGECKO_URL": lists.url,
                    "BINANCE_LISTS_URL": lists.url,
                    "SERIES_INTERVALS": "none",
                    "SERIES_INDICATORS": "none",
                },
            )
        )
        yield clock
        bootstrap.reset()


def given_environment(**changed: str) -> None:
    chosen = bootstrap.choices()
    bootstrap.use(replace(chosen, environment={**(chosen.environment or {}), **changed}))


@contextmanager
def scheduled() -> Iterator[StageSchedule]:
    schedule = stage_schedule()
    assert schedule is not None
    schedule.look = 0.02
    schedule.start()
    try:
        yield schedule
    finally:
        schedule.stop()


def ran(name: str, since: datetime) -> StageRun | None:
    """The record of a run that began then or later."""
    found = last_runs().get(name)
    return found if found is not None and found.began_at >= since else None


def test_stages_run_at_once_in_their_order_and_again_when_they_are_due(clock: ReplayClock) -> None:
    with scheduled() as schedule:
        for name in ALL[:3]:
            first = eventually(partial(ran, name, MORNING))
            assert (first.outcome, first.trouble) == (Outcome.DONE, ())
        assert last_runs()["load_candles"].rows == 49
        assert "collect_trades" not in last_runs()
        eventually(lambda: schedule.status() == "stages: load_candles 01:30, 49 rows")
        later = clock.advance_to(MORNING + HOUR)
        for name in ALL[1:3]:
            eventually(partial(ran, name, later))
        assert ran("rank_markets", later) is None
        assert ran("compact_candles", MORNING) is None
        night = clock.advance_to(MORNING.replace(hour=3, minute=20))
        eventually(lambda: ran("compact_candles", night))
        day = clock.advance_to(MORNING + DAY)
        eventually(lambda: ran("rank_markets", day))


def test_a_start_goes_by_the_record(clock: ReplayClock) -> None:
    with scheduled():
        eventually(lambda: ran("load_candles", MORNING))
        night = clock.advance_to(MORNING.replace(hour=3, minute=20))
        eventually(lambda: ran("compact_candles", night))
        eventually(lambda: ran("load_candles", night))
    soon = clock.advance_to(night + HOUR)
    with scheduled():
        eventually(lambda: ran("load_candles", soon))
    assert ran("rank_markets", soon) is None  # it is due in the night
    slept = clock.advance_to(night + 3 * DAY + HOUR)
    with scheduled():  # the times of day that were slept through are made up for once
        eventually(lambda: ran("compact_candles", slept))


def test_what_fails_is_said_and_tried_again_while_the_others_go_on(
    clock: ReplayClock, venue: PublicBinance
) -> None:
    options = json.dumps(venue.options)
    given_environment(CANDLE_VENUE_OPTIONS=json.dumps({**venue.options, "urls": {"api": {}}}))
    with scheduled() as schedule:
        failed = eventually(lambda: ran("collect_candles", MORNING))
        assert failed.outcome is Outcome.FAILED
        assert eventually(lambda: ran("load_candles", MORNING)).outcome is Outcome.DONE
        told = eventually(schedule.status)
        assert told.startswith("stages: rank_markets partly: binance did not give its markets")
        assert "; collect_candles failed: CANDLE_SYMBOLS is not set" in told
    given_environment(CANDLE_VENUE="nowhere", CANDLE_VENUE_OPTIONS=options)
    with scheduled():
        later = clock.advance_to(MORNING + timedelta(minutes=15))  # not only tomorrow
        again = eventually(lambda: ran("rank_markets", later))
        assert again.trouble[0].startswith("exchange 'nowhere' is unknown")
        assert again.failing_since == MORNING
        eventually(lambda: notices().recent(9))
    [told] = [notice for notice in notices().recent(9) if "rank_markets" in notice.sentence]
    assert told.sentence.startswith("rank_markets fails since 2026-03-02 01:30 UTC and tries again")
    given_environment(CANDLE_VENUE="binance")
    with scheduled() as schedule:
        well = clock.advance_to(MORNING + timedelta(minutes=30))
        assert eventually(lambda: ran("collect_candles", well)).outcome is Outcome.DONE
        eventually(lambda: schedule.status() == "stages: rank_markets 02:00, 1 rows")


def test_a_verb_that_runs_stages_is_waited_for(
    clock: ReplayClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with alone(), scheduled():
        eventually(lambda: "rank_markets waits: another process runs stages" in caplog.text)
        assert last_runs() == {}
    with scheduled():
        eventually(lambda: ran("load_candles", clock.now()))


@pytest.mark.usefixtures("clock")
def test_to_stop_waits_for_one_page_and_no_more(venue: PublicBinance) -> None:
    start = MORNING - 5001 * timedelta(minutes=1)
    venue.candles["BTCUSDT", "1m"] = candles_from(start, 5000, Interval.M1)
    since = f"{start:%Y-%m-%dT%H:%M}"
    given_environment(CANDLE_SYMBOLS="BTC/USDT", CANDLE_INTERVALS="1m", CANDLE_SINCE=since)
    bootstrap.use(
        replace(bootstrap.choices(), settings=Settings(market_functions=("collect_candles",)))
    )
    with scheduled():
        eventually(lambda: list((bootstrap.home() / "lake").glob("candles/**/*.parquet")))
    stopped = last_runs()["collect_candles"]
    assert stopped.trouble == ("it was told to stop; the next run goes on from there",)


@pytest.mark.usefixtures("clock")
def test_stages_that_nobody_has_switched_on_do_not_run() -> None:
    chosen = bootstrap.choices()
    for functions in ((), ("collect_trades", "summarize_trades")):
        bootstrap.use(replace(chosen, settings=Settings(market_functions=functions)))
        assert stage_schedule() is None


def test_a_run_has_the_stages_of_its_environment(tmp_path: Path) -> None:
    ended = run_to_its_end(
        tmp_path,
        *("--for", "10", "--port", "0", "--no-demo"),
        MARKET_FUNCTIONS="load_candles,compact_candles,analyse_markets",
    )
    assert ended.returncode == 0, ended.stderr
    assert "stages: analyse_markets " in ended.stdout
    words = ("pipeline", "status", "--json", "--home", str(tmp_path))
    rows = json.loads(CliRunner().invoke(cli, words).stdout)
    outcomes = {row["stage"]: row["outcome"] for row in rows}
    assert (outcomes["load_candles"], outcomes["analyse_markets"]) == ("done", "done")
    assert (outcomes["compact_candles"], outcomes["rank_markets"]) == ("never", "never")
    ended = run_to_its_end(
        tmp_path, "--for", "1", "--port", "0", MARKET_FUNCTIONS="load_candles", CANDLE_SINCE="x"
    )
    assert ended.returncode == 2
    assert "CANDLE_SINCE is 'x'" in ended.stderr


def test_what_nobody_foresaw_stops_neither_the_others_nor_the_schedule(
    clock: ReplayClock, venue: PublicBinance, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = json.dumps(venue.options)
    given_environment(CANDLE_VENUE_OPTIONS='{"options": 3}', CANDLE_SYMBOLS="BTC/USDT")
    (tmp_path / "stages.sqlite3").write_bytes(b"rubbish" * 1000)
    with scheduled() as schedule:
        eventually(lambda: "collect_candles failed: the log has it" in schedule.status())
        eventually(lambda: list(tmp_path.glob("series.sqlite3")))  # it goes on with the next one
    assert "TypeError: 'int' object does not support" in caplog.text
    assert "how the stages ran last is not known" in caplog.text
    (tmp_path / "stages.sqlite3").unlink()
    with scheduled() as schedule:
        failed = eventually(lambda: ran("collect_candles", MORNING))
        assert failed.trouble == ("'int' object does not support item assignment",)
        eventually(lambda: "collect_candles failed: 'int' object" in schedule.status())
    given_environment(CANDLE_VENUE_OPTIONS=options)
    later = clock.advance_to(MORNING + timedelta(minutes=15))
    with scheduled():
        assert eventually(lambda: ran("collect_candles", later)).outcome is Outcome.DONE
