"""A text meant for TradingView's message box -> what will go wrong with it, line by line.

Read by `crypto-bot lint-alert`. It sees the message as it will arrive: with typical values in the
placeholders' places, and with the NaN or the nothing that TradingView writes where it has none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from json import JSONDecodeError, loads
from typing import Final

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import Alert, alert_from
from chalicelib.domain.trading.alerts.body import MAXIMUM_BYTES, read_text
from chalicelib.domain.trading.alerts.placeholders import (
    NUMBERS,
    PLACEHOLDER,
    TEXTS,
    filled_in,
    is_known,
)

_ALERT_CALL = re.compile(r"\balert\s*\(")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_CREDENTIAL_KEY = re.compile(
    r"""(secret|token|password|passphrase|api_?key)\w{0,40}["']?\s{0,9}[:=]""", re.IGNORECASE
)
_LONG_WORD = re.compile(r"[\w-]{40,}", re.ASCII)

_UNDEFINED: Final = {"NaN": "NaN", "": "nothing"}
_PROTECTING: Final = ("stop_loss", "take_profit")


class Kind(StrEnum):
    """A problem makes the alert fail or mislead; a note is only worth knowing."""

    PROBLEM = "problem"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """What is wrong on a line (counted from 1), and what would be right."""

    line: int
    problem: str
    remedy: str
    kind: Kind = Kind.PROBLEM


def lint_alert(text: str) -> list[Finding]:
    """Everything to say, in the order of the lines; no problem means it will be understood."""
    if _ALERT_CALL.search(text):
        return list(_pine_findings(text))
    findings = {
        *_unknown_placeholders(text),
        *_bare_placeholders(text),
        *_bar_times(text),
        *_credentials(text),
        *_arrival(text),
    }
    return sorted(findings)


def _pine_findings(text: str) -> Iterator[Finding]:
    """Inside alert() nothing is replaced: the braces arrive as they stand."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in PLACEHOLDER.finditer(line):
            yield Finding(
                line=number,
                problem=f"{match[0]} is not filled in inside alert(); it arrives as it stands",
                remedy="join the value in Pine, such as str.tostring(close), or let the strategy's "
                "order fills send the message from the alert dialog",
            )


def _unknown_placeholders(text: str) -> Iterator[Finding]:
    for match in PLACEHOLDER.finditer(text):
        name = match[1].strip()
        if is_known(name):
            continue
        near = get_close_matches(name.lower(), [*TEXTS, *NUMBERS], n=1, cutoff=0.5)
        remedy = f"write {{{{{near[0]}}}}}" if near else "write one of TradingView's placeholders"
        yield Finding(
            line=_line_at(text, match.start()),
            problem=f"TradingView has no placeholder {match[0]}",
            remedy=remedy,
        )


def _bare_placeholders(text: str) -> Iterator[Finding]:
    if not text.lstrip().startswith("{"):
        return
    inside = [match.span() for match in _STRING.finditer(text)]
    for match in PLACEHOLDER.finditer(text):
        if any(start < match.start() and match.end() < end for start, end in inside):
            continue
        yield Finding(
            line=_line_at(text, match.start()),
            problem=f"{match[0]} is not in quotes; where it has no value the message is no JSON",
            remedy=f'write "{match[0]}"',
        )


def _bar_times(text: str) -> Iterator[Finding]:
    for match in PLACEHOLDER.finditer(text):
        if match[1].strip() == "time":
            yield Finding(
                line=_line_at(text, match.start()),
                problem="{{time}} is the bar's opening time, hours old when the bar closes",
                remedy="write {{timenow}}",
            )


def _credentials(text: str) -> Iterator[Finding]:
    random_looking = [m for m in _LONG_WORD.finditer(text) if _is_mixed(m[0])]
    found = [*_CREDENTIAL_KEY.finditer(text), *random_looking]
    for line in sorted({_line_at(text, match.start()) for match in found}):
        yield Finding(
            line=line,
            problem="the message holds a credential, and TradingView advises against that",
            remedy="leave it out and put the token into the webhook URL: /hook/STRATEGY/TOKEN",
        )


def _is_mixed(word: str) -> bool:
    letters = sum(letter.isalpha() for letter in word)
    return 0 < letters < len(word)


def _arrival(text: str) -> Iterator[Finding]:
    size = len(text.encode("utf-8", "replace"))
    if size > MAXIMUM_BYTES:
        remedy = f"shorten it to {MAXIMUM_BYTES} bytes"
        yield Finding(line=1, problem=f"the message has {size} bytes", remedy=remedy)
        return
    yield from _typical(text)
    for undefined, word in _UNDEFINED.items():
        yield from _with_undefined(text, undefined, word)


def _typical(text: str) -> Iterator[Finding]:
    arrived = filled_in(text)
    try:
        alert = alert_from(read_text(arrived))
    except SignalRejected as problem:
        yield Finding(
            line=_line_of(text, arrived, problem.field),
            problem=f"with typical values it would be refused: {problem}",
            remedy="compare it with the message that `crypto-bot alert-template` prints",
        )
        return
    if alert.fired_at is None:
        yield Finding(
            line=1,
            problem="the message does not say when it fired, so a copy counts as a new signal",
            remedy='add "time": "{{timenow}}"',
        )
    yield from _protecting(text, arrived, alert)


def _protecting(text: str, arrived: str, alert: Alert) -> Iterator[Finding]:
    for name in _PROTECTING:
        if getattr(alert, name) is not None:
            yield Finding(
                line=_line_of(text, arrived, name),
                problem=f"the bot sells at {name} by itself, before any exit of the strategy",
                remedy="send a price that holds on the venue, not only on the chart",
                kind=Kind.NOTE,
            )


def _with_undefined(text: str, undefined: str, word: str) -> Iterator[Finding]:
    try:
        read_text(filled_in(text, undefined))
    except SignalRejected as problem:
        bare = next(_bare_placeholders(text), None)
        if _is_readable(filled_in(text)):
            yield Finding(
                line=1 if bare is None else bare.line,
                problem=f"where a number has no value ({word}) it would be refused: {problem}",
                remedy="put the placeholder in quotes",
            )


def _is_readable(arrived: str) -> bool:
    try:
        read_text(arrived)
    except SignalRejected:
        return False
    return True


def _line_of(text: str, arrived: str, field: str) -> int:
    """The line of the JSON error, else the first that mentions the field, else the first."""
    try:
        loads(arrived)
    except JSONDecodeError as problem:
        return problem.lineno
    except (RecursionError, ValueError):
        return 1
    places = [number for number, line in enumerate(text.splitlines(), 1) if f'"{field}"' in line]
    return places[0] if field and places else 1


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
