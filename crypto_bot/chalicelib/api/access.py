"""Routes with a role: a viewer's token reads, an owner's acts, too. No other route of data exists.

In a module of routes, and registered in app.py:

    blueprint = Blueprint(__name__)
    routes = Routes(blueprint)

    @routes.reads("/things/{name}", query={"limit": LIMIT, "kind": "Only those of this kind."},
                  answer={"properties": {"things": {"type": "array"}}})
    def list_things(asked: Asked, name: str) -> dict[str, Any]:
        '''The things of one name, newest first.

        What stands here is the description in /openapi.json, the first line the summary.
        '''
        from chalicelib import bootstrap          # heavy imports inside: a webhook loads this file
        return page("things", rows, end=None)

    @routes.acts("/things/{name}", body={"weight": AMOUNT, "reason": {"type": "string"}},
                 needed=("weight",))
    def change_thing(asked: Asked, name: str) -> dict[str, Any]:
        '''Change a thing.'''
        if asked.is_dry_run:
            return {"would": f"{name} would weigh {asked.body['weight']}"}
        ...
        return {"done": f"{name} weighs {asked.body['weight']}"}

`reads` is a GET for both roles. `acts` is for owners: a POST (or another `method`) with a JSON
object as its body. It does something only with `"confirm": true` in it; without, the view is called
with `asked.is_dry_run` and says what would happen, changing nothing. A confirmed act needs the
header Idempotency-Key: sent twice, it is done once, and answered alike. Each is kept with who did
what and how it ended (GET /audit); what the schema of the body marks `"writeOnly": True` is not.
`again=True` is for what stops something and does nothing more when it is done twice: sent again
after trouble, of which nobody knows how far it went, it is done again.
`confirm=False` is for what moves no money and is lost no work by: it needs neither, is kept
nonetheless, and honours a key that is sent. The answer of an act has "status": "done" or "dry run"
beside what the view returns.

`asks` is a read whose question is too long for an address: a POST with a body, for both roles.

`query` maps names to a description or a schema, `body` to schemas; a parameter or field that is not
declared is refused with 400, as is one of another type, so a view reads what it declared. Path
arguments arrive unescaped. `good` is the status of what was done, where it is not 200, and
`if_match` says of that header whether it is `required`, and its `description`. `answer` is the
schema of a good answer, or what makes one when /openapi.json is asked for. What a view raises is
answered as answers.py says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, Final
from urllib.parse import unquote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.answers import JSON, Answer, Refused, refusal
from chalicelib.api.asking import AMOUNT, CURSOR, INSTANT, LIMIT, Asked, Schema, checked_query
from chalicelib.domain.operation.role import Role

__all__ = ["AMOUNT", "CURSOR", "INSTANT", "LIMIT", "Asked", "Operation", "Routes", "declared"]

View = Callable[..., Mapping[str, Any] | Answer]

_SCHEME: Final = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route declares of itself, for /openapi.json and for the checks of a request."""

    method: str
    path: str
    role: Role
    told: str
    query: Mapping[str, str | Schema] = field(default_factory=dict)
    body: Mapping[str, Schema] | None = None
    needed: Sequence[str] = ()
    confirm: bool = False
    again: bool = False
    good: int = 200
    if_match: Schema | None = None
    answer: Schema | Callable[[], Schema] = field(default_factory=dict)
    kinds: Sequence[str] = (JSON,)


_DECLARED: Final[dict[tuple[str, str], Operation]] = {}


def declared(method: str, path: str) -> Operation | None:
    """What was declared for a route; None for one that has no role, such as a webhook."""
    return _DECLARED.get((method, path))


class Routes:
    """The routes of one blueprint; see the top of this file."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint

    def reads(
        self,
        path: str,
        *,
        query: Mapping[str, str | Schema] | None = None,
        answer: Schema | Callable[[], Schema] | None = None,
        kinds: Sequence[str] = (JSON,),
    ) -> Callable[[View], View]:
        """A GET that changes nothing, for viewers and owners."""
        make = partial(
            Operation,
            method="GET",
            path=path,
            role=Role.VIEWER,
            query=query or {},
            answer=answer or {},
            kinds=kinds,
        )
        return partial(self._register, make)

    def asks(
        self,
        path: str,
        *,
        body: Mapping[str, Schema],
        needed: Sequence[str] = (),
        answer: Schema | Callable[[], Schema] | None = None,
    ) -> Callable[[View], View]:
        """A POST that changes nothing, for viewers and owners: what is asked is in its body."""
        make = partial(
            Operation,
            method="POST",
            path=path,
            role=Role.VIEWER,
            body=body,
            needed=needed,
            answer=answer or {},
        )
        return partial(self._register, make)

    def acts(  # noqa: PLR0913 - one for each thing that a route declares of itself
        self,
        path: str,
        *,
        method: str = "POST",
        body: Mapping[str, Schema] | None = None,
        needed: Sequence[str] = (),
        confirm: bool = True,
        again: bool = False,
        good: int = 200,
        if_match: Schema | None = None,
        answer: Schema | Callable[[], Schema] | None = None,
    ) -> Callable[[View], View]:
        """Something that an owner does."""
        make = partial(
            Operation,
            method=method,
            path=path,
            role=Role.OWNER,
            body=body or {},
            needed=needed,
            confirm=confirm,
            again=again,
            good=good,
            if_match=if_match,
            answer=answer or {},
        )
        return partial(self._register, make)

    def _register(self, make: Callable[..., Operation], view: View) -> View:
        operation = make(told=view.__doc__ or "")
        _DECLARED[operation.method, operation.path] = operation

        @wraps(view)
        def handle(**arguments: str) -> Response:
            request = self._blueprint.current_request
            plain = {name: unquote(text) for name, text in arguments.items()}
            return _answer(operation, view, request, plain).response(request)

        self._blueprint.route(operation.path, methods=[operation.method])(handle)
        return view


def _answer(
    operation: Operation, view: View, request: Request, arguments: Mapping[str, str]
) -> Answer:
    try:
        asked = _admitted(operation, request)
        if operation.role is Role.VIEWER:
            found = view(asked, **arguments)
            return found if isinstance(found, Answer) else Answer(found)
        from chalicelib.api.deeds import do

        return do(operation, asked, arguments, partial(view, asked, **arguments))
    except Exception as error:
        answer = refusal(error)
        if answer is None:
            raise
        return answer


def _admitted(operation: Operation, request: Request) -> Asked:
    """The request, once it is known who asks and that this may be asked; Refused otherwise."""
    from chalicelib.bootstrap.access import holder_of

    offered = request.headers.get("authorization") or ""
    holder = holder_of(offered.removeprefix(_SCHEME)) if offered.startswith(_SCHEME) else None
    if holder is None:
        raise Refused(401, "send the header Authorization: Bearer TOKEN with a token that is valid")
    if not holder.role.may(operation.role):
        raise Refused(
            403, f"this takes the role {operation.role}, and the token's role is {holder.role}"
        )
    query = checked_query(operation.query, request)
    if operation.body is None:
        return Asked(holder=holder, query=query, headers=request.headers)
    from chalicelib.api.bodies import checked_body

    body = checked_body(operation.body, operation.needed, request, confirm=operation.confirm)
    confirmed = bool(body.pop("confirm", False)) or not operation.confirm
    return Asked(
        holder=holder, query=query, headers=request.headers, body=body, is_dry_run=not confirmed
    )
