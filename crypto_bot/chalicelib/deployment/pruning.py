"""What an installed tree has and no function uses: other exchanges, tests, stubs, sources in C."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from chalicelib.deployment.refusal import DeploymentError

# Exchanges run on asyncio's own loop (adapters/venues/ccxt/loop_thread.py); of DuckDB nobody needs
# another interface, or Spark's.
_UNUSED: Final = ("bin", "uvloop", "_duckdb-stubs", "adbc_driver_duckdb", "duckdb/experimental")
_TESTS: Final = frozenset({"test", "tests"})
_NOT_RUN: Final = frozenset({".c", ".h", ".md", ".pxd", ".pxi", ".pyi", ".pyx", ".typed"})
_INSTALLERS: Final = frozenset({"INSTALLER", "RECORD", "REQUESTED", "WHEEL", "entry_points.txt"})
# Streams, and another kind of market: a function asks and ends.
_UNUSED_CCXT: Final = ("pro", "prediction", "test")
_INSIDE: Final = re.compile(r"^from ccxt\.async_support\.(\w+) import", re.MULTILINE)


def prune(tree: Path) -> None:
    """All packages but ccxt."""
    for name in _UNUSED:
        _remove(tree / name)
    for folder in sorted(tree.rglob("*"), reverse=True):
        if folder.is_dir() and folder.name in _TESTS:
            _remove(folder)
    for path in list(tree.rglob("*")):
        in_metadata = path.parent.name.endswith(".dist-info")
        if path.is_file() and (
            path.suffix in _NOT_RUN or (in_metadata and path.name in _INSTALLERS)
        ):
            path.unlink()


def prune_ccxt(ccxt: Path, exchanges: Iterable[str] | None) -> None:
    """Leave these exchanges and what they are derived from, or all; the rest never was."""
    for name in _UNUSED_CCXT:
        _remove(ccxt / name)
    if exchanges is None:
        return
    kept = _with_parents(ccxt / "async_support", exchanges)
    for folder in (ccxt, ccxt / "async_support", ccxt / "abstract"):
        for path in folder.glob("*.py"):
            if path.stem not in kept and path.stem != "__init__":
                path.unlink()
    for folder in (ccxt, ccxt / "async_support"):
        _forget_the_others(folder / "__init__.py", folder)


def _with_parents(folder: Path, exchanges: Iterable[str]) -> set[str]:
    """binanceus is a binance with other addresses, and so on."""
    kept: set[str] = set()
    waiting = list(exchanges)
    while waiting:
        name = waiting.pop()
        path = folder / f"{name}.py"
        if not path.is_file():
            raise DeploymentError(
                f"ccxt has no exchange {name!r}; EXCHANGES takes ids such as gemini or binance"
            )
        kept.add(name)
        found = set(_INSIDE.findall(path.read_text(encoding="utf-8"))) - {"base"}
        waiting += found - kept
    return kept


def _forget_the_others(init: Path, folder: Path) -> None:
    """Take the lines out that import an exchange, or list it, whose file is gone."""
    lines = init.read_text(encoding="utf-8").splitlines(keepends=True)
    there = {path.stem for path in folder.iterdir()}
    init.write_text("".join(line for line in lines if not _is_about_another(line, there)))


def _is_about_another(line: str, there: set[str]) -> bool:
    imported = re.match(r"from ccxt\.(?:async_support\.)?(\w+) import \1\b", line)
    listed = re.match(r"    '(\w+)',$", line)
    name = imported or listed
    return name is not None and name[1].islower() and name[1] not in there | _OFFERED


# What ccxt lists among its exchanges' names without its being one.
_OFFERED: Final = frozenset({"base", "exchanges", "decimal_to_precision"})


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
