"""DuckDB in memory, told to stay within a function's: nothing is fetched, no home is needed."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final, NamedTuple

import duckdb

# What fits beside the rest of a function of 512 MB; what needs more goes to the folder.
_MEMORY: Final = "160MB"


class Engine(NamedTuple):
    """`folder` is for files of this work; both are gone at its end."""

    connection: duckdb.DuckDBPyConnection
    folder: Path


@contextmanager
def engine() -> Iterator[Engine]:
    """One piece of work. duckdb.Error is what can go wrong in it."""
    with TemporaryDirectory(prefix="crypto-bot-") as folder, _opened().cursor() as connection:
        yield Engine(connection, Path(folder))


@cache
def _opened() -> duckdb.DuckDBPyConnection:
    """One for the process: opening takes longer than most of what is done. It keeps no tables."""
    # Made by DuckDB when it first needs it, and removed by it too.
    folder = f"{gettempdir()}/crypto-bot-duckdb-{os.getpid()}"
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": _MEMORY,
            "temp_directory": folder,
            "home_directory": folder,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")  # not an option of connect: it is ICU's
    atexit.register(_close)
    return connection


def _close() -> None:
    """DuckDB complains aloud of what is still open when the interpreter has ended."""
    _opened().close()
    _opened.cache_clear()
