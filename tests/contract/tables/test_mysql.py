"""MariaDB over a real connection: the promised columns, and what happens when it is down."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql
import pytest

from chalicelib.adapters.tables.mysql import MysqlTradeFlow
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.minute import Minute
from tests.contract.tables.test_trade_flow import SUMMARY
from tests.market.mariadb import Server

BOARD = Path(__file__).parents[3] / "infra/grafana/minute_summary.json"
PROMISED = [
    "timestamp",
    "symbol",
    "total_count_b",
    "total_count_s",
    "total_btc_b",
    "total_btc_s",
    "total_usd_b",
    "total_usd_s",
    "avg_b",
    "avg_s",
]


def asked(server: Server, statement: str) -> Any:
    with pymysql.connect(**server.address) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_the_columns_are_the_promised_ones_in_their_order(
    server: Server, mysql_table: MysqlTradeFlow
) -> None:
    mysql_table.replace(SUMMARY, "one")
    names = [row[0] for row in asked(server, "DESCRIBE minute_summary")]
    assert names == [*PROMISED, "source"]


def test_the_database_computes_with_the_amounts(
    server: Server, mysql_table: MysqlTradeFlow
) -> None:
    mysql_table.replace(SUMMARY, "one")
    ((quotient,),) = asked(server, "SELECT total_usd_b / total_btc_b - avg_b FROM minute_summary")
    assert abs(quotient) < 1e-17
    ((at,),) = asked(server, "SELECT `timestamp` FROM minute_summary")
    assert at.isoformat() == "2024-08-09T00:00:00"


def test_a_server_that_died_is_asked_again_once_it_is_back(
    server: Server, mysql_table: MysqlTradeFlow
) -> None:
    mysql_table.replace(SUMMARY, "one")
    server.kill()
    try:
        for _ in range(2):  # the connection broke, and then there is nobody to connect to
            with pytest.raises(StoreUnavailable, match=r"the database market on 127\.0\.0\.1 says"):
                mysql_table.replace(SUMMARY, "two")
    finally:
        server.start()
    mysql_table.replace(SUMMARY, "three")
    assert mysql_table.newest(10) == [SUMMARY]


def test_a_password_that_was_changed_counts_from_the_next_connection_on(server: Server) -> None:
    def change(password: str) -> None:
        with server.as_root() as connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER USER '{server.address['user']}'@'%' IDENTIFIED BY '{password}'")

    kept = {"password": server.address["password"]}
    table = MysqlTradeFlow({**server.address, "password": ""}, lambda: kept["password"])
    try:
        table.newest(1)
        change("another")
        table.newest(1)  # who is in stays in
        table.close()
        with pytest.raises(SettingsError, match="Access denied"):
            table.newest(1)
        kept["password"] = "another"
        table.newest(1)
    finally:
        change(server.address["password"])
        table.close()


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"database": "nobodys"}])
def test_whoever_is_not_let_in_has_a_wrong_setting(server: Server, wrong: dict[str, str]) -> None:
    table = MysqlTradeFlow({**server.address, **wrong})
    with pytest.raises(SettingsError, match="check TRADE_FLOW_URL") as refusal:
        table.newest(1)
    assert server.address["password"] not in str(refusal.value)
    table.close()


def test_a_deadlock_is_tried_again_later(server: Server, mysql_table: MysqlTradeFlow) -> None:
    mysql_table.replace(SUMMARY, "one")
    with server.as_root() as other, other.cursor() as cursor:
        cursor.execute("USE market")
        other.begin()
        cursor.execute("SELECT * FROM minute_summary FOR UPDATE")
        with server.as_root() as setting, setting.cursor() as setter:
            setter.execute("SET GLOBAL innodb_lock_wait_timeout = 1")
        impatient = MysqlTradeFlow(server.address)
        try:
            with pytest.raises(StoreUnavailable, match="Lock wait timeout"):
                impatient.replace(SUMMARY, "two")
            other.rollback()
            impatient.replace(SUMMARY, "two")
        finally:
            impatient.close()


def test_grafanas_dashboard_asks_what_the_table_answers(
    server: Server, mysql_table: MysqlTradeFlow
) -> None:
    mysql_table.replace(SUMMARY, "one")
    mysql_table.replace(replace(SUMMARY, minute=Minute("ETHUSDT", SUMMARY.minute.start)), "one")
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    [symbols] = [v["query"] for v in board["templating"]["list"] if v["name"] == "symbol"]
    assert set(asked(server, symbols)) == {("BTCUSDT",), ("ETHUSDT",)}
    assert len(board["panels"]) == 5
    for panel in board["panels"]:
        [target] = panel["targets"]
        statement = target["rawSql"].replace("$symbol", "BTCUSDT")
        # As Grafana fills it in.
        period = r"\1 BETWEEN '2024-08-08 23:00:00' AND '2024-08-09 01:00:00'"
        statement = re.sub(r"\$__timeFilter\((.+?)\)", period, statement)
        [row] = asked(server, statement)
        assert row[0].isoformat() == "2024-08-09T00:00:00"
        assert None not in row, panel["title"]
