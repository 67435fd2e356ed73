"""An act: shown, or done once and kept with who did it and how it ended."""

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer, Refused, as_json, refusal
from chalicelib.api.asking import Asked
from chalicelib.bootstrap.access import deeds
from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.domain.operation.deed import Deed, deed_id

if TYPE_CHECKING:
    from chalicelib.api.access import Operation

Act = Callable[[], "Mapping[str, Any] | Answer"]

_HEADER: Final = "Idempotency-Key"
_LONGEST_KEY: Final = 200
_LONGEST_ANSWER: Final = 30_000  # a row of the table holds 400 kB at most
_LONGEST_WORDS: Final = 4_000
_SERVER_ERROR: Final = 500

_LOG = logging.getLogger(__name__)


def do(operation: "Operation", asked: Asked, arguments: Mapping[str, str], act: Act) -> Answer:
    """The answer to an act. Sent again with its key, it is answered as before and not done again.

    Trouble in the middle of it is no end: nobody knows what was done until then. An error that
    nobody foresaw is kept, too, and raised.
    """
    key = _key(asked, needed=operation.confirm and not asked.is_dry_run)
    if asked.is_dry_run:
        return _answer(act(), "dry run")
    deed = _deed(operation, asked, arguments, key)
    earlier = deeds().begin(deed)
    if earlier is not None:
        _check_same(earlier, deed)
        if earlier.is_over or not operation.again:
            return _repeated(earlier)
        deed = earlier
    try:
        answer = _answer(act(), "done")
    except Exception as error:
        refused = refusal(error)
        if refused is None:
            _end(deed, Answer({}, status=_SERVER_ERROR), f"failed: {type(error).__name__}")
            raise
        answer = refused if refused.status < _SERVER_ERROR else _unknown(error, refused, operation)
    _end(deed, answer, _outcome(answer))
    return answer


def _deed(operation: "Operation", asked: Asked, arguments: Mapping[str, str], key: str) -> Deed:
    act = f"{operation.method} {operation.path}"
    fields = operation.body or {}
    shown = {
        name: "(not kept)" if fields.get(name, {}).get("writeOnly") else value
        for name, value in asked.body.items()
    }
    whole = json.dumps([act, dict(arguments), asked.body, asked.if_match()], sort_keys=True)
    return Deed(
        id=deed_id(asked.holder, key),
        at=bootstrap.clock().now(),
        who=asked.holder.name,
        role=asked.holder.role,
        act=act,
        about=dict(arguments),
        said=as_json(shown)[:_LONGEST_WORDS],
        digest=sha256(whole.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _key(asked: Asked, *, needed: bool) -> str:
    key = asked.headers.get(_HEADER.lower()) or ""
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise Refused(
            400,
            f"{_HEADER} has {len(key)} characters; it must be printable, and {_LONGEST_KEY} at"
            " most",
            field=_HEADER,
        )
    if key or not needed:
        return key or f"none {secrets.token_hex(16)}"
    raise Refused(
        400,
        f"send the header {_HEADER} with a text of your own, a new one for each act: sent again "
        "with the same, it is not done twice",
        field=_HEADER,
    )


def _unknown(error: Exception, refused: Answer, operation: "Operation") -> Answer:
    """For trouble of the store or a venue: part of it may be done."""
    what = "send it again" if operation.again else "look what became of it"
    sentence = f"{error}; it is not known whether this was done: {what}"
    return Answer({"status": "unknown", "error": sentence}, status=refused.status)


def _check_same(earlier: Deed, deed: Deed) -> None:
    if earlier.digest != deed.digest:
        raise Refused(
            422,
            f"this {_HEADER} was sent with another request ({earlier.act}); send a new one",
            field=_HEADER,
        )


def _repeated(earlier: Deed) -> Answer:
    if not earlier.is_over:
        raise Refused(
            409,
            f"this was begun at {as_json(earlier.at)[1:-1]} and it is not known how it ended; look "
            f"what became of it before you send it under a new {_HEADER}",
            field=_HEADER,
        )
    body = earlier.answer or as_json({"status": "done", "done": earlier.outcome})
    return Answer(body, status=earlier.status, headers={"Idempotency-Replayed": "true"})


def _answer(found: "Mapping[str, Any] | Answer", status: str) -> Answer:
    return found if isinstance(found, Answer) else Answer({"status": status, **found})


def _end(deed: Deed, answer: Answer, outcome: str) -> None:
    kept = answer.text if len(answer.text) <= _LONGEST_ANSWER else ""
    ended = deed.ended(answer.status, outcome[:_LONGEST_WORDS], kept, bootstrap.clock().now())
    try:
        deeds().end(ended)
    except (StoreConflict, StoreUnavailable):
        # It ended so, whatever is known of it later: under its key it is 409 from now on.
        _LOG.exception("how %s ended could not be kept", deed.act)


def _outcome(answer: Answer) -> str:
    """The sentence of the answer: what was done, or why it was not."""
    try:
        body = json.loads(answer.text)
    except ValueError:  # a text that is no JSON
        return ""
    return str(body.get("done") or body.get("error") or body.get("status") or "")
