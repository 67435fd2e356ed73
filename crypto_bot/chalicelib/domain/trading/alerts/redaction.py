"""Texts of strangers -> what may be kept of them: no credential, no control character, not long."""

import re
from typing import Final

from chalicelib.domain.trading.alerts.body import MAXIMUM_BYTES

EXCERPT_LENGTH: Final = 512

_BLANK: Final = "[blanked]"

# Values of keys that hold credentials, in JSON and in key=value lines, whole or cut off.
_CREDENTIAL: Final = re.compile(
    r"""(?ix)
    ( (?: secret | token | password | passphrase | api_?key ) \w{0,40} "? \s{0,9} [:=] \s{0,9} )
    ( " (?: [^"\\] | \\. )* "? | [^\s,;}"]+ )
    """
)


def redacted(text: str, token: str) -> str:
    """The text without the token and without the values of keys that hold credentials."""
    if token:
        text = text.replace(token, _BLANK)
    return _CREDENTIAL.sub(lambda found: f"{found[1]}{_BLANK}", text)


def excerpt_of(body: bytes, token: str) -> str:
    """The beginning of a body as one printable line without credentials."""
    text = redacted(body[:MAXIMUM_BYTES].decode("utf-8", "replace"), token)
    return "".join(letter if letter.isprintable() else " " for letter in text[:EXCERPT_LENGTH])
