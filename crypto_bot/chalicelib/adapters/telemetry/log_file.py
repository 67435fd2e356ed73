"""The log of the embedded run, read from its end: lines of words, or JSON where asked for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chalicelib.domain.operation.redaction import without_credentials

LOG_FILE: Final = "crypto-bot.log"
# So much is read of what may be 15 MB: an answer takes no longer the longer the program runs.
_READ: Final = 1_000_000
_OLDER: Final = ("", ".1")
_LONGEST: Final = 4_000
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_WORDS: Final = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(?P<ms>\d{3}) (?P<level>[A-Z]+) (?P<logger>\S+) ?"
    r"(?P<message>.*)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """`more` is what stands below it, such as a traceback."""

    at: datetime
    level: str
    logger: str
    message: str
    correlation: str = ""
    more: str = ""


def newest_lines(
    home: Path, limit: int, *, level: str = "DEBUG", containing: str = ""
) -> list[LogLine]:
    """At most so many, newest first, of this level or graver, that have the text in them."""
    graver = _LEVELS[_LEVELS.index(level) :]
    wanted = containing.lower()
    found: list[LogLine] = []
    for ending in _OLDER:
        for line in reversed(list(_lines(home / f"{LOG_FILE}{ending}"))):
            whole = f"{line.logger} {line.message} {line.correlation} {line.more}".lower()
            if line.level in graver and wanted in whole:
                found.append(line)
            if len(found) == limit:
                return found
    return found


def _lines(path: Path) -> Iterator[LogLine]:
    held: LogLine | None = None
    below: list[str] = []
    for text in _texts(path):
        begun = _begun(text)
        if begun is None:
            below.append(text)
            continue
        if held is not None:
            yield _with(held, below)
        held, below = begun, []
    if held is not None:
        yield _with(held, below)


def _texts(path: Path) -> list[str]:
    """The last of its lines; the first may be cut, so that it begins nothing."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _READ))
            content = file.read(_READ)
    except FileNotFoundError:
        return []
    return without_credentials(content.decode("utf-8", "replace")).splitlines()


def _begun(text: str) -> LogLine | None:
    """None for a line that goes on with the one before."""
    if text.startswith("{"):
        return _json(text)
    words = _WORDS.fullmatch(text)
    if words is None:
        return None
    at = datetime.fromisoformat(f"{words['at']}.{words['ms']}").astimezone(UTC)
    return LogLine(
        at=at, level=words["level"], logger=words["logger"], message=words["message"][:_LONGEST]
    )


def _json(text: str) -> LogLine | None:
    try:
        fields = json.loads(text)
        return LogLine(
            at=datetime.fromisoformat(fields["time"]),
            level=str(fields["level"]),
            logger=str(fields["logger"]),
            message=str(fields["message"])[:_LONGEST],
            correlation=str(fields.get("correlation", "")),
            more=str(fields.get("error", ""))[:_LONGEST],
        )
    except (ValueError, KeyError, TypeError):
        return None  # somebody else's, or cut


def _with(line: LogLine, below: list[str]) -> LogLine:
    if not below:
        return line
    return LogLine(
        at=line.at,
        level=line.level,
        logger=line.logger,
        message=line.message,
        correlation=line.correlation,
        more="\n".join(below)[:_LONGEST],
    )
