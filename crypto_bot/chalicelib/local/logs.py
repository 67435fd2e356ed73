"""What the program says about itself goes to a file in the home folder, not to the terminal."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from chalicelib.adapters.telemetry.log_file import LOG_FILE
from chalicelib.adapters.telemetry.log_lines import JsonLines, Words

_BYTES: Final = 5_000_000
# Of an address or a file, all that follows the host or the first slash: it may hold a token.
_PATH: Final = re.compile(
    r"(?P<host>\w+://[^/\s]+)/[^\s'\",;]*"
    r"|(?<![\w/:])(/|[A-Za-z]:\\)[^\s'\",;:]+"
)


@contextmanager
def logging_to(home: Path, chatty: logging.Logger, *, as_json: bool = False) -> Iterator[None]:
    """All loggers write there meanwhile; `chatty` (Chalice's) gives up its own stream.

    `as_json` makes every line an object, and shows them on standard output, too.
    """
    root = logging.getLogger()
    handlers: list[logging.Handler] = [
        RotatingFileHandler(
            home / LOG_FILE, maxBytes=_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
    ]
    if as_json:
        handlers.append(logging.StreamHandler(sys.stdout))
    streams, chatty.handlers = chatty.handlers, []
    propagates, chatty.propagate = chatty.propagate, True
    for handler in handlers:
        handler.setFormatter(JsonLines() if as_json else Words())
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
        chatty.handlers, chatty.propagate = streams, propagates


def without_paths(text: str) -> str:
    """An address keeps its host; a file's whereabouts, or a route's, are left out."""
    return _PATH.sub(lambda found: found["host"] or "(path)", text)
