"""Of all that a trading table's stream shows, exactly fresh urgent signals wake the tick."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.services.trading.close_strategy import close_strategy
from tests.infra.stream_filter import passes
from tests.trading_floor import TradingFloor

REGION = "eu-west-1"
TICK = "crypto_bot-prod-tick"
MAPPING = "aws_lambda_event_source_mapping.urgent[0]"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A table with the stream that Terraform gives it, and what the stream has shown."""
    # botocore would ask a stream at an address with the account's number, which moto does not know.
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    with mock_aws():
        client = aws_client("dynamodb", region=REGION)
        create_table(client, "state")
        client.update_table(
            TableName="state",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        yield DynamoDbTable(client, "state"), partial(_records, client)


def _records(client: Any) -> list[Any]:
    streams = aws_client("dynamodbstreams", region=REGION)
    arn = client.describe_table(TableName="state")["Table"]["LatestStreamArn"]
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    records: list[Any] = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return records


def test_an_urgent_signal_wakes_the_tick_once_and_nothing_else_does(plans, stream):
    [rule] = plans["prod"].one(MAPPING)["filter_criteria"][0]["filter"]
    pattern = json.loads(rule["pattern"])
    table, shown = stream
    floor = TradingFloor(
        {"BTC/USDT": "100", "ETH/USDT": "10"}, {"btc": "0.5", "eth": "0.3"}, table=table
    )
    ordinary = [floor.alert("btc", "long"), floor.alert("eth", "long")]
    floor.tick()
    floor.clock.pass_time(minutes=1)
    stop = floor.alert("btc", "flat", urgent=True)
    # As a tick writes it that has settled it with one of two accounts.
    floor.ports.signals.update(floor.signal(stop))
    floor.tick()
    floor.clock.pass_time(minutes=1)
    closed = close_strategy(floor.ports, "eth")
    floor.tick()

    urgent = [stop, *(signal.id for signal in closed)]
    assert len(urgent) == 2
    for name in (*ordinary, *urgent):
        assert floor.outcome(name)[0] is SignalStatus.EXECUTED
    records = shown()
    woken = [r["dynamodb"]["Keys"]["pk"]["S"] for r in records if passes(pattern, r)]
    assert woken == [f"signal#{name}" for name in urgent]
    written = [r["dynamodb"]["Keys"]["pk"]["S"] for r in records]
    assert written.count(woken[0]) > 1, "the tick's own writes of the same signal are shown, too"


def test_a_failing_wake_up_ends_with_the_dead_letters(plans):
    plan = plans["prod"]
    mapping = plan.one(MAPPING)
    assert mapping["function_name"] == TICK
    assert 0 <= mapping["maximum_retry_attempts"] <= 5
    assert 60 <= mapping["maximum_record_age_in_seconds"] <= 600
    calls = plan.all("aws_lambda_function_event_invoke_config").values()
    retries = {call["function_name"]: call["maximum_retry_attempts"] for call in calls}
    assert retries == {TICK: 0, "crypto_bot-prod-report_performance": 2}
    for part in (mapping, *calls):
        assert part["destination_config"][0]["on_failure"]


def test_nothing_is_tied_to_functions_that_are_not_deployed_yet(plans):
    assert not {"aws_lambda_event_source_mapping", "aws_lambda_function_event_invoke_config"} & (
        plans["dev"].kinds
    )
