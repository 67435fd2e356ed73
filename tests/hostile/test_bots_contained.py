"""Twelve hostile bots, twelve contained: each ends in a sentence, and the next bot is served."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from chalicelib.adapters.sandboxes.sandbox import ProcessSandbox
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.checks.check import check_bot
from chalicelib.domain.bots.checks.finding import Cause
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.step import AccountView, Step, step
from tests.hostile.bot_sources import PEACEFUL, bot, forged, probe
from tests.unit.bots.paper_market import BTC, candles

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="what contains a bot whole is Linux's"
)
SECRET = "sk-live-4711"


@pytest.fixture(scope="module")
def kept() -> Iterator[ProcessSandbox]:
    """Served all along, beside everything that the others try."""
    with closing(ProcessSandbox()) as box:
        yield box


@pytest.fixture
def box(kept: ProcessSandbox) -> Iterator[ProcessSandbox]:
    with closing(ProcessSandbox(seconds=3)) as made:
        yield made
    assert [str(order.action) for order in one_step(kept, PEACEFUL).orders] == ["buy"]


def one_step(box: ProcessSandbox, source: str) -> Step:
    (setup,) = set_up(box(source, "hostile.py"))
    return step(setup, None, {BTC: candles([100])}, AccountView(Decimal(1000), {}))


def told_by(box: ProcessSandbox, source: str) -> list[str]:
    return [line.text for line in one_step(box, source).logs]


def refused(box: ProcessSandbox, source: str) -> str:
    with pytest.raises(BotFailed) as caught:
        one_step(box, source)
    return str(caught.value)


@pytest.mark.parametrize("body", ["while True: pass", "import time\ntime.sleep(60)"])
def test_1_and_2_who_does_not_answer_is_ended(body: str) -> None:
    began = monotonic()
    with closing(ProcessSandbox(seconds=0.4)) as box:
        kind = box(bot(body), "hostile.py")
        (setup,) = set_up(kind)
        with pytest.raises(BotFailed, match=r"hostile\.py: it did not answer within 0\.4 seconds"):
            step(setup, None, {BTC: candles([100])}, AccountView(Decimal(1000), {}))
    assert monotonic() - began < 30


@pytest.mark.parametrize(
    "body", ["hoard = bytearray(2**30)", "hoard = []\nwhile True: hoard.append(bytes(2**20))"]
)
def test_3_a_memory_bomb_goes_off_at_its_own_place(box: ProcessSandbox, body: str) -> None:
    before = resident()
    assert "memory" in refused(box, bot(body)).lower()
    assert resident() - before < 20 * 2**20


def test_4_what_it_prints_goes_nowhere_and_what_it_answers_is_cut(box: ProcessSandbox) -> None:
    before = resident()
    printed = "for _ in range(100): os.write(1, bytes(2**20))\nprint('x' * 2**20)"
    assert told_by(box, bot(f"{printed}\nctx.log('done')", "import os")) == ["done"]
    flood = "for _ in range(100): os.write(3, bytes(2**20))"
    assert "more than 1000000 bytes" in refused(box, bot(flood, "import os"))
    assert resident() - before < 20 * 2**20


def test_5_no_network(box: ProcessSandbox) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.01)
        address = server.getsockname()
        reach = "__import__('_socket').socket(2, 1, 0)"
        (told,) = told_by(box, probe(f"{reach}.connect({address!r})"))
        assert told.startswith("no: ")
        raw = "ctypes.CDLL(None, use_errno=True).socket(2, 1, 0)"
        assert told_by(box, probe(raw, before="import ctypes")) == ["-1"]
        with pytest.raises(TimeoutError):
            server.accept()


def test_6_no_process_and_no_thread_of_its_own(box: ProcessSandbox) -> None:
    thread = "__import__('_thread').start_new_thread(print, ())"
    assert told_by(box, probe("os.fork()", "os.execv('/bin/sh', ['sh'])", thread)) == [
        "no: PermissionError",
        "no: PermissionError",
        "no: RuntimeError",
    ]


def test_7_no_file(box: ProcessSandbox, tmp_path: Path) -> None:
    mine, made = tmp_path / "mine.txt", tmp_path / "made.txt"
    mine.write_text(SECRET)
    with suppress(PermissionError):  # root's own folders are closed to nobody
        for path in (tmp_path.parents[1], tmp_path.parents[0], tmp_path):
            path.chmod(0o755)
    mine.chmod(0o666)
    told = told_by(
        box,
        probe(
            f"open({str(mine)!r}).read()",
            f"open({str(mine)!r}, 'w')",
            f"open({str(made)!r}, 'w')",
            "open('/etc/passwd').read()",
            "os.listdir('/')",
            "os.mkdir('/tmp/made')",
        ),
    )
    assert [line[:4] for line in told] == ["no: "] * 6
    assert mine.read_text() == SECRET
    assert not made.exists()


def test_8_no_key_of_ours(box: ProcessSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_SECRET", SECRET)
    (told,) = told_by(box, probe("dict(os.environ)"))
    assert told in {"environ({})", "{}", "{'LC_CTYPE': 'C.UTF-8'}"}


def test_9_nothing_of_other_processes(box: ProcessSandbox) -> None:
    parent = os.getpid()
    told = told_by(
        box,
        probe(
            f"open('/proc/{parent}/environ').read()",
            f"open('/proc/{parent}/mem', 'rb')",
            f"os.kill({parent}, 9)",
            "os.kill(os.getppid(), 9)",
        ),
    )
    assert [line[:4] for line in told] == ["no: "] * 4


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ('{"action":"buy","symbol":"BTC/USDT","unit":"value","amount":"NaN"}', "finite number"),
        ('{"action":"buy","symbol":"ETH/USDT","unit":"value","amount":"1"}', "trades BTC/USDT"),
        (
            ",".join(['{"action":"sell","symbol":"","unit":"all","amount":"0"}'] * 101),
            "more than 100 orders at one close",
        ),
    ],
)
def test_10_orders_that_cannot_be(box: ProcessSandbox, answer: str, sentence: str) -> None:
    said = refused(box, forged('{"random":0,"orders":[' + answer + "]}"))
    assert said.startswith("Hostile.on_candle at the candle of 1970-01-01 00:00: ")
    assert sentence in said


def test_11_no_bot_sees_another(box: ProcessSandbox) -> None:
    leave = "math.left = 'mine'\nimport builtins\nbuiltins.left = 'mine'\nctx.log('done')"
    assert told_by(box, bot(leave, "import math")) == ["done"]
    look = ("math.left", "__import__('builtins').left")
    assert told_by(box, probe(*look, before="import math")) == ["no: AttributeError"] * 2


def test_12_chance_is_found_out_before_it_trades(box: ProcessSandbox) -> None:
    source = bot("if os.urandom(1)[0] < 128: ctx.buy(value=1)", "import os")
    rows = [[100.0 + number % 3] for number in range(60)]
    found = check_bot(lambda: set_up(box(source, "h"))[0], {BTC: candles(*rows)}).findings
    assert [finding.cause for finding in found] == [Cause.UNREPEATABLE]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("sys.exit(3)", "Hostile.on_candle: SystemExit: 3"),
        ("os._exit(0)", "its process has ended"),
        ("def deep(): deep()\ndeep()", "RecursionError"),
        ("import ctypes\nctypes.string_at(0)", "its process has ended"),
    ],
)
def test_its_end_is_its_own(box: ProcessSandbox, body: str, sentence: str) -> None:
    assert sentence in refused(box, bot(body, "import os, sys"))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("nonsense", "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ('{"random":0,"state":[]}', "state of the answer is no object"),
        ('{"random":0,"logs":[{}]}', "a line of the log is no text"),
        ('{"random":0}\n{"random":0}', "more than it was asked"),
        ('{"failed":"\\u001b[2Jwiped\\nP1: all is well"}', " [2Jwiped P1: all is well"),
    ],
)
def test_a_forged_answer_is_told_as_such(box: ProcessSandbox, answer: str, sentence: str) -> None:
    assert sentence in refused(box, forged(answer))


def resident() -> int:
    """Bytes that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
