"""The JSON body of an act, checked against what its route declares."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from chalicelib.api.answers import Refused
from chalicelib.api.asking import instant_of

if TYPE_CHECKING:
    from chalice.app import Request

_KINDS: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "string": ("a text", lambda value: isinstance(value, str)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "integer": (
        "a whole number",
        lambda value: isinstance(value, int) and not isinstance(value, bool),
    ),
    "number": (
        "a number",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    ),
    "object": ("an object", lambda value: isinstance(value, dict)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "null": ("null", lambda value: value is None),
}


def checked_body(
    known: Mapping[str, Mapping[str, Any]],
    needed: Sequence[str],
    request: "Request",
    *,
    confirm: bool,
) -> dict[str, Any]:
    """The fields that were sent, each as declared; Refused names the first that is not."""
    body = _parsed(request)
    fields = {**known, **({"confirm": {"type": "boolean"}} if confirm else {})}
    for name in body:
        if name not in fields:
            right = f"known are {', '.join(sorted(fields))}" if fields else "none is known"
            raise Refused(400, f"there is no field {name[:60]!r} here; {right}", field=name[:60])
        check_value(name, body[name], fields[name])
    for name in needed:
        if name not in body:
            raise Refused(400, f"{name} is missing; send it in the JSON body", field=name)
    return body


def _parsed(request: "Request") -> dict[str, Any]:
    try:
        raw = request.raw_body
        body = json.loads(raw, parse_constant=_no_number) if raw else {}
        # Half a letter ("\ud800") is no text, and 1e999 no number: they could be neither kept nor
        # answered.
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):  # no base64, no UTF-8, no JSON, or nested without end
        raise Refused(400, "the body cannot be read; it must be a JSON object in UTF-8") from None
    if not isinstance(body, dict):
        raise Refused(400, 'the body is no JSON object; it must be one, such as {"confirm": true}')
    return body


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def check_value(name: str, value: Any, schema: Mapping[str, Any]) -> None:
    """Refused with a sentence that names the field and says what would be right.

    Knows `type`, `enum`, `pattern`, `format: date-time`, `minLength`, `maxLength`, `minimum`,
    `maximum`, `items`, `maxItems`, and `additionalProperties` that is a schema; what a schema says
    besides is for readers.
    """
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if kinds and not any(_KINDS[kind][1](value) for kind in kinds):
        right = " or ".join(_KINDS[kind][0] for kind in kinds)
        raise Refused(400, f"{name} is {_shown(value)}; it must be {right}", field=name)
    if "enum" in schema and value not in schema["enum"]:
        right = " or ".join(str(word) for word in schema["enum"])
        raise Refused(400, f"{name} is {_shown(value)}; it must be {right}", field=name)
    if isinstance(value, str):
        _check_text(name, value, schema)
    elif isinstance(value, int) and "integer" in kinds:
        _check_number(name, value, schema)
    elif isinstance(value, list):
        _check_items(name, value, schema)
    elif isinstance(value, dict) and "additionalProperties" in schema:
        for key, item in value.items():
            check_value(f"{name}.{key[:60]}", item, schema["additionalProperties"])


def _check_text(name: str, value: str, schema: Mapping[str, Any]) -> None:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 1_000_000)
    if not least <= len(value) <= most:
        raise Refused(
            400,
            f"{name} has {len(value)} characters; it must have {least} to {most}",
            field=name,
        )
    if "pattern" in schema and not re.search(schema["pattern"], value):
        right = schema.get("description") or f"it must match {schema['pattern']}"
        raise Refused(400, f"{name} is {_shown(value)}, and that is wrong: {right}", field=name)
    if schema.get("format") == "date-time":
        instant_of(name, value)


def _check_number(name: str, value: int, schema: Mapping[str, Any]) -> None:
    low, high = schema.get("minimum", 0), schema.get("maximum", 10**9)
    if not low <= value <= high:
        raise Refused(400, f"{name} is {value}; it must be from {low} to {high}", field=name)


def _check_items(name: str, value: list[Any], schema: Mapping[str, Any]) -> None:
    most = schema.get("maxItems", 10_000)
    if len(value) > most:
        raise Refused(400, f"{name} has {len(value)} items; at most {most}", field=name)
    for number, item in enumerate(value, 1):
        check_value(f"{name}[{number}]", item, schema.get("items", {}))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004
