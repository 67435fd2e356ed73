"""`crypto-bot run` as a process of its own, and plain HTTP to talk to it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.settings import Settings
from tests import watch
from tests.canaries import PATH_TOKEN
from tests.ports import steady_port

TOKEN = PATH_TOKEN
PATIENCE = 60.0
JSON = {"Content-Type": "application/json"}


def configure(home: Path, *, account: dict[str, Any] | None = None, **strategy: Any) -> None:
    """Store one account `paper` and one strategy `btc` in the home folder."""
    paper = Account(
        name="paper", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT", prices_from="synthetic"
    )
    bootstrap.use(Choices(settings=Settings(), home=home))
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[replace(paper, **(account or {}))],
        strategies=[
            Strategy(
                name="btc",
                instruments={"BTCUSDT": "BTC/USDT"},
                **{"sibling_wait": 0, "token_hashes": (hash_token(TOKEN),), **strategy},
            )
        ],
        subscriptions=[Subscription(account="paper", strategy="btc", weight=Decimal("0.5"))],
    )
    bootstrap.reset()


def command(home: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "chalicelib.cli", "run", "--home", str(home), *options]


def run_to_its_end(
    home: Path, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(home, *options),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,  # noqa: TID251 - handed on to the program
    )


@dataclass(kw_only=True)
class Running:
    """A started program; `lines` is what it has printed, up to the last that was waited for.

    All of it is read as it comes: a program that nobody listens to stands still once the pipe is
    full, and so does every request to it.
    """

    process: subprocess.Popen[str]
    port: int
    owner_token: str = ""
    _printed: list[str] = field(default_factory=list, init=False, repr=False)
    _heard: int = field(default=0, init=False)  # lines that were waited for
    _news: Condition = field(default_factory=Condition, init=False, repr=False)
    _reader: Thread = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self._printed.append(line.rstrip())
                self._news.notify_all()

    def read_start(self, until: str) -> None:
        """Up to the next line with these words."""
        line = ""
        while until not in line:
            line = self._next_line()
            if line.startswith("Owner's token: "):
                self.owner_token = line.split()[-1]

    def _next_line(self) -> str:
        with self._news:
            while len(self._printed) == self._heard:
                if not self._reader.is_alive():
                    raise AssertionError("\n".join(self._printed))
                self._news.wait(0.1)
            self._heard += 1
            return self._printed[self._heard - 1]

    @property
    def lines(self) -> list[str]:
        return self._printed[: self._heard]

    def post(self, body: bytes, path: str = f"/hook/btc/{TOKEN}", **headers: str) -> int:
        return self.request("POST", path, body, JSON | headers)[0]

    def alert(self, position: str, at: datetime | None = None, **fields: str) -> int:
        fired = (at or datetime.now(UTC)).isoformat()  # noqa: TID251 - the program's own clock
        message = {"time": fired, "ticker": "BTCUSDT", "market_position": position, **fields}
        return self.post(json.dumps(message).encode())

    def read(self, name: str) -> list[Any]:
        headers = {"Authorization": f"Bearer {self.owner_token}"}
        status, body = self.request("GET", f"/{name}", b"", headers)
        assert status == 200, body
        found: list[Any] = json.loads(body)[name]
        return found

    def request(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        shown = f"{answer.headers}{content.decode('latin-1')}"
        watch.refuse(shown, "an answer of crypto-bot run")
        return answer.status, content

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self._end()

    def kill(self) -> int:
        """What a crash or a power cut does."""
        self.process.kill()
        return self._end()

    def _end(self) -> int:
        self.process.wait(PATIENCE)
        self.hear_out()
        return self.process.returncode

    def hear_out(self) -> None:
        """What is left of an ended program's words."""
        self._reader.join(PATIENCE)
        self._heard = len(self._printed)
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def running(home: Path, *options: str, until: str = "Try it: ") -> Iterator[Running]:
    """Started and listening on a free port, as `until` tells; killed at the end if it runs."""
    port = steady_port()
    process = subprocess.Popen(
        command(home, "--port", str(port), *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},  # noqa: TID251 - handed on to the program
    )
    program = Running(process=process, port=port)
    try:
        program.read_start(until)
        yield program
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        program.hear_out()
        watch.refuse("\n".join(program.lines), "the terminal of crypto-bot run")
        watch.look_at_files(home)


def eventually(look: Callable[[], Any]) -> Any:
    """What `look` returns once that is true; it is asked again until patience ends."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"still {found!r} after {PATIENCE} s")
        time.sleep(0.05)
    return found
