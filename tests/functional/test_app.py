"""The Chalice application, called as API Gateway and the scheduler would call it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
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
from chalicelib.api.access import Operation, declared
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.ports import Exchange
from chalicelib.settings import Settings, Stage
from tests.canaries import OWNER_TOKEN, PATH_TOKEN
from tests.trading_floor import HandClock

PROJECT = Path(application.__file__).parent
TOKEN = PATH_TOKEN
OWNER = OWNER_TOKEN
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A deployed or embedded application with one virtual account, and a clock by hand."""

    client: Client
    clock: HandClock

    def post(self, body: str, path: str = f"/hook/btc/{TOKEN}", content_type: str = "") -> Any:
        headers = {"Content-Type": content_type} if content_type else JSON
        return self.client.http.post(path, headers=headers, body=body.encode())

    def get(self, path: str, token: str = OWNER) -> Any:
        return self.client.http.get(path, headers={"Authorization": f"Bearer {token}"})

    def run_function(self, name: str, **late: float) -> Any:
        """Invoke a scheduled function, `late` after the time that it was scheduled for."""
        event = self.client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
        event["time"] = self.clock.now().isoformat().replace("+00:00", "Z")
        self.clock.pass_time(**late)
        return self.client.lambda_.invoke(name, event).payload

    def alert(self, position: str) -> str:
        message = {
            "time": self.clock.now().isoformat(),
            "ticker": "BTCUSDT",
            "market_position": position,
        }
        answer = self.post(json.dumps(message))
        assert answer.status_code == 200, answer.body
        return str(answer.json_body["signal_id"])


@pytest.fixture(params=["sqlite", "dynamodb"])
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    # Chalice's client gives every function 3 s; config.json gives a tick 60.
    monkeypatch.setattr("chalice.test.LambdaContext", partial(LambdaContext, max_runtime_ms=60_000))
    clock = HandClock()
    if request.param == "sqlite":
        yield from _open(Settings(), clock, tmp_path)
        return
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        create_table(aws_client("dynamodb"), "state")
        yield from _open(Settings(stage=Stage.DEV, table_name="state"), clock, None)


def _open(settings: Settings, clock: HandClock, home: Path | None) -> Iterator[Desk]:
    bootstrap.use(
        Choices(
            settings=settings, home=home, clock=clock, workers=InlineWorkers(), owner_token=OWNER
        )
    )
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[
            Account(
                name="paper",
                exchange="virtual",
                mode=Mode.VIRTUAL,
                quote="USDT",
                prices_from="synthetic",
                exchange_options={"virtual": {"balances": {"USDT": "10000"}}},
            )
        ],
        strategies=[
            Strategy(
                name="btc",
                instruments={"BTCUSDT": "BTC/USDT"},
                sibling_wait=0,
                token_hashes=(hash_token(TOKEN),),
            )
        ],
        subscriptions=[Subscription(account="paper", strategy="btc", weight=Decimal("0.5"))],
    )
    with Client(application.app, project_dir=str(PROJECT)) as client:
        yield Desk(client=client, clock=clock)
    bootstrap.reset()


SEED = json.dumps(
    {
        "ticker": "BTCUSDT",
        "order_action": "buy",
        "order_price": "67656.77",
        "order_comment": "long",
    }
)

# One call per route without a role and per event function; the walk fails when one is missing.
CALLS: dict[str, Callable[[Desk], Any]] = {
    "POST /receive_trade_signals": lambda desk: desk.post(
        SEED, f"/receive_trade_signals?token={TOKEN}"
    ),
    "POST /hook/{strategy}/{token}": lambda desk: desk.post(SEED),
    "GET /alert.schema.json": lambda desk: desk.get("/alert.schema.json"),
    "GET /health": lambda desk: desk.get("/health"),
    "tick": lambda desk: desk.run_function("tick"),
    "report_performance": lambda desk: desk.run_function("report_performance"),
}


PAGES = {"GET /", "GET /ui", "GET /ui/{name}"}  # no JSON: see test_web.py


def described() -> list[Operation]:
    """The routes of data, each with a role."""
    found = (declared(m, path) for path, by in application.app.routes.items() for m in by)
    return [operation for operation in found if operation is not None]


def handlers() -> dict[str, str]:
    """Every event function of the application with the string that Lambda loads it by."""
    app = application.app
    functions: list[Any] = [*app.event_sources, *app.pure_lambda_functions]
    functions += app.builtin_auth_handlers
    return {function.name: function.handler_string for function in functions}


def routes() -> set[str]:
    return {f"{method} {path}" for path, by in application.app.routes.items() for method in by}


def status_of(signal_id: str) -> SignalStatus:
    signal = bootstrap.signals().get(signal_id)
    assert signal is not None
    return signal.status


def test_every_handler_of_the_application_is_called_below():
    with_a_role = {f"{operation.method} {operation.path}" for operation in described()}
    assert set(CALLS) | with_a_role | PAGES == routes() | set(handlers())


def test_every_read_answers_on_either_store(desk):
    """With what it names or with a sentence that it is not there; see tests/functional/api."""
    for operation in described():
        if operation.method == "GET":
            answer = desk.get(re.sub(r"\{\w+\}", "paper", operation.path))
            assert answer.status_code in {200, 400, 404, 409, 422}, (operation.path, answer.body)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_handler_answers_what_json_can_say(desk, name):
    answer = CALLS[name](desk)
    if hasattr(answer, "status_code"):
        assert answer.status_code == 200, answer.body
        answer = answer.json_body
    assert isinstance(answer, dict)
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("handler", ["app.app", *sorted(handlers().values())])
def test_every_handler_can_be_loaded_by_its_string(handler, tmp_path):
    module, name = handler.rsplit(".", 1)
    code = (
        f"import importlib; assert callable(getattr(importlib.import_module({module!r}), {name!r}))"
    )
    environment = {"CRYPTO_BOT_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)


def test_an_alert_becomes_booked_fills_and_an_exit_sells_them(desk):
    entry = desk.alert("long")
    assert desk.run_function("tick", seconds=1) == {"outcome": "worked", "accounts": 1}
    assert status_of(entry) is SignalStatus.EXECUTED
    books = bootstrap.trading().ledger
    bought = books.portfolio("paper", "USDT")
    assert bought.holding("btc", "BTC/USDT").quantity > 0
    assert Decimal(4800) < Decimal(10000) - bought.cash < Decimal(5010)

    desk.clock.pass_time(minutes=1)
    leaving = desk.alert("flat")
    desk.run_function("tick", seconds=1)
    assert status_of(leaving) is SignalStatus.EXECUTED
    assert books.portfolio("paper", "USDT").holding("btc", "BTC/USDT").quantity == 0
    assert desk.run_function("report_performance") == {"points": 2}


def test_the_same_alert_twice_is_one_signal_and_one_order(desk):
    first = desk.alert("long")
    assert desk.alert("long") == first
    desk.run_function("tick")
    desk.clock.pass_time(minutes=1)
    desk.run_function("tick")
    assert len(bootstrap.signals().recent(10)) == 1
    assert len(bootstrap.trading().orders.recent(10)) == 1


def test_a_tick_that_waited_for_longer_than_its_interval_leaves_the_work_to_the_next(desk):
    desk.alert("long")
    assert desk.run_function("tick", seconds=61) == {"outcome": "stale", "accounts": 0}
    assert bootstrap.trading().orders.recent(10) == []


def test_the_owner_reads_the_outcome_and_nobody_else_does(desk):
    signal_id = desk.alert("long")
    desk.run_function("tick")
    signals = desk.get("/signals").json_body["signals"]
    assert [(s["id"], s["status"]) for s in signals] == [(signal_id, "EXECUTED")]
    assert len(desk.get("/orders").json_body["orders"]) == 1
    for path in ("/signals", "/orders", "/portfolios"):
        for token in ("", TOKEN, OWNER + "x", "caf\u00e9"):
            assert desk.get(path, token).status_code == 401
        assert desk.client.http.get(path).status_code == 401


def test_without_an_owners_token_nothing_can_be_read(desk):
    bootstrap.use(replace(bootstrap.choices(), owner_token=""))
    assert desk.get("/signals", "").status_code == 401


class DefectiveExchanges:
    def open(self, account: Account) -> Exchange:
        raise ArithmeticError(f"a defect in opening {account.name}")


def test_an_error_that_nobody_foresaw_makes_the_function_fail(desk):
    desk.alert("long")
    bootstrap.use(replace(bootstrap.choices(), exchanges=DefectiveExchanges()))
    with pytest.raises(ArithmeticError, match="a defect in opening paper"):
        desk.run_function("tick")


@pytest.mark.usefixtures("desk")
def test_the_seeds_variables_join_what_is_stored():
    chosen = bootstrap.choices()
    seed = replace(bootstrap.settings(), exchange_name="gemini", secret_name="keys")
    bootstrap.use(replace(chosen, settings=seed))
    accounts = bootstrap.strategies().configuration().accounts
    assert {name: account.exchange for name, account in accounts.items()} == {
        "default": "gemini",
        "paper": "virtual",
    }
