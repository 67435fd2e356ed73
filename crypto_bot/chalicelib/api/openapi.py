"""What the routes declare of themselves -> the OpenAPI document that describes them all."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Operation, Routes, declared

if TYPE_CHECKING:
    from chalice.app import Chalice

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_JSON: Final = "application/json"
_ERROR: Final = {"$ref": "#/components/schemas/Refusal"}
_REFUSALS: Final = {
    400: "A parameter, a field or a header is not as declared.",
    401: "There is no valid token.",
    403: "The token's role is not enough.",
    404: "What the path or a parameter names is not there.",
    409: "It does not fit the state of things; nothing was changed.",
    413: "The request, or a text in it, is too large.",
    415: "The body's Content-Type is not application/json.",
    422: "Well-formed, and it cannot be so.",
    428: "The header If-Match is missing.",
    502: "The venue refused or did not answer.",
    503: "The store or the venue cannot be reached now.",
}
_OF_READS: Final = (400, 401, 404, 409, 413, 415, 422, 502, 503)
_OF_ACTS: Final = (400, 401, 403, 404, 409, 413, 415, 422, 428, 502, 503)


@routes.reads("/openapi.json", answer={"properties": {"openapi": {"type": "string"}}})
def publish(_asked: Asked) -> dict[str, Any]:
    """This description of the API, OpenAPI 3.1."""
    return document(blueprint.current_app)


def document(app: "Chalice") -> dict[str, Any]:
    """All routes with a role that the application has."""
    import chalicelib

    paths: dict[str, dict[str, Any]] = {}
    for operation in _operations(app):
        described = paths.setdefault(operation.path, {})
        described[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "crypto_bot",
            "version": chalicelib.__version__,
            "description": "Money is text with every digit, times are UTC in ISO 8601.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Refusal": {
                    "type": "object",
                    "properties": {
                        "status": {
                            "enum": ["refused", "unknown"],
                            "description": "unknown: trouble in the middle of an act.",
                        },
                        "error": {"type": "string", "description": "A sentence."},
                        "field": {"type": "string", "description": "What is wrong."},
                    },
                    "required": ["status", "error"],
                }
            },
        },
    }


def _operations(app: "Chalice") -> Iterator[Operation]:
    for path, methods in app.routes.items():
        for method in methods:
            operation = declared(method, path)
            if operation is not None:
                yield operation


def _described(operation: Operation) -> dict[str, Any]:
    summary, _, description = operation.told.strip().partition("\n")
    is_read = operation.method == "GET"
    described: dict[str, Any] = {
        "operationId": _identity(operation),
        "summary": summary,
        "description": _joined(description, f"Role: {operation.role}."),
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_path_parameters(operation), *_query(operation), *_headers(operation)],
        "responses": {
            str(operation.good): _answer(operation),
            **({"304": {"description": "Unchanged."}} if is_read else {}),
            **_refusals(_OF_READS if operation.role == "viewer" else _OF_ACTS),
        },
    }
    if operation.body is not None:
        described["requestBody"] = _body(operation)
    return described


def _identity(operation: Operation) -> str:
    words = operation.path.replace("{", "").replace("}", "").replace("-", "_").strip("/")
    return f"{operation.method.lower()}_{words.replace('/', '_').replace('.', '_')}"


def _joined(*parts: str) -> str:
    return " ".join(" ".join(part.split()) for part in parts if part.strip())


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        }
        for name in names
    ]


def _query(operation: Operation) -> list[dict[str, Any]]:
    parameters = []
    for name, declaration in operation.query.items():
        schema = {"type": "string"} if isinstance(declaration, str) else dict(declaration)
        told = declaration if isinstance(declaration, str) else schema.pop("description", "")
        parameters.append({"name": name, "in": "query", "description": told, "schema": schema})
    return parameters


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if operation.role == "viewer":
        return []
    told = "A text of your own, new for each act: sent again with the same, it is not done twice."
    schema = {"type": "string", "maxLength": 200}
    key = {"name": "Idempotency-Key", "in": "header", "description": told, "schema": schema}
    if operation.if_match is None:
        return [key]
    return [key, {"name": "If-Match", "in": "header", "schema": schema, **operation.if_match}]


def _body(operation: Operation) -> dict[str, Any]:
    fields: dict[str, Any] = dict(operation.body or {})
    if operation.confirm:
        told = "Without true nothing is done: the answer says what would happen."
        fields["confirm"] = {"type": "boolean", "default": False, "description": told}
    schema = {"type": "object", "properties": fields, "additionalProperties": False}
    if operation.needed:
        schema["required"] = list(operation.needed)
    return {"required": bool(operation.needed), "content": {_JSON: {"schema": schema}}}


def _answer(operation: Operation) -> dict[str, Any]:
    schema = operation.answer() if callable(operation.answer) else operation.answer
    whole: Mapping[str, Any] = {"type": "object", **schema}
    content = {
        kind.partition(";")[0]: {"schema": whole if kind == _JSON else {"type": "string"}}
        for kind in operation.kinds
    }
    return {"description": "Good.", "content": content}


def _refusals(statuses: Iterable[int]) -> dict[str, Any]:
    return {
        str(status): {
            "description": _REFUSALS[status],
            "content": {_JSON: {"schema": _ERROR}},
        }
        for status in statuses
    }
