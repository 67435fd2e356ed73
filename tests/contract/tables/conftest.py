"""The tables of summaries that every stage has to work on alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.adapters.tables.mysql import MysqlTradeFlow
from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
from chalicelib.market_ports.trades import TradeFlowTable
from tests.market.mariadb import DATABASE, Server, mariadb


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with mariadb(tmp_path_factory.mktemp("mariadb")) as running:
        yield running


@pytest.fixture
def sqlite_table(tmp_path: Path) -> Iterator[TradeFlowTable]:
    table = SqliteTradeFlow(tmp_path / "summaries.sqlite3")
    yield table
    table.close()


@pytest.fixture
def mysql_table(server: Server) -> Iterator[TradeFlowTable]:
    with server.as_root() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    table = MysqlTradeFlow(server.address)
    yield table
    table.close()


@pytest.fixture(params=["sqlite_table", "mysql_table"])
def table(request: pytest.FixtureRequest) -> TradeFlowTable:
    chosen: TradeFlowTable = request.getfixturevalue(request.param)
    return chosen
