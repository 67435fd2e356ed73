"""What a deployed function shows: figures for alarms, log lines as JSON, and notices."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from chalice.local import LambdaContext
from chalice.test import Client
from moto import mock_aws

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.operation.figures import FigureName
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.settings import Settings, Stage
from tests.functional.test_app_cold import DEPLOYED, ROOT
from tests.trading_floor import HandClock

TOKEN = "a-token-of-the-strategy"
TEN = {
    "TickHeartbeat",
    "OldestOpenSignalSec",
    "OrdersHeld",
    "UnknownOrderAgeSec",
    "LedgerDrift",
    "BreakerOpen",
    "KeyAuthErrors",
    "Webhook5xx",
    "SignalsQuarantined",
    "DailyLossStop",
}


class Function:
    """The deployed application, called as the gateway and the scheduler would call it."""

    def __init__(self, client: Client, clock: HandClock, capsys: Any) -> None:
        self._client = client
        self._capsys = capsys
        self.clock = clock

    def tick(self) -> Any:
        event = self._client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
        event["time"] = self.clock.now().isoformat().replace("+00:00", "Z")
        return self._client.lambda_.invoke("tick", event).payload

    def post(self, position: str) -> Any:
        message = {
            "time": self.clock.now().isoformat(),
            "ticker": "BTCUSDT",
            "market_position": position,
        }
        return self._client.http.post(
            f"/hook/btc/{TOKEN}",
            headers={"Content-Type": "application/json"},
            body=json.dumps(message).encode(),
        )

    def lines(self, word: str = '"_aws"') -> list[dict[str, Any]]:
        """The metric lines printed since the last time."""
        printed = self._capsys.readouterr().out.splitlines()
        return [json.loads(line) for line in printed if word in line]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Function]:
    # Chalice's client gives every function 3 s; config.json gives a tick 60.
    monkeypatch.setattr("chalice.test.LambdaContext", partial(LambdaContext, max_runtime_ms=60_000))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clock = HandClock()
    with mock_aws():
        create_table(aws_client("dynamodb"), "state")
        settings = Settings(stage=Stage.DEV, table_name="state", cloudwatch_metrics=True)
        bootstrap.use(Choices(settings=settings, clock=clock, workers=InlineWorkers()))
        _configure()
        project = str(Path(application.__file__).parent)
        with Client(application.app, project_dir=project) as client:
            yield Function(client, clock, capsys)
        bootstrap.reset()


def _configure() -> None:
    paper = Account(
        name="paper",
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        prices_from="synthetic",
        exchange_options={"virtual": {"balances": {"USDT": "10000"}}},
    )
    btc = Strategy(
        name="btc",
        instruments={"BTCUSDT": "BTC/USDT"},
        sibling_wait=0,
        token_hashes=(hash_token(TOKEN),),
    )
    following = Subscription(account="paper", strategy="btc", weight=bootstrap.settings().increment)
    bootstrap.strategies().apply(
        expected_version=0, accounts=[paper], strategies=[btc], subscriptions=[following]
    )


class Failing:
    """Some store of the function, of which one method does not answer."""

    def __init__(self, store: Any, method: str) -> None:
        self._store = store
        self._method = method

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            raise StoreUnavailable("the table does not answer")
        return getattr(self._store, name)


def break_store(monkeypatch: pytest.MonkeyPatch, store: str, method: str) -> None:
    ports = bootstrap.trading()
    failing: Any = Failing(getattr(ports, store), method)
    broken = replace(ports, **{store: failing})
    monkeypatch.setattr(bootstrap, "trading", lambda: broken)


def metrics_of(line: dict[str, Any]) -> dict[str, Any]:
    """Names and units of a line's metrics, each with a value, under the one dimension."""
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "crypto-bot"
    assert directive["Dimensions"] == [["stage"]]
    assert line["stage"] == "dev"
    for metric in directive["Metrics"]:
        assert isinstance(line[metric["Name"]], int)
    return {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}


def test_a_tick_is_one_line_of_nine_metrics_with_one_dimension(function):
    function.tick()
    [line] = function.lines()
    units = metrics_of(line)
    assert units.keys() == TEN - {"Webhook5xx"}
    assert {name for name, unit in units.items() if unit == "Seconds"} == {
        "OldestOpenSignalSec",
        "UnknownOrderAgeSec",
    }
    assert (line["TickHeartbeat"], line["OrdersHeld"]) == (1, 0)
    assert line["_aws"]["Timestamp"] == int(function.clock.now().timestamp() * 1000)
    assert (line["message"], line["accounts"]) == ("tick idle", 0)
    assert line["correlation"] != ""


def test_where_nobody_looks_at_metrics_none_is_paid_for(function):
    """The same line, for whoever searches the log."""
    chosen = bootstrap.choices()
    unmetered = replace(bootstrap.settings(), cloudwatch_metrics=False)
    bootstrap.use(replace(chosen, settings=unmetered))
    function.tick()
    [line] = function.lines('"TickHeartbeat"')
    assert "_aws" not in line
    assert (line["TickHeartbeat"], line["stage"], line["message"]) == (1, "dev", "tick idle")


def test_all_lines_together_have_ten_metrics(function, monkeypatch):
    function.tick()
    monkeypatch.setattr(bootstrap.signals(), "_table", Failing(None, "write"))
    assert function.post("long").status_code == 503
    lines = function.lines()
    assert len(lines) == 2
    assert set().union(*(metrics_of(line) for line in lines)) == TEN
    assert metrics_of(lines[1]) == {"Webhook5xx": "Count"}
    assert {name.value for name in FigureName} == TEN


def test_an_alert_that_is_taken_or_refused_is_no_failure_of_ours(function):
    assert function.post("long").status_code == 200
    assert function.post("sideways").status_code == 400
    assert function.lines() == []


def test_a_tick_that_raises_has_no_heartbeat_and_is_raised_and_told(function, monkeypatch):
    function.post("long")
    break_store(monkeypatch, "ledger", "portfolio")
    with pytest.raises(StoreUnavailable):
        function.tick()
    [line] = function.lines()
    assert metrics_of(line).keys() == TEN - {"Webhook5xx", "TickHeartbeat"}
    assert line["message"] == "tick failed"
    assert [notice.sentence for notice in notices().recent(10)] == [
        "a tick failed and is tried again: StoreUnavailable: the table does not answer"
    ]


def test_a_look_that_fails_fails_no_tick_and_costs_no_heartbeat(function, monkeypatch, caplog):
    function.post("long")
    break_store(monkeypatch, "orders", "held")
    assert function.tick()["outcome"] == "worked"
    [line] = function.lines()
    assert metrics_of(line) == {"TickHeartbeat": "Count"}
    assert "nothing could be observed after the tick" in caplog.text


def test_a_channel_that_fails_fails_no_tick(function):
    settings = notices().notifications()
    dead = Channel(
        name="mail", kind=ChannelKind.SNS, topic="arn:aws:sns:eu-west-1:123456789012:gone"
    )
    notices().save_notifications(replace(settings, channels=(dead,)))
    function.tick()
    function.clock.pass_time(minutes=1)
    function.post("flat")
    assert function.tick()["outcome"] == "worked"
    assert notices().dispatch().record("mail").trouble.startswith("topic gone was refused by AWS")
    assert len(notices().undone(10)) == 1


def test_a_signals_lines_carry_its_id_from_the_webhook_to_the_end(function, caplog):
    caplog.set_level(logging.INFO, logger="chalicelib")
    signal_id = function.post("long").json_body["signal_id"]
    function.tick()  # the first look knows of nothing that was before
    function.clock.pass_time(minutes=1)
    second = function.post("flat").json_body["signal_id"]
    function.tick()
    about = [(r.getMessage().split()[0], vars(r).get("signal_id")) for r in caplog.records]
    assert ("alert", signal_id) in about
    assert ("alert", second) in about
    assert ("signal", second) in about


def test_every_line_of_a_deployed_function_is_json():
    program = (
        "import logging, sys; logging.basicConfig(stream=sys.stdout)\n"
        "import app\n"
        "app._LOG.info('mine %s', 1, extra={'signal_id': 's'}); app.app.log.error('its')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "crypto_bot")} | DEPLOYED,
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["message"], line.get("signal_id")) for line in told[-2:]] == [
        ("mine 1", "s"),
        ("its", None),
    ]
