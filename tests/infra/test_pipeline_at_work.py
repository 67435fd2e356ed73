"""The state machine calls the real functions, and an empty lake ends in analyses."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from tests.infra.test_pipeline import MACHINE
from tests.market.public_binance import PublicBinance, candles_from, published, publisher

HOUR = timedelta(hours=1)
STAGES = "rank_markets collect_candles load_candles analyse_instruments analyse_markets"

# In a process of its own: what functions there are is decided when the application is loaded.
PROGRAM = """
import json, sys, time
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
asked = json.load(sys.stdin)
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    from chalicelib.drivers.boto3_session import aws_client
    from chalicelib.drivers.dynamodb_table import create_table
    region = "eu-west-1"
    where = {"LocationConstraint": region}
    aws_client("s3", region=region).create_bucket(Bucket="lake", CreateBucketConfiguration=where)
    create_table(aws_client("dynamodb", region=region), "series")
    import app
    class Context:
        def get_remaining_time_in_millis(self):
            return 300_000
    called = []
    def invoke(function, event=None):
        name = function.function_name.rpartition("-")[2]
        answer = getattr(app, name)(event, Context())
        called.append([name, event["detail"], answer])
        return json.dumps(answer), False, ""
    LambdaFunction._invoke_lambda = invoke
    role = aws_client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    role = role["Role"]["Arn"]
    for name in app.app.handler_map:
        aws_client("lambda", region=region).create_function(
            FunctionName=f"crypto_bot-prod-{name}", Role=role, Handler="app.function",
            Runtime="python3.12", Code={"ZipFile": b"nothing"})
    machines = aws_client("stepfunctions", region=region)
    made = machines.create_state_machine(name="m", definition=asked, roleArn=role)
    run = machines.start_execution(stateMachineArn=made["stateMachineArn"], input="{}")
    for _ in range(3000):
        ended = machines.describe_execution(executionArn=run["executionArn"])
        if ended["status"] != "RUNNING":
            break
        time.sleep(0.02)
    from chalicelib.bootstrap.series import analyses
    found = {subject: len(analyses().newest(subject, 9)) for subject in
             ("binance", "binance BTC/USDT", "binance ETH/USDT")}
    print(json.dumps({"status": ended["status"], "called": called, "analyses": found}))
"""


@pytest.mark.slow
def test_from_an_empty_lake_to_analyses(plans, tmp_path: Path) -> None:
    start = SystemClock().now().replace(minute=0, second=0, microsecond=0) - 30 * HOUR
    with PublicBinance("BTC/USDT", "ETH/USDT") as venue, publisher() as lists:
        published(lists, {"BTC": 900, "ETH": 300})
        for market in ("BTCUSDT", "ETHUSDT"):
            venue.candles[market, "1h"] = candles_from(start, 29)
        said = run(
            tmp_path,
            plans["everything"].one(MACHINE)["definition"],
            CANDLE_VENUE_OPTIONS=json.dumps(venue.options),
            COINGECKO_URL=lists.url,
            BINANCE_LISTS_URL=lists.url,
        )
    assert said["status"] == "SUCCEEDED", said
    names = [name for name, *_ in said["called"]]
    assert names[:2] == ["rank_markets", "collect_candles"]
    assert sorted(names[2:-1]) == ["analyse_instruments"] * 2 + ["load_candles"] * 2
    assert names[-1] == "analyse_markets"
    loaded = {d["symbol"]: answer for name, d, answer in said["called"] if name == "load_candles"}
    assert loaded.keys() == {"BTC/USDT", "ETH/USDT"}
    assert all(answer["rows"] > 29 for answer in loaded.values())
    assert said["analyses"] == {"binance": 1, "binance BTC/USDT": 1, "binance ETH/USDT": 1}


def run(home: Path, definition: str, **environment: str) -> Any:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(definition),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={
            "PATH": "",
            "PYTHONPATH": "crypto_bot",
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "CRYPTO_BOT_REGION": "eu-west-1",
            "CRYPTO_BOT_HOME": str(home),
            "CANDLE_STAGES_ON": "pipeline",
            "LAKE_BUCKET": "lake",
            "CANDLE_VENUE": "binance",
            "SERIES_TABLE": "series",
            "MARKET_FUNCTIONS": STAGES,
            "RANKING_MIN_VOLUME": "0",
            **environment,
        },
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
