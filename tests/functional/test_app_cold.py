"""A cold webhook: what a fresh interpreter loads to answer one alert."""

import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.codec import encode
from tests.bench.webhook_stub import STRATEGY, TOKEN
from tests.functional.running import configure

ROOT = Path(__file__).parents[2]
HEAVY = {"ccxt", "duckdb", "click", "rich", "boto3", "waitress", "platformdirs", "chalice.cli"}
LATER = {
    "chalicelib.services.trading.tick",
    "chalicelib.ports",  # and with it the whole domain
    "chalicelib.local",
    "chalicelib.cli",
}

PROGRAM = """
import sys
import app
from tests.bench.webhook_stub import event, stub_dynamodb
stub_dynamodb(sys.argv[1])
answer = app.app(event(1), None)
assert answer["statusCode"] == 200, answer
print(*sys.modules)
"""
DEPLOYED = {
    "CRYPTO_BOT_STAGE": "prod",
    "TABLE_NAME": "state",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}


@pytest.fixture
def strategy() -> Strategy:
    hashes = (hash_token(TOKEN),)
    return Strategy(
        name=STRATEGY, instruments={"BTCUSDT": "BTC/USDT"}, token_hashes=hashes, version=1
    )


@pytest.mark.parametrize("environment", [{}, DEPLOYED], ids=["embedded", "deployed"])
def test_a_webhook_loads_nothing_heavy(environment, strategy, tmp_path):
    configure(tmp_path, token_hashes=strategy.token_hashes)
    paths = {"PYTHONPATH": f"{ROOT / 'crypto_bot'}:{ROOT}", "CRYPTO_BOT_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, encode(strategy)],
        env=paths | environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert loaded & (HEAVY | LATER) == set()
    assert ("sqlite3" in loaded) is not bool(environment)


def test_on_aws_the_client_is_made_before_the_first_request(tmp_path):
    program = "import app; assert app.bootstrap.webhook.cache_info().currsize == 1"
    paths = {"PYTHONPATH": str(ROOT / "crypto_bot"), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=paths | DEPLOYED, cwd=tmp_path, check=True)
    assert bootstrap.webhook.cache_info().currsize == 0
