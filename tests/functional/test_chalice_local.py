"""`chalice local` in crypto_bot/ serves the same application on the embedded store."""

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.settings import Settings
from tests.functional.running import JSON, TOKEN, configure, eventually
from tests.ports import steady_port

CHALICE = "from chalice.cli import main; main()"
PROJECT = Path(__file__).parents[2] / "crypto_bot"


def ask(port: int, method: str, path: str, body: bytes = b"") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, JSON)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


def test_chalice_local_takes_an_alert_into_the_home_folder(tmp_path):
    configure(tmp_path)
    port = steady_port()
    process = subprocess.Popen(
        [sys.executable, "-c", CHALICE, "local", "--no-autoreload", "--port", str(port)],
        cwd=PROJECT,
        env=os.environ | {"CRYPTO_BOT_HOME": str(tmp_path)},  # noqa: TID251 - handed on
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: ask(port, "GET", "/health") == 200)
        alert = json.dumps({"ticker": "BTCUSDT", "market_position": "long"}).encode()
        assert ask(port, "POST", f"/hook/btc/{TOKEN}", alert) == 200
        assert ask(port, "POST", "/hook/btc/nonsense", alert) == 401
    finally:
        process.kill()
        process.wait()
    bootstrap.use(Choices(settings=Settings(), home=tmp_path))
    assert [signal.strategy for signal in bootstrap.signals().recent(10)] == ["btc"]
    bootstrap.reset()
