"""Raw body -> the fields it names, or the sentence that says why it is no message at all.

JSON is read strictly whatever its content type says: a duplicate key, NaN, a number no double can
hold or a lone surrogate would mean different things to different readers.
"""

import json
import re
from decimal import Decimal
from typing import Final

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.money import parse_amount

MAXIMUM_BYTES: Final = 16 * 1024
MAXIMUM_DEPTH: Final = 8
MAXIMUM_DIGITS: Final = 38

_MAXIMUM_EXPONENT = 308  # of a double: what lies beyond becomes Infinity in most readers
_MAXIMUM_QUOTE = 60

_LINE = re.compile(r"\s*([A-Za-z_]\w{0,63})\s*=(.*)", re.ASCII)

Fields = dict[str, object]


def malformed(message: str, field: str = "") -> SignalRejected:
    """The body breaks the published schema: 400."""
    return SignalRejected(400, message, field=field)


def meaningless(message: str, field: str = "") -> SignalRejected:
    """The body is well-formed, and what it says cannot be: 422."""
    return SignalRejected(422, message, field=field)


def quoted(value: object) -> str:
    """The value as a sentence may show it: escaped and cut."""
    text = value if isinstance(value, str) else str(value)
    return repr(text) if len(text) <= _MAXIMUM_QUOTE else repr(text[:_MAXIMUM_QUOTE]) + "..."


def read_body(raw: bytes) -> Fields:
    """Fields of a JSON object or of key=value lines; numbers are Decimal."""
    if len(raw) > MAXIMUM_BYTES:
        message = f"the body has {len(raw)} bytes; at most {MAXIMUM_BYTES} are read"
        raise SignalRejected(413, message)
    return read_text(_decode(raw))


def read_text(text: str) -> Fields:
    """As `read_body`, for a text that is at hand."""
    if not text.strip():
        raise malformed("the body is empty; it must be the alert message, a JSON object")
    lines = _read_lines(text)
    return _read_json(text) if lines is None else lines


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise malformed(
            f"the body is not UTF-8 text: byte {problem.start} cannot be read"
        ) from None


def _read_json(text: str) -> Fields:
    try:
        value = _DECODER.decode(text)
        _check(value, 1)
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise malformed(f"the body is not valid JSON: {problem.msg} at {where}") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(value, dict):
        kind = "list" if isinstance(value, list) else "single value"
        raise malformed(
            f'the body is a JSON {kind}; it must be an object such as {{"ticker": ...}}'
        )
    return value


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise malformed(
                "the body holds a lone surrogate (\\ud800 to \\udfff), which is no text"
            )
        return
    if not isinstance(value, dict | list):
        return
    if depth > MAXIMUM_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        value = [*value, *value.values()]
    for item in value:
        _check(item, depth + 1)


def _too_deep() -> SignalRejected:
    return malformed(f"the body is nested deeper than {MAXIMUM_DEPTH} levels; an alert is flat")


def _object(pairs: list[tuple[str, object]]) -> Fields:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise _twice(name)
        seen.add(name)
    return fields


def _twice(name: str) -> SignalRejected:
    return malformed(f"the key {quoted(name)} appears twice; give it once")


def _number(text: str) -> Decimal:
    """Exact, and within what every reader of JSON can hold."""
    try:
        value = parse_amount(text)
    except ValueError:
        raise _no_double(text) from None
    if value and abs(value.adjusted()) > _MAXIMUM_EXPONENT:
        raise _no_double(text)
    if len(value.as_tuple().digits) > MAXIMUM_DIGITS:
        raise malformed(f"{quoted(text)} has more than {MAXIMUM_DIGITS} digits")
    return value


def _no_double(text: str) -> SignalRejected:
    return malformed(f"{quoted(text)} is beyond what a JSON number can hold")


def _constant(name: str) -> object:
    raise malformed(f"{name} is not JSON; write a number, or put quotes around the placeholder")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_number, parse_constant=_constant
)


def _read_lines(text: str) -> Fields | None:
    """Fields of key=value lines or of key=value;key=value; None if the text is not made of them."""
    fields: Fields = {}
    for line in re.split(r"[\r\n;]+", text.strip()):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        name, value = match.groups()
        if name in fields:
            raise _twice(name)
        fields[name] = value.strip()
    return fields
