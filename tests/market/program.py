"""`crypto-bot worker ...` as a process of its own, which may be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.market.recorded import REPOSITORY

TIMEOUT = 240


@dataclass(kw_only=True)
class Machine:
    """A home folder, and the environment that says where bus and table are."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _started: list["subprocess.Popen[bytes]"] = field(default_factory=list, init=False, repr=False)

    def command(self, *words: str) -> str:
        """What it printed; it must succeed."""
        ended = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        with (self.home / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "chalicelib.cli", *words],
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self._started.append(process)
        return process

    def clear(self) -> None:
        """Kill what still runs, so that a test that failed leaves nothing behind."""
        for process in self._started:
            process.kill()
            process.wait()

    @property
    def _environment(self) -> dict[str, Any]:
        kept = {n: v for n, v in os.environ.items() if n in {"PATH", "TMPDIR"}}  # noqa: TID251 - handed on
        return kept | {
            "CRYPTO_BOT_HOME": str(self.home),
            "HOME": str(self.home),
            "PYTHONPATH": str(REPOSITORY / "crypto_bot"),
            **self.environment,
        }


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Unless it has ended by itself, which is a failure here."""
    assert process.poll() is None, "the worker ended by itself"
    process.send_signal(signal.SIGKILL)
    process.wait()
