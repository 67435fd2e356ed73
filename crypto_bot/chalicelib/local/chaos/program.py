"""The killed program as its keeper sees it: started, found dead, started again."""

import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chalicelib.domain.errors import SettingsError

_LOOPBACK: Final = "127.0.0.1"
_PATIENCE: Final = 15.0
_COMPLAINTS: Final = "program.err"


@dataclass(slots=True, kw_only=True)
class Program:
    """One home, one port, one process at a time. `longest` is when an orphan ends by itself."""

    home: Path
    longest: float
    address: tuple[str, int] = field(init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        with socket.create_server((_LOOPBACK, 0)) as probe:
            self.address = (_LOOPBACK, int(probe.getsockname()[1]))

    def start(self, life: int) -> None:
        """With so many moments to live; 0 for ever."""
        words = (str(self.home), str(self.address[1]), str(self.longest), str(life))
        with (self.home / _COMPLAINTS).open("wb") as complaints:
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "chalicelib.local.chaos.mortal", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
            )

    def death(self) -> str | None:
        """Its last words once it is dead; None while it lives.

        SettingsError if it ended without any: then something else is wrong with it.
        """
        if self._process is None or self._process.poll() is None:
            return None
        words = self._read_out(self._process)
        if not words:
            raise SettingsError(f"the program ended by itself: {self._complaint()}")
        return words

    def stop(self) -> None:
        """As the owner would, and hard if it does not listen."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._read_out(self._process)

    def _complaint(self) -> str:
        """The last line that it wrote about itself."""
        text = (self.home / _COMPLAINTS).read_text(encoding="utf-8", errors="replace").strip()
        return text.splitlines()[-1] if text else "it said nothing"

    def _read_out(self, process: subprocess.Popen[bytes]) -> str:
        words = b"" if process.stdout is None or process.stdout.closed else process.stdout.read()
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        return words.decode("utf-8", "replace")
