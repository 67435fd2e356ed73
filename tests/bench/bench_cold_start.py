"""CPU of each function's first answer in a fresh interpreter: the package, as Lambda unpacks it.

DynamoDB, Secrets Manager and the venue are processes of their own on loopback, without TLS.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.bench.figure import Figure, at_most

SEED: Final = 2.35  # the seed's webhook, as Chalice packages it

_LIMITS: Final = {
    "cold_chalice": 0.25,  # an application that does nothing: what this machine makes of the rest
    "cold_webhook": 0.25,
    "cold_idle_tick": 0.30,
    "cold_report": 0.30,
    "cold_first_order": 0.70,
}
NAMES: tuple[str, ...] = tuple(_LIMITS)

_IDLE: Final = """
from chalice.app import Chalice
app = Chalice(app_name="idle")
@app.route("/hook/{strategy}/{token}", methods=["POST"])
def hook(strategy, token):
    return app.current_request.json_body
"""
_ROUNDS: Final = 7
_STAGE: Final = "dev"
_TABLE: Final = "crypto-bot-dev-state"
_TOKEN: Final = "a-token-of-the-strategy"


def figures(only: str | None) -> Iterable[Figure]:
    """The least of several: what it costs on a machine that does nothing else."""
    with tempfile.TemporaryDirectory() as folder, _deployed(Path(folder)) as deployed:
        measures: dict[str, Callable[[], float]] = {
            "cold_chalice": partial(deployed.seconds_of, _idle_application(Path(folder) / "idle")),
            "cold_webhook": partial(deployed.seconds, "app.app", deployed.alert),
            "cold_idle_tick": partial(deployed.seconds, "app.tick", deployed.schedule),
            "cold_report": partial(deployed.seconds, "app.report_performance", deployed.schedule),
            "cold_first_order": deployed.first_order,
        }
        for name, measure in measures.items():
            if only in (None, name):
                value = min(measure() for _ in range(_ROUNDS))
                yield at_most(name, value, "s", limit=_LIMITS[name], reference=SEED)


@dataclass(slots=True, kw_only=True)
class _Deployed:
    runtime: Any
    function: Any
    venue: str
    orders: int = 0

    def seconds(self, handler: str, event: Callable[[], Any]) -> float:
        return self._seconds(replace(self.function, handler=handler), event())

    def seconds_of(self, code: bytes) -> float:
        """Of another application, which takes the same alerts."""
        return self._seconds(replace(self.function, handler="app.app", code=code), self.alert())

    def _seconds(self, function: Any, event: Any) -> float:
        outcome = self.runtime.invoke(function, event)
        if outcome.failed or outcome.answer.get("statusCode", 200) != 200:
            raise RuntimeError(
                f"{function.handler} answered {outcome.answer}: {outcome.log[-2000:]}"
            )
        return outcome.seconds

    def alert(self) -> Mapping[str, Any]:
        from tests.bench.webhook_stub import event

        self.orders += 1
        found = event(0)
        body = json.loads(found["body"])
        body["time"] = _now()
        body["market_position"] = "long" if self.orders % 2 else "flat"
        found["pathParameters"] = {"strategy": "btc", "token": _TOKEN}
        return found | {"body": json.dumps(body)}

    def schedule(self) -> Mapping[str, Any]:
        return {
            "version": "0",
            "id": "1",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": _now(),
            "region": "eu-west-1",
            "resources": [],
            "detail": {},
        }

    def first_order(self) -> float:
        """One alert, and the tick that makes its order; every second one sells again."""
        before = self._sent()
        self.seconds("app.app", self.alert)
        spent = self.seconds("app.tick", self.schedule)
        if self._sent() != before + 1:
            raise RuntimeError("the tick has sent no order")
        return spent

    def _sent(self) -> int:
        from urllib.request import urlopen

        with urlopen(f"{self.venue}/__book__", timeout=10) as answer:  # noqa: S310 - on loopback
            return len(json.load(answer)["orders"])


def _now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - alerts and schedules have the true time


def _idle_application(folder: Path) -> bytes:
    """Chalice, compiled as ours is, and one route of the webhook's shape."""
    import shutil

    import chalice
    import chalice.app

    from chalicelib.deployment.bytecode import compile_tree

    tree = folder / "tree"
    (tree / "chalice").mkdir(parents=True)
    for source in (chalice.__file__, chalice.app.__file__):
        shutil.copy(source, tree / "chalice")
    (tree / "app.py").write_text(_IDLE)
    compile_tree(tree)
    return Path(shutil.make_archive(str(folder / "idle"), "zip", tree)).read_bytes()


@contextmanager
def _deployed(folder: Path) -> Iterator[_Deployed]:
    from chalicelib.deployment.package import lay_package
    from tests.aws.lambda_runtime import Function, LambdaRuntime
    from tests.aws.moto import moto_server
    from tests.aws.moto_server import REGION
    from tests.aws.vendoring import clone, made_vendor

    package = lay_package(clone(folder, vendor=made_vendor(folder / "vendored")))
    assert package is not None
    with moto_server(folder / "moto") as moto, _venue() as venue:
        _configure(moto, venue)
        function = Function(
            name=f"crypto_bot-{_STAGE}",
            handler="",
            code=package.path.read_bytes(),
            environment={"CRYPTO_BOT_STAGE": _STAGE, "TABLE_NAME": _TABLE},
            timeout=60,
            memory=512,
        )
        runtime = LambdaRuntime(folder / "functions", moto.url, REGION)
        yield _Deployed(runtime=runtime, function=function, venue=venue)


@contextmanager
def _venue() -> Iterator[str]:
    import subprocess
    import sys

    command = [sys.executable, "-m", "tests.venues.gemini", "--balance", "USD=1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def _configure(moto: Any, venue: str) -> None:
    """One strategy that one sandbox account follows, with its keys in Secrets Manager."""
    from decimal import Decimal
    from types import SimpleNamespace

    from chalicelib.adapters.stores.strategies import TableStrategyStore
    from chalicelib.domain.trading.account import Account, Mode, Subscription
    from chalicelib.domain.trading.alerts.tokens import hash_token
    from chalicelib.domain.trading.strategy import Strategy
    from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
    from tests.venues.gemini import API_KEY, SECRET, ccxt_options

    client = moto.client("dynamodb")
    create_table(client, _TABLE)
    moto.client("secretsmanager").create_secret(
        Name="exchange", SecretString=json.dumps({"api-key": API_KEY, "api-secret": SECRET})
    )
    options = ccxt_options(SimpleNamespace(url=venue))
    del options["apiKey"], options["secret"]
    account = Account(
        name="main",
        exchange="gemini",
        mode=Mode.SANDBOX,
        quote="USD",
        secret="exchange",
        exchange_options=options,
    )
    btc = Strategy(
        name="btc",
        instruments={"BTCUSDT": "BTC/USD"},
        sibling_wait=0,
        token_hashes=(hash_token(_TOKEN),),
    )
    TableStrategyStore(DynamoDbTable(client, _TABLE)).apply(
        expected_version=0,
        accounts=[account],
        strategies=[btc],
        subscriptions=[Subscription(account="main", strategy="btc", weight=Decimal("0.5"))],
    )
