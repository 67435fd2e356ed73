"""The twelve hostile bots in the function of AWS: each ends in a sentence, and the next is served.

What is tried here is what the function does by itself. Lambda's own walls are around it, and a role
that may do nothing (tests/functional/test_bots_on_aws.py).
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from chalicelib.adapters.sandboxes.packing import packed, unpacked
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.step import AccountView, Step, step
from tests.bot_function import BotFunction
from tests.hostile.bot_sources import PEACEFUL, bot, forged, probe
from tests.unit.bots.paper_market import BTC, candles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions run on Linux")
SECRET = "sk-live-4711"


@pytest.fixture(scope="module")
def function() -> Iterator[BotFunction]:
    with pytest.MonkeyPatch.context() as patch:
        made = BotFunction()
        with made.serving(patch):
            yield made


def one_step(function: BotFunction, source: str, seconds: float = 3) -> Step:
    (setup,) = set_up(function.sandbox(seconds)(source, "hostile.py"))
    return step(setup, None, {BTC: candles([100])}, AccountView(Decimal(1000), {}))


def told_by(function: BotFunction, source: str) -> list[str]:
    return [line.text for line in one_step(function, source).logs]


def refused(function: BotFunction, source: str, seconds: float = 3) -> str:
    with pytest.raises(BotFailed) as caught:
        one_step(function, source, seconds)
    return str(caught.value)


def test_1_and_2_who_does_not_answer_is_ended_and_the_next_is_served(function: BotFunction) -> None:
    began = monotonic()
    said = refused(function, bot("while True: pass"), 0.4)
    assert said == "hostile.py: it did not answer within 0.4 seconds"
    sleeping = refused(function, bot("import time\ntime.sleep(60)"), 0.4)
    assert sleeping == said
    assert monotonic() - began < 30
    assert [str(order.action) for order in one_step(function, PEACEFUL).orders] == ["buy"]


def test_a_bot_that_takes_all_of_the_functions_time_is_ended_before_lambda_ends_it(
    function: BotFunction,
) -> None:
    function.seconds = 4.0
    try:
        began = monotonic()
        said = refused(function, bot("while True: pass"), 20)
        assert monotonic() - began < 15
    finally:
        function.seconds = 30.0
    assert re.fullmatch(r"hostile.py: it did not answer within [0-2](\.\d+)? seconds", said), said


def test_3_a_memory_bomb_goes_off_in_a_process_with_less_than_the_function_has(
    function: BotFunction,
) -> None:
    bomb = bot("hoard = []\nwhile True: hoard.append(bytes(2**20))")
    assert "memory" in refused(function, bomb).lower()
    function.memory = 320
    try:
        kills = bot("import ctypes\nctypes.string_at(0)")
        assert "took more than 128 MB" in refused(function, kills)
    finally:
        function.memory = 512


def test_4_what_it_answers_is_cut(function: BotFunction) -> None:
    flood = "for _ in range(100): os.write(3, bytes(2**20))"
    assert "more than 1000000 bytes" in refused(function, bot(flood, "import os"))


def test_5_to_7_no_network_no_process_no_file(function: BotFunction, tmp_path: Path) -> None:
    made = tmp_path / "made.txt"
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.01)
        told = told_by(
            function,
            probe(
                f"__import__('_socket').socket(2, 1, 0).connect({server.getsockname()!r})",
                "os.fork()",
                f"open({str(made)!r}, 'w')",
                "open('/etc/passwd').read()",
                "os.listdir('/')",
            ),
        )
        assert [line[:4] for line in told] == ["no: "] * 5
        with pytest.raises(TimeoutError):
            server.accept()
    assert not made.exists()


def test_8_and_9_no_key_and_no_other_process(function: BotFunction) -> None:
    function_itself = os.getpid()  # as which it runs here
    told = told_by(
        function,
        probe(
            "dict(os.environ)",
            f"open('/proc/{function_itself}/environ').read()",
            "open('/proc/self/environ').read()",
            f"os.kill({function_itself}, 9)",
        ),
    )
    assert told[0] in {"environ({})", "{}", "{'LC_CTYPE': 'C.UTF-8'}"}
    assert [line[:4] for line in told[1:]] == ["no: "] * 3


def test_10_orders_that_cannot_be(function: BotFunction) -> None:
    odd = '{"action":"buy","symbol":"BTC/USDT","unit":"value","amount":"NaN"}'
    said = refused(function, forged('{"random":0,"orders":[' + odd + "]}"))
    assert said.startswith("Hostile.on_candle at the candle of 1970-01-01 00:00: ")
    assert "finite number" in said
    assert "no JSON object" in refused(function, forged("nonsense"))


def test_11_no_bot_waits_for_the_next(function: BotFunction) -> None:
    """Not even for itself: a later invocation begins with nothing."""
    leave = "math.left = 'mine'\nimport builtins\nbuiltins.left = 'mine'\nctx.log('done')"
    assert told_by(function, bot(leave, "import math")) == ["done"]
    look = ("math.left", "__import__('builtins').left")
    assert told_by(function, probe(*look, before="import math")) == ["no: AttributeError"] * 2


def test_12_chance_is_found_out_where_it_decides_what_a_bot_is(function: BotFunction) -> None:
    chance = PEACEFUL.replace(
        "    def on_candle",
        "    def start(self, ctx): ctx.state['is'] = os.urandom(8).hex()\n\n    def on_candle",
    ).replace("from chalicelib", "import os\nfrom chalicelib", 1)
    said = refused(function, chance)
    assert said == "hostile.py: its start does not do the same each time"


def test_the_function_itself_has_forgotten_its_credentials_before_a_bot_runs() -> None:
    """The real handler in a process of its own, as cold as Lambda begins it; called twice."""
    (looking,) = (probe("dict(os.environ)", "__import__('builtins').left"),)
    messages = [{"do": "bot", "source": looking, "name": "h"}]
    event = packed({"name": "h", "imports": ["os", "sys"], "seconds": 5, "messages": messages})
    program = (
        "import json, os, sys\n"
        "import app\n"
        "class Context:\n"
        "    memory_limit_in_mb = '512'\n"
        "    def get_remaining_time_in_millis(self): return 30_000\n"
        "event = json.load(sys.stdin)\n"
        "said = [app.bot_sandbox(event, Context()) for _ in range(2)]\n"
        "left = [name for name in os.environ if 'KEY' in name or 'TOKEN' in name]\n"
        "print(json.dumps([said, left]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(event),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            "PATH": "",
            "PYTHONPATH": "crypto_bot",
            "BOT_FUNCTIONS": "bot_sandbox",
            "CRYPTO_BOT_STAGE": "prod",
            "TABLE_NAME": "state",
            "AWS_LAMBDA_FUNCTION_NAME": "crypto_bot-prod-bot_sandbox",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": SECRET,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SECRET,
        },
    )
    assert ended.returncode == 0, ended.stderr
    said, left = json.loads(ended.stdout)
    assert left == []
    first, second = map(unpacked, said)
    assert first == second
    assert first["answers"][0]["instruments"] == [BTC]
    assert first["lacking"] == []
    assert SECRET not in json.dumps([first, ended.stderr])
