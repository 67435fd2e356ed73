"""The engine's side of a bot's process: asks, waits no longer than so, reads no more than fits.

By poll, so that neither a bot that does not read nor one that does not stop writing holds it up.
"""

import logging
import os
import select
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import RLock
from time import monotonic
from types import MappingProxyType
from typing import Any, Final

from chalicelib.adapters.sandboxes import child
from chalicelib.adapters.sandboxes.lockdown import MEMORY
from chalicelib.adapters.sandboxes.messages import (
    listed,
    read,
    sentence_of,
    taken,
    written,
)
from chalicelib.domain.bots.refusals import BotFailed, BotRefused

_LOG = logging.getLogger(__name__)
_ROOT: Final = Path(__file__).parents[3]
# Puts two adapters together, as bootstrap does elsewhere.
_PROGRAM: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from chalicelib.adapters.bot_files import bot_of,"
    f" bot_of_file; from {child.__name__} import {child.serve.__name__} as serve;"
    " serve(bot_of, bot_of_file)"
)
_LONGEST: Final = 1_000_000  # bytes of an answer
_AT_ONCE: Final = 65_536
_BEGIN_SECONDS: Final = 30.0
_END_SECONDS: Final = 10.0
_MOST_LACKING: Final = 20


class BotProcess:
    """Begun when it is asked first, and again when it is asked after its end.

    `begun` counts that: what was known to an earlier one is not known to the next. `seconds` is how
    long it may take to answer, `memory` how many bytes it may have, `environment` what its
    interpreter needs to begin. `lacking` says what the system did not let us take from it.
    """

    def __init__(
        self,
        name: str,
        seconds: float,
        imports: Sequence[str],
        *,
        memory: int = MEMORY,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name: Final = name
        self.begun = 0
        self.lacking: list[str] = []
        self._seconds = seconds
        self._memory = memory
        self._environment = environment
        self._imports = imports
        self._process: subprocess.Popen[bytes] | None = None
        self._stop: Any = None
        self._waiting: Final = select.poll()
        self._one: Final = RLock()  # a question is asked and answered before the next

    def begin(self) -> None:
        """Unless it runs."""
        with self._one:
            if self._process is None or self._process.poll() is not None:
                self._begin()

    def _begin(self) -> None:
        self.end()
        arguments = [str(self._memory), *self._imports]
        self._process = process = subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-I", "-S", "-B", "-c", _PROGRAM, str(_ROOT), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            cwd="/",
            start_new_session=True,
        )
        self._stop = weakref.finalize(self, _end, process)
        for pipe in (process.stdin, process.stdout):
            os.set_blocking(pipe.fileno(), False)  # type: ignore[union-attr]
        self.begun += 1
        said = self._answer(b"", _BEGIN_SECONDS)
        self.lacking = [
            sentence_of(sentence)
            for sentence in listed("lacking", said.get("lacking"), _MOST_LACKING)
        ]
        for sentence in self.lacking:
            _LOG.warning("%s is not contained whole: %s", self.name, sentence)

    def end(self) -> None:
        """With everything that it began."""
        with self._one:
            if self._stop is not None:
                self._stop()
            self._process = None

    def ask(self, message: object) -> dict[str, Any]:
        """What it answers; BotFailed or BotRefused where it says so, or does not answer in time."""
        return taken(self.answer(message))

    def answer(self, message: object, most: float | None = None) -> dict[str, Any]:
        """The same, where it says so as it says it. It has `most` seconds, if that is less."""
        seconds = self._seconds if most is None else min(most, self._seconds)
        with self._one:
            return self._answer(written(message), seconds)

    def _answer(self, message: bytes, seconds: float) -> dict[str, Any]:
        try:
            return read(self._exchange(message, monotonic() + seconds, seconds))
        except BotRefused as error:
            self.end()
            raise BotFailed(f"{self.name}: {error}") from None
        except BaseException:  # who is interrupted leaves half an answer behind
            self.end()
            raise

    def _exchange(self, message: bytes, deadline: float, seconds: float) -> bytes:
        to_it, from_it = self._pipes()
        answer = b""
        while not answer.endswith(b"\n"):
            message = _sent(to_it, message)
            ready = self._ready(to_it if message else None, from_it, deadline)
            if not ready:
                raise BotFailed(f"{self.name}: it did not answer within {seconds:g} seconds")
            if from_it in ready:
                answer += self._received(from_it)
            if len(answer) > _LONGEST:
                raise BotFailed(f"{self.name}: it answered with more than {_LONGEST} bytes")
        if answer.count(b"\n") != 1 or message:
            raise BotFailed(f"{self.name}: it said more than it was asked")
        return answer

    def _pipes(self) -> tuple[int, int]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise BotFailed(f"{self.name}: its process has ended")
        return process.stdin.fileno(), process.stdout.fileno()

    def _received(self, from_it: int) -> bytes:
        got = os.read(from_it, _AT_ONCE)
        if not got:
            raise BotFailed(
                f"{self.name}: its process has ended; it ended itself, or took more than"
                f" {self._memory // 2**20} MB"
            )
        return got

    def _ready(self, to_it: int | None, from_it: int, deadline: float) -> set[int]:
        self._waiting.register(from_it, select.POLLIN)
        if to_it is not None:
            self._waiting.register(to_it, select.POLLOUT)
        try:
            left = max(0.0, deadline - monotonic())
            return {number for number, _ in self._waiting.poll(left * 1000)}
        finally:
            self._waiting.unregister(from_it)
            if to_it is not None:
                self._waiting.unregister(to_it)


def _sent(to_it: int, message: bytes) -> bytes:
    """What is left of it. Where nobody reads any more, its end will be read."""
    if message:
        with suppress(BlockingIOError, BrokenPipeError):
            return message[os.write(to_it, message[:_AT_ONCE]) :]
    return message


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:  # else the number may be somebody else's by now
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_END_SECONDS)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
