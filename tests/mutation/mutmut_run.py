"""A flat copy -> what became of each mutant, and the change that each survivor is."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mutmut.mutation.diff_apply import get_diff_for_mutant

_JUDGE: Final = Path(__file__).with_name("judge.py")
_KILLED: Final = frozenset({"killed", "timeout"})
_NAME: Final = re.compile(r"chalicelib\.domain\.(?P<module>[\w.]+)\.x(?P<rest>[_ǁ].+)__mutmut_\d+")


class MutmutFailed(RuntimeError):
    """mutmut did not get as far as to judge mutants."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`name` is mutmut's own; it numbers on, so it changes with the lines around."""

    name: str
    status: str

    @property
    def is_killed(self) -> bool:
        """One that never ends is found out as surely as one that fails."""
        return self.status in _KILLED

    @property
    def module(self) -> str:
        return self._parts()[0]

    @property
    def function(self) -> str:
        """`trading.netting.net_orders`, or `money.Exact.__init_subclass__` for a method."""
        return ".".join(self._parts())

    def _parts(self) -> tuple[str, str]:
        found = _NAME.fullmatch(self.name)
        if found is None:
            raise MutmutFailed(f"{self.name!r} is no name of a mutant of the domain")
        rest = found["rest"]
        return found["module"], rest.removeprefix("_") if rest[0] == "_" else _method(rest)


def _method(rest: str) -> str:
    return rest.removeprefix("ǁ").replace("ǁ", ".")


@dataclass(frozen=True, slots=True)
class Change:
    """What a survivor is, whatever its number: the lines that went and the lines that came."""

    function: str
    was: str
    now: str


def run_mutmut(copy: Path, processes: int) -> list[Mutant]:
    """Judge every mutant of the copy. On a terminal mutmut shows how far it is."""
    _call(copy, "run", "--max-children", str(processes))
    return list(_mutants(_call(copy, "results", "--all", "true").splitlines()))


def _call(copy: Path, *arguments: str) -> str:
    """What mutmut prints, where nobody watches it."""
    watched = sys.stderr.isatty() and arguments[0] == "run"
    ended = subprocess.run(
        [sys.executable, str(_JUDGE), *arguments],
        cwd=copy,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # noqa: TID251
        stdout=sys.stderr if watched else subprocess.PIPE,
        stderr=None if watched else subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = ended.stdout or ""
    if ended.returncode != 0:
        last = said[-2000:] or "see above"
        raise MutmutFailed(f"mutmut {arguments[0]} ended with {ended.returncode}: {last}")
    return said


def _mutants(lines: Iterable[str]) -> Iterator[Mutant]:
    for line in lines:
        name, _, status = line.strip().rpartition(": ")
        yield Mutant(name, status)


def change_of(copy: Path, mutant: Mutant) -> Change:
    path = Path("chalicelib", "domain", *mutant.module.split(".")).with_suffix(".py")
    with contextlib.chdir(copy):
        diff = get_diff_for_mutant(mutant.name, path=path).splitlines()[2:]
    gone = [line[1:].strip() for line in diff if line.startswith("-")]
    come = [line[1:].strip() for line in diff if line.startswith("+")]
    return Change(mutant.function, " ".join(gone), " ".join(come))
