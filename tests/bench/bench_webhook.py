"""The webhook's cost: CPU of a cold start beside a minimal Chalice app's, and per alert when warm.

DynamoDB is stubbed where botocore hands a request to its HTTP library, so that everything above
it is measured as it runs on AWS.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.bench.figure import Figure, at_most

NAMES: tuple[str, ...] = ("webhook_cold", "webhook_warm")

_ROUNDS: Final = 7
_BATCHES: Final = 8
_BATCH: Final = 100
_COLD_LIMIT: Final = 1.3
_WARM_LIMIT_MS: Final = 2.0
_ROOT: Final = Path(__file__).parents[2]

# Both programs answer one POST as Lambda's bootstrap would call them.
_MINIMAL: Final = """
import sys
from chalice import Chalice
import boto3
from tests.bench.webhook_stub import event, stub_dynamodb
client = boto3.client("dynamodb")
app = Chalice(app_name="minimal")

@app.route("/hook/{strategy}/{token}", methods=["POST"], content_types=["application/json"])
def hook(strategy, token):
    client.put_item(TableName="state", Item={"pk": {"S": strategy}, "sk": {"S": "1"}})
    return {"status": "stored"}

stub_dynamodb(sys.argv[1])
assert app(event(1), None)["statusCode"] == 200
"""

_OURS: Final = """
import sys
import app as application
from tests.bench.webhook_stub import event, stub_dynamodb
stub_dynamodb(sys.argv[1])
assert application.app(event(1), None)["statusCode"] == 200
"""

_WARM: Final = f"""
import sys
import time
import app as application
from tests.bench.webhook_stub import event, stub_dynamodb
stub_dynamodb(sys.argv[1])
assert application.app(event(0), None)["statusCode"] == 200
for batch in range({_BATCHES}):
    events = [event(1 + batch * {_BATCH} + number) for number in range({_BATCH})]
    began = time.process_time()
    answers = [application.app(one, None)["statusCode"] for one in events]
    print((time.process_time() - began) / {_BATCH} * 1000)
    assert answers == [200] * {_BATCH}
"""


def figures(only: str | None) -> Iterable[Figure]:
    with tempfile.TemporaryDirectory() as home:
        environment = _environment(home)
        if only in {None, "webhook_cold"}:
            yield _cold(environment)
        if only in {None, "webhook_warm"}:
            yield _warm(environment)


def _cold(environment: dict[str, str]) -> Figure:
    """Interleaved, so that a busy machine slows both; the least of each is what it costs."""
    for program in (_MINIMAL, _OURS):  # writes the .pyc files that a package ships
        _cpu_seconds(program, environment)
    pairs = [
        (_cpu_seconds(_MINIMAL, environment), _cpu_seconds(_OURS, environment))
        for _ in range(_ROUNDS)
    ]
    minimal, ours = (min(column) for column in zip(*pairs, strict=True))
    return at_most("webhook_cold", ours, "s", limit=_COLD_LIMIT * minimal, reference=minimal)


def _warm(environment: dict[str, str]) -> Figure:
    """CPU per alert in the least disturbed of several batches."""
    batches = _run(_WARM, environment).split()
    return at_most("webhook_warm", min(map(float, batches)), "ms", limit=_WARM_LIMIT_MS)


def _cpu_seconds(program: str, environment: dict[str, str]) -> float:
    before = os.times()
    _run(program, environment)
    after = os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system


def _run(program: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, _strategy()],
        env=environment,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def _strategy() -> str:
    """The strategy as its store keeps it."""
    from chalicelib.domain.trading.alerts.tokens import hash_token
    from chalicelib.domain.trading.strategy import Strategy
    from chalicelib.drivers.codec import encode
    from tests.bench.webhook_stub import STRATEGY, TOKEN

    return encode(
        Strategy(
            name=STRATEGY,
            instruments={"BTCUSDT": "BTC/USDT"},
            token_hashes=(hash_token(TOKEN),),
            version=1,
        )
    )


def _environment(home: str) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join([str(_ROOT / "crypto_bot"), str(_ROOT)]),
        "HOME": home,
        "CRYPTO_BOT_STAGE": "prod",
        "TABLE_NAME": "state",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
