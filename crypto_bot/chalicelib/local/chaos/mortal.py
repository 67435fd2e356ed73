"""The program that gets killed: `crypto-bot run`, whose table kills the process at some write.

`python -m chalicelib.local.chaos.mortal HOME PORT SECONDS LIFE`; LIFE counts the moments before and
after each write, and 0 means that it lives until it is stopped.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Final, NoReturn

from typing_extensions import override

from chalicelib import bootstrap
from chalicelib.bootstrap import STATE_FILE
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.local.embedded import run
from chalicelib.local.view import RunOptions, RunSummary, Snapshot
from chalicelib.settings import Settings

# The beginning of a row's partition -> what the owner calls it.
_THINGS: Final = {
    "signal": "a signal",
    "plan": "a plan or an order",
    "account": "the account's state",
    "ledger": "the books",
    "virtual": "the venue's own book",
    "lease": "the lease",
    "control": "the heartbeat",
    "performance": "the figures of the hour",
    "notice": "a notice",
}


class MortalTable(SqliteTable):
    """The real table; the process dies in it as if the power went off."""

    def __init__(self, path: Path, life: int) -> None:
        super().__init__(path)
        self._left = life
        self._is_mortal = life > 0
        self._counting = Lock()

    @override
    def write(self, rows: Sequence[Row]) -> None:
        """See `Table.write`."""
        self._age("before", rows)
        super().write(rows)
        self._age("after", rows)

    @override
    def overwrite(self, rows: Sequence[Row]) -> None:
        """See `Table.overwrite`."""
        self._age("before", rows)
        super().overwrite(rows)
        self._age("after", rows)

    def _age(self, moment: str, rows: Sequence[Row]) -> None:
        if not self._is_mortal:
            return
        with self._counting:
            self._left -= 1
            if self._left <= 0:
                _die(f"{moment} writing {_thing(rows)}")


def _thing(rows: Sequence[Row]) -> str:
    word = rows[0].partition.partition("#")[0] if rows else ""
    return _THINGS.get(word, word or "nothing")


def _die(last_words: str) -> NoReturn:
    """No handler, no cleanup: what is not on the disk by now is gone."""
    os.write(sys.stdout.fileno(), last_words.encode())
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(1)


class _Unseen:
    """A view for nobody."""

    def started(self, *, url: str, dashboard: str, token: str, curl: str) -> None:
        """See `View.started`."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """See `View.snapshot`."""

    def stopped(self, summary: RunSummary) -> None:
        """See `View.stopped`."""


def main(arguments: Sequence[str]) -> None:
    """Serve until killed, stopped, or out of time."""
    home, port, seconds, life = arguments
    table = MortalTable(Path(home) / STATE_FILE, int(life))
    # What the environment says of exchanges and stages is not for this home.
    bootstrap.use(bootstrap.Choices(settings=Settings(), home=Path(home), table=table))
    options = RunOptions(home=Path(home), port=int(port), seconds=float(seconds), demo=False)
    run(options, _Unseen())


if __name__ == "__main__":
    main(sys.argv[1:])
