"""What a route answers: JSON for browsers and programs, the same for the same state.

A view returns a mapping, or an `Answer` where it has to say more: a status, headers, an entity tag
of its own, or a text that is not JSON. Values may be Decimal (answered as text, with every digit
and no exponent), datetime (UTC, ISO 8601, with a Z), date, enums, tuples and records of the domain
(dataclasses, by their fields). Floats stay floats: they are for figures, never for money.

    return {"status": "ok"}
    return page("signals", rows, end=last.id)      # {"signals": [...], "next": cursor or null}
    return Answer(body={...}, status=202, headers={"X": "y"}, tag=f"configuration-{version}")
    return Answer(body="a,b\r\n1,2\r\n", kind=CSV, headers=as_file("orders.csv"))
    raise Refused(404, "there is no order 17; GET /orders lists them", field="order_id")

Every answer of a read has an ETag; whoever sends it back in If-None-Match gets an empty 304. Data
is never cached by anybody else (Cache-Control: no-store). Errors are sentences:
{"status": "refused", "error": "...", "field": "..."}; `field` is left out where none is meant. What
services raise becomes an answer by itself: see `refusal`.
"""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Response

from chalicelib.domain import errors
from chalicelib.domain.money import plain

if TYPE_CHECKING:
    from chalice.app import Request

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"

_UNCHANGED: Final = 304
_FOUND: Final = 200
_TAG_LENGTH: Final = 32
_LONGEST_PLACE: Final = 1_000  # bytes: a longer key no table has
_COMMON: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# What the services raise -> what the sender is told besides the sentence. The first that fits.
_STATUSES: Final = (
    (errors.ActionRefused, 409),
    (errors.StoreConflict, 409),
    (errors.SettingsError, 422),
    (errors.StoreUnavailable, 503),
    (errors.ExchangeUnavailable, 503),
    (errors.ExchangeError, 502),
)


class Refused(Exception):
    """The request cannot be answered: an HTTP status, a sentence, and the field that is wrong."""

    def __init__(self, status: int, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.field = field


class Answer:
    """What is sent. `body` is text where `kind` is not JSON; `tag` replaces the body's own."""

    def __init__(
        self,
        body: Any,
        *,
        status: int = _FOUND,
        headers: Mapping[str, str] | None = None,
        kind: str = JSON,
        tag: str = "",
    ) -> None:
        self.status = status
        self.kind = kind
        self.headers = dict(headers or {})
        self.text = body if isinstance(body, str) else as_json(body)
        self._tag = tag

    def response(self, request: "Request | None" = None) -> Response:
        """For Chalice; without a body where the sender of the request has just this already."""
        headers: dict[str, str | list[str]] = {
            **_COMMON,
            "Content-Type": self.kind,
            **self.headers,
        }
        if self.status != _FOUND:
            return Response(body=self.text, status_code=self.status, headers=headers)
        headers["ETag"] = tag = f'"{self._tag or _digest(self.text)}"'
        if request is not None and request.method == "GET" and _is_known(tag, request):
            del headers["Content-Type"]
            return Response(body="", status_code=_UNCHANGED, headers=headers)
        return Response(body=self.text, headers=headers)


def page(name: str, rows: Sequence[object], *, end: str | None, **more: object) -> dict[str, Any]:
    """One page of a list. `end` is where the next one begins for the store; None: there is none.

    It comes back as `asked.cursor()`. Asking for one row more than is shown tells whether there is
    another page.
    """
    return {name: rows, "next": None if end is None else _opaque(end), **more}


def position(cursor: str) -> str:
    """What `page` was given as `end`; Refused for a cursor that is not one of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        if len(place) <= _LONGEST_PLACE:
            return place.decode()
    except ValueError:  # no base64, no ASCII, or no UTF-8 in it
        pass
    raise Refused(
        400, "cursor is not one that this API gave; send the text of `next`", field="cursor"
    )


def as_file(name: str) -> dict[str, str]:
    """Headers that make a browser save the answer."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def refusal(error: Exception) -> Answer | None:
    """The answer for an error with a sentence for the sender; None for what nobody foresaw."""
    if isinstance(error, Refused):
        return refused(error.status, str(error), error.field)
    if isinstance(error, errors.SignalRejected):
        return refused(error.status, str(error), error.field)
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return refused(status, str(error))
    return None


def refused(status: int, sentence: str, field: str = "") -> Answer:
    """A sentence that says what would be right, and which field is meant."""
    body = {"status": "refused", "error": sentence}
    return Answer(body | ({"field": field} if field else {}), status=status)


def as_json(value: object) -> str:
    """Compact, with all letters as they are. TypeError for what has no place in an answer."""
    return json.dumps(
        value_of(value),
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_amount,
    )


def value_of(value: Any) -> Any:
    """The value in what `as_json` can write: a record as a dict of its fields, to be added to.

    Amounts are still Decimal.
    """
    import msgspec  # whoever has data has it already

    return msgspec.to_builtins(value, builtin_types=(Decimal,), str_keys=True)


def _amount(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def _opaque(end: str) -> str:
    return urlsafe_b64encode(end.encode()).decode().rstrip("=")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_TAG_LENGTH]


def _is_known(tag: str, request: "Request") -> bool:
    """A gateway that packs the answer makes the tag a weak one, which is as good here."""
    known = request.headers.get("if-none-match") or ""
    return tag in {part.strip().removeprefix("W/") for part in known.split(",")}
