"""What the program says about itself goes to a file in the home folder, not to the terminal."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

_FILE: Final = "crypto-bot.log"
_BYTES: Final = 5_000_000
# Of an address or a file, all that follows the host or the first slash: it may hold a token.
_PATH: Final = re.compile(
    r"(?P<host>\w+://[^/\s]+)/[^\s'\",;]*"
    r"|(?<![\w/:])(/|[A-Za-z]:\\)[^\s'\",;:]+"
)


@contextmanager
def logging_to(home: Path, chatty: logging.Logger) -> Iterator[None]:
    """All loggers write there meanwhile; `chatty` (Chalice's) gives up its own stream."""
    root = logging.getLogger()
    handler = RotatingFileHandler(
        home / _FILE, maxBytes=_BYTES, backupCount=2, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    streams, chatty.handlers = chatty.handlers, []
    propagates, chatty.propagate = chatty.propagate, True
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
        chatty.handlers, chatty.propagate = streams, propagates


def without_paths(text: str) -> str:
    """An address keeps its host; a file's whereabouts, or a route's, are left out."""
    return _PATH.sub(lambda found: found["host"] or "(path)", text)
