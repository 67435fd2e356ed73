"""Secrets for tests to plant. Each holds the mark, so one look finds whichever has come out.

tests/watch.py looks for the mark in everything that a test logs, stores, answers or prints.
"""

from base64 import b64encode
from typing import Final

MARK: Final = "c4narybird"

# As long as the tokens that we make.
PATH_TOKEN: Final = f"path-{MARK}-0123456789-abcdefghijklmnop"
QUERY_TOKEN: Final = f"query-{MARK}-0123456789-abcdefghijklmno"
BODY_SECRET: Final = f"body-{MARK}-0123456789-abcdefghijklmnop"
OWNER_TOKEN: Final = f"owner-{MARK}-0123456789-abcdefghijklmno"

# Gemini's keys have "account" in them, Kraken's secrets are base64.
EXCHANGE_KEY: Final = f"account-{MARK}-key"
EXCHANGE_SECRET: Final = f"{MARK}secret0123456789ab"
PASSPHRASE: Final = f"phrase-{MARK}"


def _in_base64() -> list[str]:
    """The mark as base64 shows it inside a longer text, which depends on what is in front."""
    aligned = (b64encode(b" " * front + MARK.encode()).decode() for front in range(3))
    return [text[4:-4] for text in aligned]


_SHAPES: Final = (MARK, *_in_base64())


def found_in(text: str) -> str:
    """What stands around the mark in the text, '' where it does not occur."""
    for shape in _SHAPES:
        place = text.find(shape)
        if place >= 0:
            return text[max(0, place - 80) : place + len(shape) + 20]
    return ""
