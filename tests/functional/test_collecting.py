"""A market's trades as an owner asks for them: the verb, and beside the trading in `run`."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.lakes.folder import FolderLake
from tests.functional.running import run_to_its_end, running
from tests.functional.stage_on_aws import typed
from tests.market.binance_streams import BinanceStreams, wait_until
from tests.market.program import Machine
from tests.market.trades_venue import TradesVenue

BTC = "BTCUSDT"
MINUTE = timedelta(minutes=1)
MARKET = ("--no-demo", "--market", "BTC/USDT", "--collect")


@pytest.fixture
def begun() -> datetime:
    """The minute that is under way; the one before counts as whole five seconds after its end."""
    return (SystemClock().now() - timedelta(seconds=6)).replace(second=0, microsecond=0)


@pytest.fixture
def venue(begun: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[TradesVenue]:
    """One trade a second in the three minutes before."""
    with TradesVenue(now=SystemClock().now) as serving:
        for second in range(180):
            serving.trade(BTC, begun - 3 * MINUTE + timedelta(seconds=second))
        monkeypatch.setenv("MARKET_REST_URL", serving.url)
        yield serving


@pytest.fixture
def machine(tmp_path: Path, venue: TradesVenue) -> Machine:
    return Machine(home=tmp_path, environment={"MARKET_REST_URL": venue.url})


def collected(home: Path) -> dict[str, bytes]:
    with closing(FolderLake(home / "lake")) as lake:
        found = {key: lake.get(key) or b"" for key, _ in lake.objects("trades/")}
    return {key: content for key, content in found.items() if key.endswith(".gz")}


def test_the_verb_brings_the_lake_up_to_date_and_again_changes_nothing(
    machine: Machine, begun: datetime
) -> None:
    since = f"{begun - 3 * MINUTE:%Y-%m-%dT%H:%M}"
    assert (
        machine.command("collect-trades", "BTC/USDT", "--since", since) == "BTCUSDT: up to date\n"
    )
    before = collected(machine.home)
    assert len(before) == 3
    for words in (("btcusdt",), ("BTCUSDT", "BTC/USDT", "--since", since)):
        assert machine.command("collect-trades", *words) == "BTCUSDT: up to date\n"
        assert collected(machine.home).items() >= before.items()
    machine.command("worker", "summarise", "--once")
    rows = json.loads(machine.command("summaries", "--json"))
    assert [(row["total_count_b"], row["total_count_s"]) for row in rows] == [(30, 30)] * 3


def test_beside_the_trading_the_newest_minute_is_shown_and_a_kill_changes_nothing(
    machine: Machine, begun: datetime, tmp_path: Path
) -> None:
    since = f"{begun - 3 * MINUTE:%Y-%m-%dT%H:%M}"
    machine.command("collect-trades", BTC, "--since", since)
    before = collected(tmp_path)
    newest = f"market: BTCUSDT {begun - MINUTE:%H:%M} 30 bought, 30 sold"
    with running(tmp_path, *MARKET, until=newest) as program:
        program.kill()
    with running(tmp_path, *MARKET, until=newest) as program:
        assert program.interrupt() == 0
    assert program.lines[-1].startswith("Ran ")
    assert collected(tmp_path) == before


def test_a_stream_is_kept_and_summed_up_beside_the_trading_whatever_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BinanceStreams() as streams:
        monkeypatch.setenv("MARKET_STREAM_URL", streams.stream_address)
        monkeypatch.setenv("MARKET_REST_URL", streams.rest_address)
        options = ("--no-demo", "--market", "BTC/USDT")
        with running(tmp_path, *options) as program:
            wait_until(lambda: bool(streams.open))
            streams.trade(150)
            program.read_start(until="bought")
            streams.trade(20)
            program.kill()
        streams.trade(30, told=False)  # REST knows them
        with running(tmp_path, *options) as program:
            wait_until(lambda: bool(streams.open))
            streams.trade(60)
            program.read_start(until=f"market: {_minute_of(streams.trades[-30])}")
            assert program.interrupt() == 0
        assert program.lines[-1].startswith("Ran ")
        lines = [line for found in collected(tmp_path).values() for line in _lines(found)]
        ids = [json.loads(line)["a"] for line in lines]
        assert len(ids) == len(set(ids))
        first = streams.trades[0]["a"]
        assert sorted(ids) == list(range(first, max(ids) + 1))
        assert max(ids) > first + 200


def _minute_of(fact: dict[str, Any]) -> str:
    return f"BTCUSDT {datetime.fromtimestamp(fact['T'] / 1000, UTC):%H:%M} "


def _lines(content: bytes) -> list[bytes]:
    return gzip.decompress(content).splitlines()


@pytest.mark.usefixtures("venue")
def test_without_a_whole_minute_the_market_is_waited_for(tmp_path: Path) -> None:
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "1", *MARKET)
    assert ended.returncode == 0, ended.stderr
    assert "market: BTCUSDT no whole minute yet" in ended.stdout.splitlines()


@pytest.mark.usefixtures("venue")
def test_what_a_market_lacks_is_shown_beside_the_others(tmp_path: Path) -> None:
    options = ("--no-demo", "--collect", "--market", "BTC/USDX", "--market", "BTC/USDT")
    with running(tmp_path, *options, until="market: BTCUSDX 127.0.0.1 knows no") as program:
        assert program.interrupt() == 0
    shown = next(line for line in program.lines if "knows no symbol" in line)
    assert shown.endswith("such as BTCUSDT | BTCUSDT no whole minute yet")


@pytest.mark.parametrize(
    ("options", "environment", "told"),
    [
        (["--collect"], {}, "--collect is about markets; name one such as --market BTC/USDT"),
        (
            ["--market", "BTC/USDT", "--replay-clock", "--prices", "x"],
            {},
            "--market keeps the trade",
        ),
        (["--market", "../x"], {}, "--market has '../x'; it must be a market such as BTC/USDT"),
        (["--market", "BTC/USDT"], {"LAKE_BUCKET": "lake"}, "LAKE_BUCKET is set, and S3 tells"),
    ],
)
def test_a_run_that_could_keep_no_trades_does_not_start(
    tmp_path: Path, options: list[str], environment: dict[str, str], told: str
) -> None:
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "1", *options, **environment)
    assert ended.returncode == 2, ended.stdout
    assert ended.stderr.startswith(f"crypto-bot: {told}"), ended.stderr


@pytest.mark.usefixtures("venue")
def test_an_unknown_symbol_is_told_and_fails_the_verb(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    ended = typed("collect-trades", "BTCUSDX", BTC, *home)
    assert ended.exit_code == 1
    assert ended.stdout.splitlines() == [
        "BTCUSDX: 127.0.0.1 knows no symbol BTCUSDX; it must be as the venue writes it, such as"
        " BTCUSDT",
        "BTCUSDT: up to date",
    ]
    assert typed("collect-trades", "a b", *home).exit_code == 2
    assert typed("collect-trades", BTC, "--since", "now", *home).exit_code == 2
