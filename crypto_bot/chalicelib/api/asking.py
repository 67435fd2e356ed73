"""What was asked of a route: who asks, the query, the body, each as it was declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib.api.answers import Refused, position

if TYPE_CHECKING:
    from chalice.app import Request

    from chalicelib.domain.operation.role import Holder

Schema = Mapping[str, Any]

MOST_ROWS: Final = 500
USUAL_ROWS: Final = 100
_LONGEST: Final = 2_000

# Parameters that many routes have.
LIMIT: Final[Schema] = {
    "type": "integer",
    "minimum": 1,
    "maximum": MOST_ROWS,
    "default": USUAL_ROWS,
    "description": "How many rows at most.",
}
CURSOR: Final[Schema] = {
    "type": "string",
    "description": "Where the page begins: `next` of the page before.",
}
INSTANT: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "description": "A time with its zone, such as 2024-08-10T02:30:00Z.",
}
AMOUNT: Final[Schema] = {
    "type": "string",
    "format": "decimal",
    "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$",
    "description": 'A number as text, such as "0.25".',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that was let in. `body` has the fields that were sent, without `confirm`."""

    holder: "Holder"
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    is_dry_run: bool = False

    def text(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.query.get(name, default)

    def flag(self, name: str) -> bool:
        """Whether a parameter of the query is `true`."""
        return self.query.get(name, "false") == "true"

    def limit(self) -> int:
        """How many rows are wanted."""
        return int(self.query.get("limit", USUAL_ROWS))

    def cursor(self) -> str | None:
        """What `page` was given as `end` for the page before; None for the first page."""
        cursor = self.query.get("cursor")
        return None if not cursor else position(cursor)

    def instant(self, name: str) -> datetime | None:
        """A time of the query in UTC; None where it was not sent."""
        text = self.query.get(name)
        return None if not text else instant_of(name, text)

    def if_match(self) -> str:
        """The entity tag that the sender has seen, without its quotes; '' where none was sent."""
        return (self.headers.get("if-match") or "").strip().removeprefix("W/").strip('"')


def checked_query(known: Mapping[str, str | Schema], request: "Request") -> dict[str, str]:
    """The query's parameters, each once and as declared; Refused otherwise."""
    found: dict[str, str] = {}
    given = request.query_params
    if given is None:
        return found
    for name in given:
        if name not in known:
            right = f"known are {', '.join(sorted(known))}" if known else "there are none"
            raise Refused(
                400, f"there is no parameter {name[:60]!r} here; {right}", field=name[:60]
            )
        values = given.getlist(name)
        if len(values) != 1:
            raise Refused(400, f"{name} was sent {len(values)} times; send it once", field=name)
        declared = known[name]
        _check(name, values[0], {} if isinstance(declared, str) else declared)
        found[name] = values[0]
    return found


def _check(name: str, text: str, schema: Schema) -> None:
    if len(text) > _LONGEST:
        raise Refused(400, f"{name} has {len(text)} characters; at most {_LONGEST}", field=name)
    if "enum" in schema and text not in schema["enum"]:
        right = " or ".join(schema["enum"])
        raise Refused(400, f"{name} is {text[:60]!r}; it must be {right}", field=name)
    if schema.get("type") == "boolean" and text not in {"true", "false"}:
        raise Refused(400, f"{name} is {text[:60]!r}; it must be true or false", field=name)
    if schema.get("type") == "integer":
        _check_number(name, text, schema)
    if schema.get("format") == "date-time":
        instant_of(name, text)


def _check_number(name: str, text: str, schema: Schema) -> None:
    low, high = schema.get("minimum", 0), schema.get("maximum", 10**9)
    is_number = text.isascii() and text.isdecimal() and len(text) < len(str(high)) + 3
    if not is_number or not low <= int(text) <= high:
        raise Refused(
            400,
            f"{name} is {text[:60]!r}; it must be a whole number from {low} to {high}",
            field=name,
        )


def instant_of(name: str, text: str) -> datetime:
    """A time in UTC; Refused for one without a zone, or none at all."""
    try:
        found = datetime.fromisoformat(text)
        if found.utcoffset() is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # no time at all, or one that is not in UTC's calendar
        pass
    raise Refused(
        400,
        f"{name} is {text[:60]!r}; it must be a time with its zone, such as 2024-08-10T02:30:00Z",
        field=name,
    )
