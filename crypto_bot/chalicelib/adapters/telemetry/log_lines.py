"""Log records -> lines: JSON for machines, words for people, credentials in neither."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

from typing_extensions import override

from chalicelib.adapters.telemetry.correlation import correlation
from chalicelib.domain.operation.redaction import without_credentials

_LONGEST: Final = 4_000
_WORDS: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
# What every record has; whatever else is on one was given as `extra`.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Lambda's own run time puts this on each record.
_REQUEST: Final = "aws_request_id"


class JsonLines(logging.Formatter):
    """One object per line: time, level, logger, message, correlation, what the line is about."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _clean(record.getMessage()),
        }
        about = {k: v for k, v in vars(record).items() if k not in _STANDARD and k != _REQUEST}
        line |= {name: _clean(value) for name, value in about.items()}
        identity = correlation() or getattr(record, _REQUEST, "")
        if identity:
            line["correlation"] = identity
        if record.exc_info:
            line["error"] = _clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class Words(logging.Formatter):
    """The same for people: one line, and a traceback below where there is one."""

    def __init__(self) -> None:
        super().__init__(_WORDS)

    @override
    def format(self, record: logging.LogRecord) -> str:
        return without_credentials(super().format(record))


def log_as_json(chatty: logging.Logger) -> None:
    """From here on every line of this process is JSON; `chatty` (Chalice's) has its own stream."""
    lines = JsonLines()
    for handler in (*logging.getLogger().handlers, *chatty.handlers):
        handler.setFormatter(lines)


def _clean(value: object) -> object:
    """Numbers stay numbers; everything else is text that may hold anything."""
    if value is None or isinstance(value, bool | int):
        return value
    text = without_credentials(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
