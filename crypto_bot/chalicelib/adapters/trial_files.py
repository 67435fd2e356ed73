"""The trials of a sweep as lines of JSON, each written as it ends, so that a sweep can go on.

The first line says what the trials are of. A line that a crash cut off is passed over, and its
trial is run again.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from chalicelib.domain.bots.sweep_rows import trial_of, trial_row
from chalicelib.domain.bots.sweep_trial import Trial
from chalicelib.domain.errors import SettingsError

_KIND: Final = "crypto-bot trials"


class TrialFile:
    """A TrialLog. SettingsError where the file is something else, or cannot be written."""

    def __init__(self, path: Path, key: str, bot: str) -> None:
        self.path: Final = path
        head = {"kind": _KIND, "schema": 1, "key": key, "bot": bot}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The whole of it, as it is; what follows is only ever added.
            self._file = path.open("a+", encoding="utf-8", newline="\n")
            self._file.seek(0)
            lines = self._file.read().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} cannot be used for the trials: {error}") from None
        if lines == [""]:
            self._write(head)
        elif _object(lines[0]).get("kind") != _KIND:
            self._refuse(f"{path} has something else than trials of a sweep in it: name another")
        elif _object(lines[0]) != head:
            self._refuse(
                f"{path} has the trials of another sweep: the bot, its candles or the account's"
                " terms were not the same. Name another file, or remove this one to begin anew"
            )
        elif lines[-1]:
            self._file.write("\n")
        self._known = [*_trials(lines[1:])]

    def known(self) -> Sequence[Trial]:
        """All that were in it when it was opened."""
        return self._known

    def add(self, trial: Trial) -> None:
        """Handed to the system at once: it outlives this process."""
        self._write(trial_row(trial))

    def _write(self, row: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            self._file.flush()
        except OSError as error:
            raise SettingsError(f"{self.path} cannot be written: {error.strerror}") from None

    def _refuse(self, sentence: str) -> None:
        self._file.close()
        raise SettingsError(sentence)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _trials(lines: Sequence[str]) -> Iterator[Trial]:
    for line in lines:
        row = _object(line)
        try:
            yield trial_of(row)
        except KeyError:
            continue


def _object(line: str) -> dict[str, Any]:
    try:
        read = json.loads(line)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
