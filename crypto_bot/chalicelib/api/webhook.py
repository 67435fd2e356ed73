"""HTTP -> receive_signal: the alerts' two addresses, their schema, and a sign of life."""

import logging
from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint, Request, Response

import chalicelib
from chalicelib.api.refusals import Refusals
from chalicelib.domain.trading.alerts.body import quoted
from chalicelib.services.trading.receive_signal import Delivery, receive_signal

blueprint = Blueprint(__name__)

# TradingView says application/json where the message is valid JSON, and text/plain where it is not.
CONTENT_TYPES = ["application/json", "text/plain"]

# Where alerts come in, as the routes have it.
ADDRESSES = frozenset({"/receive_trade_signals", "/hook/{strategy}/{token}"})

_WRONG_METHOD = 405
_UNSUPPORTED_TYPE = 415

_LOG = logging.getLogger(__name__)
_REFUSALS = Refusals()


@blueprint.middleware("http")
def explain_refusal(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """What Chalice refuses by itself gets a sentence that says what would be right."""
    response = get_response(request)
    if response.status_code == _UNSUPPORTED_TYPE:
        said = quoted(request.headers.get("content-type", ""))
        sentence = f"Content-Type is {said}; it must be {' or '.join(CONTENT_TYPES)}"
        response.body = {"status": "refused", "error": sentence, "field": "Content-Type"}
    elif response.status_code == _WRONG_METHOD:
        right = response.headers["Allow"]
        sentence = f"{request.method} is not understood here; send the request with {right}"
        response.body = {"status": "refused", "error": sentence}
    return response


@blueprint.route("/receive_trade_signals", methods=["POST"], content_types=CONTENT_TYPES)
def receive_trade_signals() -> Response:
    """An alert whose body says whose it is, or whose `?token=` does."""
    query = blueprint.current_request.query_params
    tokens = query.getlist("token") if query is not None and "token" in query else []
    return _receive(token="".join(tokens[-1:]))


@blueprint.route("/hook/{strategy}/{token}", methods=["POST"], content_types=CONTENT_TYPES)
def receive_strategy_signal(strategy: str, token: str) -> Response:
    """An alert sent to its strategy's own address."""
    return _receive(strategy=strategy, token=token)


@blueprint.route("/alert.schema.json", methods=["GET"])
def publish_alert_schema() -> dict[str, Any]:
    """What the message may say, for editors and linters."""
    from chalicelib.domain.trading.alerts.schema import alert_schema

    return alert_schema()


@blueprint.route("/health", methods=["GET"])
def report_health() -> dict[str, str]:
    """That the program answers; nothing about its state, for anyone may ask."""
    return {"status": "ok", "version": chalicelib.__version__}


def _receive(*, token: str, strategy: str | None = None) -> Response:
    from chalicelib import bootstrap

    body = _body()
    if body is None:
        refusal = {"status": "refused", "error": "the body cannot be decoded; it must be UTF-8"}
        return Response(body=refusal, status_code=400)
    delivery = Delivery(
        body=body,
        strategy=strategy,
        token=token,
        source=_source(),
        from_page="origin" in blueprint.current_request.headers,  # which no page can leave out
    )
    answer = receive_signal(bootstrap.webhook(), delivery)
    # Neither body nor path: both may hold a token. The field's name is ours.
    about = {"status": answer.status, "signal_id": answer.body.get("signal_id", "")}
    level = _REFUSALS.level(answer.status, bootstrap.webhook().clock.now())
    _LOG.log(
        level, "alert answered %d %s", answer.status, answer.body.get("field", ""), extra=about
    )
    return Response(body=answer.body, status_code=answer.status)


def _body() -> bytes | None:
    try:
        body = blueprint.current_request.raw_body
    except ValueError:  # not base64 where the gateway says so, or not text
        return None
    return body.encode() if isinstance(body, str) else body


def _source() -> str:
    """The peer's address as the gateway saw it; headers can be forged."""
    identity = blueprint.current_request.context.get("identity") or {}
    return str(identity.get("sourceIp") or "")
