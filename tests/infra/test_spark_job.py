"""Spark's job is told where everything is, may no more than it needs, and Athena finds its rows."""

import json
import re
from datetime import UTC, datetime

import pytest

from chalicelib.deployment.host_release import KEY as RELEASE
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from tests.infra.terraform import INFRA, Plan

MODULE = "module.spark_job[0]"
LAKE = "s3://crypto-bot-prod-lake-123456789012"
ARN = "arn:aws:s3:::crypto-bot-prod-lake-123456789012"
SERIES = CandleSeries("binance", "BTC/USDT", Interval.H1)


@pytest.fixture
def plan(plans) -> Plan:
    found: Plan = plans["everything"]
    return found


def may(plan: Plan, action: str) -> list[str]:
    policy = json.loads(plan.one(f"{MODULE}.aws_iam_role_policy.job")["policy"])
    return [
        resource
        for statement in policy["Statement"]
        if action in statement["Action"]
        for resource in statement["Resource"]
    ]


def allowed(plan: Plan, action: str, key: str) -> bool:
    patterns = (re.escape(one).replace("\\*", ".*") for one in may(plan, action))
    return any(re.fullmatch(pattern, f"{ARN}/{key}") for pattern in patterns)


def test_the_job_starts_the_script_with_words_that_it_knows(plan):
    job = plan.one(f"{MODULE}.aws_glue_job.candles")
    [command] = job["command"]
    script = plan.one(f"{MODULE}.aws_s3_object.script")
    assert command["script_location"] == f"{LAKE}/{script['key']}"
    assert command["name"] == "glueetl", "Spark, not a lone Python"
    given = job["default_arguments"]
    assert given["--lake"] == LAKE
    assert given["--release"] == f"{LAKE}/{RELEASE}"
    text = (INFRA / "modules/spark_job/files/transform_candles.py").read_text(encoding="utf-8")
    known = set(re.findall(r'add_argument\("(--\w+)"', text))
    required = set(re.findall(r'add_argument\("(--\w+)", required=True', text))
    own_of_glue = {"--job-bookmark-option", "--TempDir"}
    assert required <= set(given) <= known | own_of_glue
    assert known == {"--lake", "--release", "--intervals", "--indicators"}
    assert (job["worker_type"], job["number_of_workers"], job["max_retries"]) == ("G.1X", 2, 1)
    assert job["execution_property"][0]["max_concurrent_runs"] == 1


def test_it_runs_each_night_after_the_compaction(plan):
    trigger = plan.one(f"{MODULE}.aws_glue_trigger.nightly")
    assert trigger["schedule"] == "cron(50 3 * * ? *)"
    assert trigger["actions"][0]["job_name"] == "crypto-bot-prod-spark-job"


def test_it_reads_candles_and_code_and_writes_series_alone(plan):
    key = SERIES.key(datetime(2024, 8, 1, tzinfo=UTC))
    made = key.replace("candles/", "series/", 1)
    assert allowed(plan, "s3:GetObject", key)
    assert allowed(plan, "s3:GetObject", RELEASE)
    for action in ("s3:PutObject", "s3:DeleteObject"):
        assert allowed(plan, action, made)
        assert allowed(plan, action, "quarantine/series/venue=binance/part-0.txt.gz")
        for other in (key, RELEASE, "trades/x", "quarantine/candles/x", "spark/job.py"):
            assert not allowed(plan, action, other), (action, other)
    assert not allowed(plan, "s3:GetObject", "trades/symbol=BTCUSDT/x")


def test_athena_finds_its_rows_where_a_lakehouse_has_a_catalogue(plan, plans):
    table = plan.one(f"{MODULE}.aws_glue_catalog_table.series[0]")
    assert table["database_name"] == "crypto_bot_prod_lake"
    said = table["parameters"]
    assert said["storage.location.template"] == (
        f"{LAKE}/series/venue=${{venue}}/symbol=${{symbol}}/interval=${{interval}}/dt=${{dt}}/"
    )
    assert said["projection.interval.values"].split(",") == list(Interval)
    for interval in Interval:  # the folders' days are all among the first ones of months
        period = SERIES._replace(interval=interval).period_of(datetime(2024, 8, 8, tzinfo=UTC))
        assert period.day == 1, interval
    assert said["projection.dt.interval.unit"] == "MONTHS"
    assert said["projection.dt.range"].startswith("2017-01-01,")
    [storage] = table["storage_descriptor"]
    columns = {column["name"]: column["type"] for column in storage["columns"]}
    amounts = dict.fromkeys(("open", "high", "low", "close", "volume"), "decimal(38,18)")
    others = {"start": "timestamp", "return": "double", "indicators": "map<string,double>"}
    assert columns == others | amounts
    assert not plans["prod"].all("aws_glue_job"), "off until it is asked for"
