"""Texts of strangers -> what may be kept of them: no credential, no control character, not long."""

import re
from dataclasses import replace
from typing import Final

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import Alert
from chalicelib.domain.trading.alerts.body import MAXIMUM_BYTES, read_body, read_text

EXCERPT_LENGTH: Final = 512
LONGEST_ALERT: Final = 4_000  # bytes; on DynamoDB, what is kept is paid for by the kilobyte

_BLANK: Final = "[blanked]"
_STORED_TEXTS: Final = ("ticker", "interval", "order_id", "comment")

_NAMED: Final = "secret | token | password | passphrase | api_?key"
_NAME: Final = re.compile(f"(?ix) {_NAMED}")

# Values of keys that hold credentials, in JSON and in key=value lines, whole or cut off.
_CREDENTIAL: Final = re.compile(
    rf"""(?ix)
    ( (?: {_NAMED} ) \w{{0,40}} "? \s{{0,9}} [:=] \s{{0,9}} )
    ( " (?: [^"\\] | \\. )* "? | [^\s,;}}"]+ )
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

    In a damaged body a credential's key may be damaged, too. Nothing is kept, either, of one that
    has credentials where they cannot be taken out of the text: in lists, or written with escapes.
    """
    try:
        read_body(body)
        text = redacted(body.decode("utf-8-sig"), token)
        return "" if _tells(read_text(text), token) else text
    except SignalRejected:
        return ""


def kept_alert(body: bytes, token: str) -> str:
    """As `kept_body`, for people, who are shown the beginning of a long one."""
    return shortened(kept_body(body, token))


def shortened(body: str) -> str:
    """The beginning of a long one, with a word on how long all of it was."""
    whole = body.encode()
    if len(whole) <= LONGEST_ALERT:
        return body
    return f"{whole[:LONGEST_ALERT].decode(errors='ignore')} [cut: {len(whole)} bytes]"


def _tells(value: object, token: str) -> bool:
    """Whether a credential is still in what was read."""
    if isinstance(value, dict):
        return any(
            (_NAME.search(name) and inner not in ("", _BLANK))
            or _tells(name, token)
            or _tells(inner, token)
            for name, inner in value.items()
        )
    if isinstance(value, list):
        return any(_tells(inner, token) for inner in value)
    return bool(token) and isinstance(value, str) and token in value


def excerpt_of(body: bytes, token: str) -> str:
    """The beginning of a body as one printable line without credentials or what looks like one."""
    text = redacted(body[:MAXIMUM_BYTES].decode("utf-8", "replace"), token)
    text = _LONG_WORD.sub(_unless_a_word, text)
    return "".join(letter if letter.isprintable() else " " for letter in text[:EXCERPT_LENGTH])


def _unless_a_word(found: re.Match[str]) -> str:
    """prev_market_position_size stays; tokens and keys have digits."""
    return _BLANK if any(letter.isdigit() for letter in found[0]) else found[0]
