"""`python -m tests.bench [NAME]` -> one JSON line per figure; exit code 1 when one is not ok.

A module `bench_*.py` beside this file offers `NAMES: tuple[str, ...]`, the figures that it can
measure, and `figures(only: str | None) -> Iterable[Figure]`. It is imported even where a figure of
another module is asked for, so what it measures is imported inside `figures`.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from typing import Protocol, cast

import tests.bench
from tests.bench.figure import Figure


class BenchModule(Protocol):
    NAMES: tuple[str, ...]

    def figures(self, only: str | None) -> Iterable[Figure]: ...


def main(arguments: list[str]) -> int:
    modules = _modules()
    names = sorted(name for module in modules for name in module.NAMES)
    if len(arguments) > 1 or not set(arguments) <= set(names):
        asked = " ".join(arguments)
        sys.stderr.write(f"There is no figure {asked!r}; there are: {', '.join(names)}\n")
        return 2
    only = arguments[0] if arguments else None
    all_ok = True
    for figure in _measure(modules, only):
        sys.stdout.write(figure.to_json() + "\n")
        sys.stdout.flush()
        all_ok = all_ok and figure.ok
    return 0 if all_ok else 1


def _modules() -> list[BenchModule]:
    found = sorted(info.name for info in pkgutil.iter_modules(tests.bench.__path__))
    return [
        cast("BenchModule", importlib.import_module(f"tests.bench.{name}"))
        for name in found
        if name.startswith("bench_")
    ]


def _measure(modules: list[BenchModule], only: str | None) -> Iterator[Figure]:
    for module in modules:
        wanted = [name for name in module.NAMES if only in (None, name)]
        if not wanted:
            continue
        sys.stderr.write(f"measuring {', '.join(wanted)} ...\n")
        with redirect_stdout(sys.stderr):  # stdout holds figures and nothing else
            measured = [figure for figure in module.figures(only) if figure.name in wanted]
        missing = set(wanted) - {figure.name for figure in measured}
        if missing:
            raise LookupError(f"figures promised in NAMES but not measured: {sorted(missing)}")
        yield from measured


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
