"""The real program with an empty home folder: its commands, and `crypto-bot run` with HTTP."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parents[2] / "crypto_bot"
COMMAND_TIMEOUT = 120
START_TIMEOUT = 60
STOP_TIMEOUT = 120
REQUEST_TIMEOUT = 60
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A machine's worth of folders: nothing is there yet, and the user's own home stays empty."""

    root: Path

    @property
    def user(self) -> Path:
        """What HOME names."""
        return self.root / "user"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own but what Windows needs to start a program at all."""
        self.user.mkdir(parents=True, exist_ok=True)
        kept = {n: v for n, v in os.environ.items() if n in {"SYSTEMROOT", "TMPDIR", "TEMP"}}  # noqa: TID251 - handed on to the program
        return kept | {
            "HOME": str(self.user),
            "USERPROFILE": str(self.user),
            "CRYPTO_BOT_HOME": str(self.root / "state"),
            "PYTHONPATH": str(PROJECT),
            "PYTHONUNBUFFERED": "1",
        }

    def command(self, *words: str) -> str:
        """What the command prints; it must succeed."""
        ended = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", *words],
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def read(self, *words: str) -> Any:
        """What a reading command says as JSON."""
        return json.loads(self.command(*words, "--json"))

    def export(self, kind: str) -> Any:
        """Everything of one kind."""
        return json.loads(self.command("export", kind, "--format", "json"))

    def write(self, name: str, text: str) -> str:
        """A file of the owner's; its path."""
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    @contextmanager
    def running(self, *options: str) -> Iterator["Server"]:
        """`crypto-bot run` on a free port. Unless killed it is ended by Ctrl-C, which gives 0."""
        log = self.root / "run.log"
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "chalicelib.cli", "run", "--port", "0", *options],
                env=self.environment,
                cwd=self.root,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            try:
                server = Server(process=process, port=_port(process, log))
                yield server
                server.connection.close()
                if not server.killed:
                    process.send_signal(signal.SIGINT)
                    assert process.wait(STOP_TIMEOUT) == 0, log.read_text(encoding="utf-8")
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def last_line(self) -> str:
        """The summary of the run that has ended."""
        return (self.root / "run.log").read_text(encoding="utf-8").splitlines()[-1]


class Server:
    """One connection that is kept, as a busy sender does."""

    def __init__(self, *, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.killed = False
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_TIMEOUT)

    def post(self, path: str, message: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """Status and body of the answer."""
        self.connection.request("POST", path, json.dumps(message), JSON)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def die_over(self, path: str, message: Mapping[str, str], *, after: float) -> None:
        """Send, and kill the program so many seconds later, as a crash or a power cut does."""
        self.connection.request("POST", path, json.dumps(message), JSON)
        time.sleep(after)
        self.killed = True
        self._process.kill()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Read from the program's first lines; the log says why if it never gets so far."""
    end = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < end:
        for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.startswith("Webhook: ") and line.endswith("\n"):
                return urlsplit(line.split()[1]).port or 0
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))
