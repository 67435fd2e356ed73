"""Texts of strangers -> what may be kept of them: no credential, no control character, not long."""

import re
from dataclasses import replace
from typing import Final

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import Alert
from chalicelib.domain.trading.alerts.body import MAXIMUM_BYTES, read_body

EXCERPT_LENGTH: Final = 512

_BLANK: Final = "[blanked]"
_STORED_TEXTS: Final = ("ticker", "interval", "order_id", "comment")

# Values of keys that hold credentials, in JSON and in key=value lines, whole or cut off.
_CREDENTIAL: Final = re.compile(
    r"""(?ix)
    ( (?: secret | token | password | passphrase | api_?key ) \w{0,40} "? \s{0,9} [:=] \s{0,9} )
    ( " (?: [^"\\] | \\. )* "? | [^\s,;}"]+ )
    """
)

# What may be a credential whatever stands in front of it: in a damaged body, its key is damaged.
_LONG_WORD: Final = re.compile(r"[A-Za-z0-9_-]{20,}")


def redacted(text: str, token: str) -> str:
    """The text without the token and without the values of keys that hold credentials."""
    if token:
        text = text.replace(token, _BLANK)
    return _CREDENTIAL.sub(_blanked, text)


def _blanked(found: re.Match[str]) -> str:
    """Between quotes where the key has them, so that JSON stays JSON."""
    quote = '"' if '"' in found[1] else ""
    return f"{found[1]}{quote}{_BLANK}{quote}"


def without_token(alert: Alert, token: str) -> Alert:
    """The alert whose texts may be stored: somebody may have pasted the token into one of them."""
    if not token:
        return alert
    texts = {name: getattr(alert, name) for name in _STORED_TEXTS}
    told = {name: text.replace(token, _BLANK) for name, text in texts.items() if token in text}
    return replace(alert, **told) if told else alert


def kept_body(body: bytes, token: str) -> str:
    """The whole body without credentials, for another reading; '' for what nobody could read.

    In a damaged body a credential's key may be damaged, too.
    """
    try:
        read_body(body)
    except SignalRejected:
        return ""
    return redacted(body.decode("utf-8-sig"), token)


def excerpt_of(body: bytes, token: str) -> str:
    """The beginning of a body as one printable line without credentials or what looks like one."""
    text = redacted(body[:MAXIMUM_BYTES].decode("utf-8", "replace"), token)
    text = _LONG_WORD.sub(_unless_a_word, text)
    return "".join(letter if letter.isprintable() else " " for letter in text[:EXCERPT_LENGTH])


def _unless_a_word(found: re.Match[str]) -> str:
    """prev_market_position_size stays; tokens and keys have digits."""
    return _BLANK if any(letter.isdigit() for letter in found[0]) else found[0]
