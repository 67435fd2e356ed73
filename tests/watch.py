"""While a test runs, all that comes out is looked at: a planted secret in it fails the test.

Looked at are log records of every logger and level, rows on their way into a table, answers of the
application and of /metrics, the terminal, and the files of the test's folder. What a program of its
own prints and answers is shown to `refuse` by who started it.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final

import pytest
from chalice.app import Chalice

from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.local.metrics import Metrics
from tests.canaries import found_in

# Where the owner keeps secrets; the program writes them nowhere else.
_KEEPERS: Final = frozenset({"secrets.json", "owner-token"})


class Watch(logging.Handler):
    """What has come out since the last `take`."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self._leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.look(self.format(record), f"the log of {record.name}")

    def look(self, text: str, where: str) -> None:
        leak = found_in(text)
        if leak:
            self._leaks.append(f"{where}: {leak}")

    def take(self) -> list[str]:
        taken, self._leaks = self._leaks, []
        return taken


WATCH: Final = Watch()


def refuse(text: str, where: str) -> None:
    """For what no hook here can see; the running test fails."""
    WATCH.look(text, where)


def look_at_files(folder: Path) -> None:
    """Every file below, but for those that are there to keep secrets."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in _KEEPERS:
            refuse(path.read_bytes().decode("latin-1"), f"the file {path.name}")


def start() -> None:
    """Once per process, before anything is logged."""
    root = logging.getLogger()
    root.addHandler(WATCH)
    root.setLevel(logging.DEBUG)
    for table in (SqliteTable, DynamoDbTable):
        for name in ("write", "overwrite"):
            setattr(table, name, _looking_at_rows(getattr(table, name)))
    setattr(Chalice, "__call__", _looking_at_answers(Chalice.__call__))  # noqa: B010
    setattr(Metrics, "__call__", _looking_at_pages(Metrics.__call__))  # noqa: B010


def _looking_at_rows(write: Callable[[Any, Sequence[Row]], None]) -> Any:
    @wraps(write)
    def watched(table: Any, rows: Sequence[Row]) -> None:
        for row in rows:
            WATCH.look(f"{row.partition} {row.sort} {row.document}", "a stored row")
        write(table, rows)

    return watched


def _looking_at_answers(call: Callable[..., Any]) -> Any:
    @wraps(call)
    def watched(app: Any, event: Any, context: Any) -> Any:
        answer = call(app, event, context)
        WATCH.look(str(answer), "an answer")
        return answer

    return watched


def _looking_at_pages(serve: Callable[..., Iterable[bytes]]) -> Any:
    @wraps(serve)
    def watched(page: Any, environ: Any, start_response: Any) -> list[bytes]:
        def started(status: str, headers: Any) -> Any:
            WATCH.look(f"{status} {headers}", "the head of an answer")
            return start_response(status, headers)

        answer = list(serve(page, environ, started))
        WATCH.look(b"".join(answer).decode("latin-1"), "an answer")
        return answer

    return watched


def judge(item: pytest.Item, report: pytest.TestReport) -> None:
    """A phase of a test in which a secret came out has failed, whatever else it was."""
    for title, printed in report.sections:
        if title.startswith(("Captured stdout", "Captured stderr")):
            refuse(printed, "the terminal")
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.when == "call" and folder is not None:
        look_at_files(folder)
    leaks = WATCH.take()
    if leaks:
        report.outcome = "failed"
        report.longrepr = "a secret came out:\n" + "\n".join(leaks[:20])
