"""S3 event -> function -> MariaDB: the functions that a stage with a database has."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from chalicelib.adapters.tables.mysql import MysqlTradeFlow
from tests.market.floor import SECOND, START, trade
from tests.market.mariadb import Server, mariadb

# In a process of its own: what functions there are is decided when the application is loaded.
PROGRAM = """
import json, sys
from moto import mock_aws
with mock_aws():
    from chalicelib.drivers.boto3_session import aws_client
    s3 = aws_client("s3", region="eu-west-1")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    from chalice.test import Client
    import app
    heavy = {"ccxt", "confluent_kafka", "pymysql", "sqlite3"} & set(sys.modules)
    said = {"before": sorted(heavy), "answers": []}
    with Client(app.app) as client:
        for key, content in json.load(sys.stdin):
            s3.put_object(Bucket="lake", Key=key, Body=bytes.fromhex(content))
            event = client.events.generate_s3_event(bucket="lake", key=key)
            try:
                said["answers"].append(client.lambda_.invoke("summarize_trades", event).payload)
            except Exception as error:
                said["answers"].append(str(error))
        event = client.events.generate_cw_event("aws.events", "", {}, [], "eu-west-1")
        said["sweep"] = client.lambda_.invoke("sweep_summaries", event).payload
    data = {"ccxt", "confluent_kafka", "duckdb", "pandas", "numpy", "pyarrow"} & set(sys.modules)
    print(json.dumps({**said, "after": sorted(data)}))
"""
PREFIX = "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=55/"


@pytest.fixture
def server(tmp_path: Any) -> Iterator[Server]:
    with mariadb(tmp_path) as running:
        yield running


def test_events_become_rows_and_damage_fails_the_function(server: Server) -> None:
    trades = [trade(n, START + n * SECOND) for n in range(10)]
    whole = gzip.compress(b"\n".join(trades[:5]))
    late = gzip.compress(b"\n".join(trades[3:]))
    puts = [
        (PREFIX + "p0-0.jsonl.gz", whole),
        (PREFIX + "p0-9.jsonl.gz", late[:-5]),
        (PREFIX + "p0-9.jsonl.gz", late),
        (PREFIX + "p0-0.jsonl.gz", whole),
        ("trades/readme.jsonl.gz", b""),
    ]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([(key, content.hex()) for key, content in puts]),
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "",
            "PYTHONPATH": "crypto_bot",
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "CRYPTO_BOT_REGION": "eu-west-1",
            "LAKE_BUCKET": "lake",
            "MARKET_FUNCTIONS": "summarize_trades sweep_summaries",
            "TRADE_FLOW_URL": server.url,
        },
    )
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert (said["before"], said["after"]) == ([], [])
    first, damaged, mended, again, other = said["answers"]
    assert first == {"minute": PREFIX, "trades": 5, "rejected": 0}
    assert damaged.startswith(f"{PREFIX}p0-9.jsonl.gz cannot be read")
    assert mended == again == {"minute": PREFIX, "trades": 10, "rejected": 0}
    assert other == {"minute": None, "trades": 0}
    assert said["sweep"] == {"checked": 0, "mended": 0}
    with closing(MysqlTradeFlow(server.address)) as table:
        (row,) = table.newest(10)
    assert (row.total_count_b, row.total_count_s) == (5, 5)
