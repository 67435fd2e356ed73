"""What is worth saying to the owner: notices, each said once, and bulletins that carry them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

_LINES: Final = 10
_LONGEST_LINE: Final = 400
_WHERE_TO_LOOK: Final = "crypto-bot notify lists them"


class Severity(StrEnum):
    """P1: money or orders are at stake now. P2: the owner should know today."""

    P1 = "P1"
    P2 = "P2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing worth saying. `key` names the occasion: whatever has the same key is said once.

    `told` are the channels that have it; `done` says that no channel waits for it any more.
    """

    key: str
    severity: Severity
    sentence: str
    at: datetime
    signal_id: str = ""
    told: tuple[str, ...] = ()
    done: bool = False
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What goes out at once over one channel; `more` counts the notices that found no room."""

    stage: str
    notices: tuple[Notice, ...]
    more: int = 0

    @property
    def severity(self) -> Severity:
        """The gravest of its notices."""
        return min((notice.severity for notice in self.notices), default=Severity.P2)

    @property
    def subject(self) -> str:
        """One line for where there is room for no more."""
        count = len(self.notices) + self.more
        return f"crypto-bot {self.stage} {self.severity}: {count} notice{'' if count == 1 else 's'}"

    def text(self, longest: int) -> str:
        """The subject and one line per notice, the gravest first, in at most `longest` letters."""
        lines = [
            _cut(f"{n.severity} {n.at:%H:%M} {_one_line(n.sentence)}", _LONGEST_LINE)
            for n in self.notices
        ]
        shown = len(lines)
        while shown > 1 and len(self._joined(lines[:shown])) > longest:
            shown -= 1
        return _cut(self._joined(lines[:shown]), longest)

    def _joined(self, lines: Sequence[str]) -> str:
        more = self.more + len(self.notices) - len(lines)
        last = [f"and {more} more: {_WHERE_TO_LOOK}"] if more else []
        return "\n".join((self.subject, *lines, *last))


def bulletin_of(notices: Sequence[Notice], stage: str) -> Bulletin:
    """The gravest and oldest have a line each; the rest is only counted."""
    ordered = sorted(notices, key=lambda notice: (notice.severity, notice.at, notice.key))
    return Bulletin(
        stage=stage, notices=tuple(ordered[:_LINES]), more=max(0, len(ordered) - _LINES)
    )


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
