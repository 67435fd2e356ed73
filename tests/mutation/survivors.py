"""survivors.toml -> which surviving mutants are accepted, each with the reason.

An entry holds for every mutant of the function that makes the same change: mutmut's numbers move
with each edited line, and an argument stays true where it was made.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.mutation.mutmut_run import Change

FILE: Final = Path(__file__).with_name("survivors.toml")


class BadEntry(ValueError):
    """An entry that accepts nothing, or without a reason."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Changes whose survival is argued, with the argument."""

    reasons: dict[Change, str]

    def why(self, change: Change) -> str:
        """Empty for one that nobody has argued."""
        return self.reasons.get(change, "")


def read_accepted(path: Path = FILE) -> Accepted:
    reasons: dict[Change, str] = {}
    for number, entry in enumerate(tomllib.loads(path.read_text("utf-8")).get("survivor", []), 1):
        changes, why = _entry(f"{path.name}, survivor {number}", entry)
        for change in changes:
            if change in reasons:
                raise BadEntry(f"{path.name}, survivor {number}: {change} is listed twice")
            reasons[change] = why
    return Accepted(reasons)


def _entry(where: str, entry: dict[str, Any]) -> tuple[list[Change], str]:
    match entry:
        case {"function": str(function), "was": str(was), "now": list(now), "why": str(why)} if (
            why.strip() and now and len(entry) == 4
        ):
            return [Change(function, was, str(line)) for line in now], why
    raise BadEntry(
        f"{where}: needs function, was, now (a list) and why, each with something in it, "
        f"and has {entry}"
    )


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
