"""The function load_candles of a stage that has Timestream: what it may do, writes, and tells."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.functions import series
from chalicelib.settings import Stage
from tests.functional.iam import Recorder, covers
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.test_tick_events import Context
from tests.market.public_binance import candles_from
from tests.market.timestream import DATABASE, TABLE, Timestream, timestream
from tests.trading_floor import HandClock

BUCKET, MARKET_TABLE = "crypto-bot-prod-lake-123456789012", "crypto-bot-prod-market"
BTC = candle_series("binance", "BTC/USDT", "1h")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Timestream]:
    with timestream(monkeypatch) as made:
        yield made


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    made.listen(monkeypatch)
    return made


@pytest.fixture
def on_aws(
    tmp_path: Path, there: Timestream, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OnAws]:
    """Configured with Terraform's word for the table, and candles in the lake."""
    assert (there.asked, recorder.calls) == ([], {})
    with stage_on_aws(tmp_path / "clone", monkeypatch) as made:
        made.edit_config(MARKET_FUNCTIONS="load_candles")
        outputs = outputs_of("prod", series_timestream=f"{DATABASE}.{TABLE}")
        again = typed("configure", "prod", "--outputs", "-", given=json.dumps(outputs))
        assert again.exit_code == 0, again.output
        stages = made.document("config.json")["stages"]
        for name, value in stages["prod"]["environment_variables"].items():
            monkeypatch.setenv(name, value)
        s3 = made.client("s3")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        create_table(made.client("dynamodb"), MARKET_TABLE)
        start = HandClock().now().replace(minute=0, second=0) - timedelta(hours=40)
        ParquetCandles(S3Lake(s3, BUCKET)).write(BTC, candles_from(start, 39))
        yield made


def run(recorder: Recorder) -> Any:
    """As its schedule wakes it, cold."""
    event: Any = SimpleNamespace(source="aws.events", detail={}, context=Context(seconds=300))
    bootstrap.use(Choices(settings=stage_settings(Stage.PROD), clock=HandClock()))
    recorder.caller = "load_candles"
    try:
        return series.load_candles(event)
    finally:
        recorder.caller = ""


def test_it_writes_what_it_loads_with_no_other_rights(
    on_aws: OnAws, there: Timestream, recorder: Recorder
) -> None:
    loaded = run(recorder)
    assert loaded["trouble"] == 0
    assert there.kept() == loaded["rows"] > 39
    rights = [
        (action, resource)
        for statement in on_aws.document("policy-prod-load_candles.json")["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]
    calls = recorder.calls["load_candles"]
    assert sorted(c for c in calls if not any(covers(right, c) for right in rights)) == []
    of_timestream = [right for right in rights if right[0].startswith("timestream:")]
    assert len(of_timestream) == 2
    assert all(any(covers(right, c) for c in calls) for right in of_timestream)
    assert notices().recent(9) == []


@pytest.mark.usefixtures("on_aws")
def test_the_owner_hears_what_is_not_copied(there: Timestream, recorder: Recorder) -> None:
    there.is_away = True
    assert run(recorder)["rows"] > 39, "the time series has them"
    told = {notice.sentence for notice in notices().recent(9)}
    assert len(told) == 3, "of hours, four hours and days"
    for sentence in told:
        assert "are not copied, and will be tried again: Timestream's crypto-bot-prod" in sentence
