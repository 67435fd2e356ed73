"""`crypto-bot worker`: goes on by itself when what it needs is back, and ends in order."""

import signal
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.tables.mysql import MysqlTradeFlow
from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
from chalicelib.domain.market.bus_message import Record
from tests.market.floor import SECOND, START, trade
from tests.market.mariadb import mariadb
from tests.market.program import Machine

PATIENCE = 90.0


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.1)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    home = tmp_path / "home"
    home.mkdir()
    with closing(
        SqliteBus(home / "bus.sqlite3", SystemClock(), retention=timedelta(days=1))
    ) as bus:
        trades = [trade(n, START + 10 * n * SECOND) for n in range(20)]
        bus.publish("trades", [Record(b"BTCUSDT", message) for message in [*trades, b"rubbish"]])
    return Machine(home=home)


def said(machine: Machine) -> str:
    return (machine.home / "worker.log").read_text(encoding="utf-8")


def test_rows_wait_for_a_database_that_is_down(machine: Machine, tmp_path: Path) -> None:
    machine.command("worker", "archive", "--once")
    with mariadb(tmp_path) as server:
        machine.environment = {"TRADE_FLOW_URL": server.url}
        server.kill()
        worker = machine.start("worker", "summarise")
        wait_for(lambda: "beginning anew in" in said(machine))
        assert "made-up" not in said(machine)
        with closing(FolderLake(machine.home / "lake")) as lake:
            assert len(lake.changes(10)) == 5  # four minutes and the quarantine
            server.start()
            wait_for(lambda: not lake.changes(10))
        worker.send_signal(signal.SIGINT)
        assert worker.wait(PATIENCE) == 0
        with closing(MysqlTradeFlow(server.address)) as table:
            assert [row.total_count_b + row.total_count_s for row in table.newest(9)] == [
                2,
                6,
                6,
                6,
            ]


def test_a_lake_that_cannot_be_written_is_tried_again(machine: Machine) -> None:
    lake = machine.home / "lake"
    lake.write_text("in the way", encoding="utf-8")
    worker = machine.start("worker", "archive")
    wait_for(lambda: "beginning anew in" in said(machine))
    lake.unlink()
    with closing(FolderLake(lake)) as opened:
        wait_for(lambda: len(opened.objects("trades/")) == 4)
        wait_for(lambda: len(opened.objects("quarantine/")) == 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert "1 messages are no trades; see quarantine/trades" in said(machine)


def test_a_damaged_object_is_told_and_mended_by_writing_it_anew(machine: Machine) -> None:
    machine.command("worker", "archive", "--once")
    with closing(FolderLake(machine.home / "lake")) as lake:
        key = lake.objects("trades/")[0].key
        whole = lake.get(key) or b""
        lake.put(key, whole[:-1])
    machine.command("worker", "summarise", "--once")
    swept = machine.command("sweep-summaries", "--since", "2024-08-08")
    assert swept == "4 minutes looked at, 0 summed up again, 1 withheld\n"
    with closing(FolderLake(machine.home / "lake")) as lake:
        lake.put(key, whole)
    swept = machine.command("sweep-summaries", "--since", "2024-08-08T23")
    assert swept == "4 minutes looked at, 1 summed up again, 0 withheld\n"
    with closing(SqliteTradeFlow(machine.home / "summaries.sqlite3")) as table:
        assert len(table.newest(9)) == 4
    text = machine.command("summaries", "--limit", "1")
    assert "2024-08-08T23:58:00Z" in text


def test_nothing_summed_up_yet_is_said(tmp_path: Path) -> None:
    machine = Machine(home=tmp_path)
    assert machine.command("summaries") == "No minutes have been summed up yet.\n"
    assert machine.command("summaries", "--json") == "[]\n"


def test_a_lake_on_s3_has_no_summarising_worker(tmp_path: Path) -> None:
    machine = Machine(home=tmp_path, environment={"LAKE_BUCKET": "lake"})
    with pytest.raises(AssertionError, match="S3 tells the function summarize_trades"):
        machine.command("worker", "summarise", "--once")
