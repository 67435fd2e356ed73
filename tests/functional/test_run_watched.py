"""`crypto-bot run` as its owner watches it: /metrics, JSON lines, messages that delay nothing."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.stores.notices import TableNoticeStore
from chalicelib.bootstrap import STATE_FILE, Choices
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.operation.channel import Channel, ChannelKind, Notifications
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.local.lookout import Lookout
from chalicelib.local.metrics import Metrics
from chalicelib.local.schedule import Rhythm, Schedule
from chalicelib.local.tally import Tally
from chalicelib.services.trading.tick import TickReport
from chalicelib.settings import Settings
from tests.canaries import OWNER_TOKEN
from tests.functional.running import configure, eventually, running
from tests.trading_floor import TradingFloor


def metrics(program: Any, **headers: str) -> tuple[int, str]:
    status, body = program.request("GET", "/metrics", b"", headers)
    return status, body.decode()


def values(text: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"^(crypto_bot_\w+) (\d+)$", text, re.M)}


def test_metrics_are_for_the_owner_on_this_machine(tmp_path: Path) -> None:
    configure(tmp_path)
    with running(tmp_path) as program:
        status, text = metrics(program)
        assert (status, "crypto_bot_" in text) == (401, False)
        assert metrics(program, Authorization="Bearer wrong")[0] == 401
        owner = {"Authorization": f"Bearer {program.owner_token}"}
        assert program.alert("long") == 200

        def done() -> dict[str, int]:
            found = values(metrics(program, **owner)[1])
            return found if found["crypto_bot_orders_total"] == 1 else {}

        found = eventually(done)
        assert found["crypto_bot_alerts_total"] == 1
        assert found["crypto_bot_orders_held"] == 0
        eventually(lambda: values(metrics(program, **owner)[1])["crypto_bot_tick_heartbeat_total"])
        assert program.request("POST", "/metrics", b"", owner)[0] == 405
        text = metrics(program, **owner)[1]
        names = re.findall(r"^# TYPE (\S+)", text, re.M)
        assert len(names) == len(set(names)) == 17
        assert program.interrupt() == 0


@pytest.mark.parametrize(
    ("address", "token", "status"),
    [
        ("127.0.0.1", f"Bearer {OWNER_TOKEN}", "200 OK"),
        ("::1", f"Bearer {OWNER_TOKEN}", "200 OK"),
        ("10.0.0.7", f"Bearer {OWNER_TOKEN}", "401 Unauthorized"),
        ("", f"Bearer {OWNER_TOKEN}", "401 Unauthorized"),
        ("127.0.0.1", OWNER_TOKEN, "401 Unauthorized"),
        ("127.0.0.1", "Bearer ", "401 Unauthorized"),
        ("127.0.0.1", "Bearer \udcff", "401 Unauthorized"),
    ],
)
def test_metrics_need_both_the_machine_and_the_token(address, token, status):
    environ = {
        "PATH_INFO": "/metrics",
        "REQUEST_METHOD": "GET",
        "REMOTE_ADDR": address,
        "HTTP_AUTHORIZATION": token,
    }
    answered = []
    for owner_token in (OWNER_TOKEN, ""):
        front = Metrics(lambda _environ, _start: [], lambda: "figures\n", Tally(), owner_token)
        front(environ, lambda given, _headers: answered.append(given))
    assert answered == [status, "401 Unauthorized"]  # without a token of the owner's, nobody


def has_looked(home: Path) -> bool:
    """Whether the program has looked at its stores since the home folder was new."""
    table = SqliteTable(home / STATE_FILE)
    try:
        return TableNoticeStore(table).watch().version > 0
    finally:
        table.close()


def test_logs_as_json_are_all_that_is_printed(tmp_path: Path) -> None:
    configure(tmp_path)
    with running(tmp_path, "--log-format", "json", until="serving at") as program:
        eventually(lambda: has_looked(tmp_path))  # what was there before the first look is no news
        assert program.alert("long") == 200
        program.read_start(until="ended EXECUTED")
        program.interrupt()
    told = [json.loads(line) for line in program.lines]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in told)
    taken = next(line for line in told if line["message"].startswith("alert answered 200"))
    ended = next(line for line in told if "ended EXECUTED" in line["message"])
    assert taken["signal_id"] == ended["signal_id"] != ""
    assert ended["correlation"].startswith("run-")
    assert told[-1]["message"].startswith("Ran ")
    log = (tmp_path / "crypto-bot.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in log] == [line["message"] for line in told]


@contextmanager
def endpoint() -> Iterator[tuple[str, list[Any]]]:
    """Somebody who takes messages."""
    posted: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x", posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def with_channel(home: Path, url: str) -> None:
    (home / "secrets.json").write_text(json.dumps({"team": {"url": url}}))
    (home / "secrets.json").chmod(0o600)
    bootstrap.use(Choices(settings=Settings(), home=home))
    team = Channel(name="team", kind=ChannelKind.WEBHOOK, secret="team")
    notices().save_notifications(Notifications(channels=(team,), summary_hour=None))
    bootstrap.reset()


def test_the_owner_is_told_over_a_channel(tmp_path: Path) -> None:
    with endpoint() as (url, posted):
        configure(tmp_path)
        with_channel(tmp_path, url)
        with running(tmp_path) as program:
            eventually(lambda: has_looked(tmp_path))  # what was there before is no news
            assert program.alert("flat") == 200
            eventually(lambda: posted)
            assert program.interrupt() == 0
    assert "ended SKIPPED" in posted[0]["text"]


def is_executed(floor: TradingFloor, signal_id: str) -> bool:
    return floor.signal(signal_id).status is SignalStatus.EXECUTED


def test_a_message_that_hangs_delays_no_trade() -> None:
    floor = TradingFloor({"BTC/USDT": "100"}, {"btc": "0.5"})
    hangs = Event()

    def look(_report: TickReport | None, _failure: BaseException | None) -> None:
        hangs.wait(60)

    lookout = Lookout(look=look, pause=0)
    schedule = Schedule(
        ports=floor.ports,
        analytics=floor.analytics,
        tally=Tally(),
        owner="test",
        ended=lookout.hear,
        rhythm=Rhythm(tick=0.05),
    )
    lookout.start()
    schedule.start()
    for position in ("long", "flat", "long"):
        signal_id = floor.alert("btc", position)
        floor.clock.pass_time(minutes=1)
        eventually(partial(is_executed, floor, signal_id))
    hangs.set()
    schedule.stop()
    lookout.stop()


def test_the_lookout_looks_after_failures_and_goes_on_after_its_own() -> None:
    heard: list[Any] = []

    def look(report: TickReport | None, failure: BaseException | None) -> None:
        heard.append(report or failure)
        if len(heard) == 1:
            raise RuntimeError("nobody foresaw it")

    lookout = Lookout(look=look, pause=0.01)
    failure = ConnectionError("gone")
    for outcome in ("one", "two"):
        lookout.hear(None, failure)
        lookout.hear(TickReport(outcome=outcome), None)
    lookout.start()
    eventually(lambda: len(heard) == 3)
    lookout.hear(TickReport(outcome="last"), None)
    lookout.stop()
    newest = [TickReport(outcome="two"), TickReport(outcome="last")]
    assert heard == [failure, failure, *newest]


def test_an_idle_tick_stands_for_no_tick_that_worked() -> None:
    heard: list[Any] = []
    lookout = Lookout(look=lambda report, _: heard.append(report), pause=0.01)
    for outcome in ("idle", "worked", "idle", "idle"):
        lookout.hear(TickReport(outcome=outcome), None)
    lookout.start()
    eventually(lambda: heard)
    lookout.hear(TickReport(outcome="idle"), None)
    lookout.stop()
    assert heard == [TickReport(outcome="worked"), TickReport(outcome="idle")]
