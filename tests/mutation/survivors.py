"""accepted/*.toml -> which surviving mutants are accepted, and why that is right.

A [[survivor]] is one change of one function, wherever it stands in it: mutmut's numbers move with
each edited line, and an argument stays true where it was made. A [[kind]] is a change that is
argued once for all functions, or for those that its `functions` matches. `make mutate` is red for
any other survivor, and for an entry that nothing needs any more.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.mutation.mutmut_run import Change

FOLDER: Final = Path(__file__).with_name("accepted")  # a file for each package of the domain


class BadEntry(ValueError):
    """An entry that accepts nothing, or without a reason."""


@dataclass(frozen=True, slots=True)
class Kind:
    r"""A change that never shows: what `was` finds becomes one of `now`, \1 being its group 1."""

    was: re.Pattern[str]
    now: tuple[str, ...]
    functions: re.Pattern[str]

    def covers(self, change: Change) -> bool:
        """Whether this one place of the line is all that changed."""
        return bool(self.functions.fullmatch(change.function)) and any(
            change.was[: found.start()] + found.expand(now) + change.was[found.end() :]
            == change.now
            for found in self.was.finditer(change.was)
            for now in self.now
        )

    def __str__(self) -> str:
        return f"{self.was.pattern} -> {' or '.join(self.now)}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Changes, and kinds of changes, whose survival is argued, with the argument."""

    reasons: dict[Change, str]
    kinds: dict[Kind, str]

    def why(self, change: Change) -> str:
        """Empty for one that nobody has argued."""
        by_kind = (why for kind, why in self.kinds.items() if kind.covers(change))
        return self.reasons.get(change) or next(by_kind, "")

    def idle(self, survivors: Iterable[Change]) -> list[str]:
        """What is argued and does not survive any more."""
        found = set(survivors)
        single = [str(change) for change in self.reasons if change not in found]
        kinds = [str(kind) for kind in self.kinds if not any(map(kind.covers, found))]
        return single + kinds


def read_accepted(folder: Path = FOLDER) -> Accepted:
    """The accepted survivors. BadEntry for one that is not complete, or is there twice."""
    reasons: dict[Change, str] = {}
    kinds: dict[Kind, str] = {}
    files = {path.name: tomllib.loads(path.read_text("utf-8")) for path in folder.glob("*.toml")}
    for name, entries in sorted(files.items()):
        for number, entry in enumerate(entries.get("kind", []), 1):
            kind, why = _kind(f"{name}, kind {number}", entry)
            kinds[kind] = why
    for name, entries in sorted(files.items()):
        for number, entry in enumerate(entries.get("survivor", []), 1):
            where = f"{name}, survivor {number}"
            changes, why = _survivor(where, entry)
            for change in changes:
                if Accepted(reasons, kinds).why(change):
                    raise BadEntry(f"{where}: {change} is listed twice")
                reasons[change] = why
    return Accepted(reasons, kinds)


def _survivor(where: str, entry: dict[str, Any]) -> tuple[list[Change], str]:
    match entry:
        case {"function": str(function), "was": str(was), "now": list(now), "why": str(why)} if (
            why.strip() and now and len(entry) == 4
        ):
            return [Change(function, was, str(line)) for line in now], why
    raise BadEntry(
        f"{where}: needs function, was, now (a list) and why, each with something in it, "
        f"and has {entry}"
    )


def _kind(where: str, entry: dict[str, Any]) -> tuple[Kind, str]:
    match entry:
        case {"was": str(was), "now": list(now), "why": str(why)} if was and now and why.strip():
            functions = str(entry.get("functions", ".*"))
            if entry.keys() <= {"was", "now", "why", "functions"}:
                outcomes = tuple(str(text) for text in now)
                return Kind(_pattern(where, was), outcomes, _pattern(where, functions)), why
    raise BadEntry(
        f"{where}: needs was (a pattern), now (a list) and why, may have functions (a pattern), "
        f"and has {entry}"
    )


def _pattern(where: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as mistake:
        raise BadEntry(f"{where}: {text!r} is no pattern: {mistake}") from None


def as_entry(change: Change) -> str:
    """The text to put into the file, but for the reason."""
    quoted = {"function": change.function, "was": change.was}
    lines = [f"{key} = {_literal(value)}" for key, value in quoted.items()]
    return "\n".join(["[[survivor]]", *lines, f"now = [{_literal(change.now)}]", 'why = ""', ""])


def _literal(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
