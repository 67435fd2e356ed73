"""A host that runs `crypto-bot run --stage prod` beside the scheduled function: every order once.

Both are programs of their own over one DynamoDB and one venue, and the venue's own book judges.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from chalicelib.settings import Settings, Stage
from tests.contract.stores.races import REGION, patient_client
from tests.functional.running import TOKEN, eventually
from tests.kill_loop.judge import Evidence, problems
from tests.kill_loop.venue import SITES, Venue, open_venue

ROOT = Path(__file__).parents[2]
TABLE = "crypto-bot-prod-state"
SECRET = "crypto-bot-prod/main"
COINS = ("BTC", "ETH", "SOL", "LTC")
STAGE = {
    "CRYPTO_BOT_STAGE": "prod",
    "CRYPTO_BOT_REGION": REGION,
    "TABLE_NAME": TABLE,
    "SECRET_PREFIX": "crypto-bot-prod/",
}


@dataclass(frozen=True, kw_only=True)
class Hall:
    """One stage, one venue; `folder` is the host's disk."""

    folder: Path
    venue: Venue
    table: DynamoDbTable

    def alerts(self, state: str) -> list[str]:
        """Every strategy's wish, stored as the webhook does; ids of the signals."""
        bootstrap.use(Choices(settings=Settings(), table=self.table))
        fired = datetime.now(UTC).isoformat()  # noqa: TID251 - the program's own clock
        ids = []
        for coin in COINS:
            body = {"time": fired, "ticker": f"{coin}USDT", "market_position": state}
            delivery = Delivery(body=json.dumps(body).encode(), strategy=coin.lower(), token=TOKEN)
            answer = receive_signal(bootstrap.webhook(), delivery)
            assert answer.status == 200, answer.body
            ids.append(answer.body["signal_id"])
        bootstrap.reset()
        return ids

    def is_done(self, ids: list[str]) -> bool:
        store = TableSignalStore(self.table)
        found = [store.get(name) for name in ids]
        return all(signal is not None and signal.status.is_final for signal in found)


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    with ExitStack() as stack:
        url = stack.enter_context(_server())
        for name, value in _credentials(url).items():
            monkeypatch.setenv(name, value)
        venue = stack.enter_context(
            open_venue(SITES["binance"], tmp_path, Decimal(10_000), latency=0.05)
        )
        client = patient_client()
        stack.callback(client.close)
        create_table(client, TABLE)
        table = DynamoDbTable(client, TABLE)
        _configure(table, venue)
        yield Hall(folder=tmp_path, venue=venue, table=table)


def _credentials(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": REGION,
    }


@contextmanager
def _server() -> Iterator[str]:
    words = [sys.executable, "-m", "tests.contract.stores.dynamodb_server"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["url"]
    finally:
        server.kill()
        server.communicate()


def _configure(table: DynamoDbTable, venue: Venue) -> None:
    options = venue.account_options()
    keys = {"api-key": options.pop("apiKey"), "api-secret": options.pop("secret")}
    manager = aws_client("secretsmanager", region=REGION, read_timeout=30)
    manager.create_secret(Name=SECRET, SecretString=json.dumps(keys))
    manager.close()
    account = Account(
        name="main",
        exchange="binance",
        mode=Mode.SANDBOX,
        quote="USDT",
        secret=SECRET,
        exchange_options=options,
    )
    hashes = (hash_token(TOKEN),)
    bootstrap.use(Choices(settings=Settings(), table=table))
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[account],
        strategies=[
            Strategy(
                name=coin.lower(),
                instruments={f"{coin}USDT": f"{coin}/USDT"},
                sibling_wait=0,
                token_hashes=hashes,
            )
            for coin in COINS
        ],
        subscriptions=[
            Subscription(account="main", strategy=coin.lower(), weight=Decimal("0.2"))
            for coin in COINS
        ],
    )
    bootstrap.reset()


@contextmanager
def program(log: Path, *words: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Started; it ends with its stdin, or is killed."""
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=os.environ | STAGE | variables,  # noqa: TID251 - handed on to the program
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_host_and_the_schedule_trade_one_after_the_other(hall: Hall) -> None:
    host_log, function_log = hall.folder / "host.log", hall.folder / "function.log"
    run = ("chalicelib.cli", "run", "--stage", "prod", "--log-format", "json", "--port", "0")
    home = {"CRYPTO_BOT_HOME": str(hall.folder / "home"), "CRYPTO_BOT_PROJECT": str(hall.folder)}
    function = {"AWS_LAMBDA_FUNCTION_NAME": "crypto_bot-prod-tick"}
    with (
        program(host_log, *run, **home) as host,
        program(function_log, "tests.functional.scheduled_function", **function) as schedule,
    ):
        eventually(lambda: "tick idle" in host_log.read_text() and function_log.read_text())
        ids = []
        for state in ("long", "flat", "long"):
            wanted = hall.alerts(state)
            eventually(partial(hall.is_done, wanted))
            ids += wanted
        assert (host.poll(), schedule.poll()) == (None, None)
    evidence = Evidence(
        account="main",
        quote="USDT",
        venue=hall.venue.book(),
        acknowledged=frozenset(ids),
        table=hall.table,
    )
    assert problems(evidence) == []
    assert {evidence.signals[name].status for name in ids} == {SignalStatus.EXECUTED}
    accepted = sorted(order["client_id"] for order in evidence.venue["orders"])
    assert accepted == sorted(order.intent.client_order_id for order in evidence.orders)
    assert len(accepted) == len(ids)
    _both_were_at_it(host_log.read_text(), function_log.read_text())


def _both_were_at_it(host: str, function: str) -> None:
    """Else the one that did nothing would have proved nothing."""
    assert '"outcome": "worked"' in function, function[-2000:]
    assert '"TickHeartbeat": 1' in host, host[-2000:]  # which CloudWatch's alarm waits for


def test_two_hosts_are_two_holders_of_the_lease(tmp_path: Path) -> None:
    """Each has a name of its own on the stage, and keeps it when it is started again."""
    from chalicelib.local.home import owner_token
    from chalicelib.local.session import lease_owner
    from chalicelib.local.view import RunOptions

    names = []
    for folder in ("one", "two", "one"):
        (tmp_path / folder).mkdir(exist_ok=True)
        token = owner_token(tmp_path / folder)
        names.append(lease_owner(RunOptions(stage=Stage.PROD), token))
    assert names[0] == names[2] != names[1]
    assert all(name.startswith("run ") for name in names)
