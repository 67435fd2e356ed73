"""The webhook over Chalice's own gateway: addresses, content types, hostile requests."""

import base64
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client
from jsonschema import Draft202012Validator

import app as application
import chalicelib
from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.settings import Settings
from tests.canaries import BODY_SECRET, PATH_TOKEN, QUERY_TOKEN
from tests.unit.trading.alerts import FIRED_AT, body, fixture, strategy

TOKEN = PATH_TOKEN
HOOK = f"/hook/btc/{TOKEN}"
SEEDS_PATH = "/receive_trade_signals"
SOURCE = "127.0.0.1"  # what Chalice's client puts into the request context


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """The application as a sender sees it."""

    client: Client

    def post(self, path: str, raw: bytes, **headers: str) -> Any:
        return self.client.http.post(path, headers=headers, body=raw)

    def stored(self) -> int:
        return len(bootstrap.signals().recent(100))


def serve(settings: Settings, **terms: Any) -> Iterator[Webhook]:
    """As on a loopback address; `terms` of the strategy."""
    table, clock = SqliteTable(":memory:"), ReplayClock(FIRED_AT)
    bootstrap.use(Choices(settings=settings, table=table, clock=clock, loopback=True))
    bootstrap.strategies().apply(
        expected_version=0,
        strategies=[replace(strategy(), token_hashes=(hash_token(TOKEN),), **terms)],
    )
    with Client(application.app, project_dir=str(Path(application.__file__).parent)) as client:
        yield Webhook(client=client)
    bootstrap.reset()
    table.close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    yield from serve(Settings())


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "text/plain; charset=utf-8",
        None,
    ],
)
@pytest.mark.parametrize("path", [HOOK, f"{SEEDS_PATH}?token={TOKEN}"])
def test_an_alert_is_stored_whatever_its_content_type_says(webhook, content_type, path):
    headers = {"Content-Type": content_type} if content_type else {}
    first = webhook.post(path, fixture("seed.json"), **headers)
    second = webhook.post(path, fixture("seed.json"), **headers)

    assert (first.status_code, first.json_body["status"]) == (200, "stored")
    assert (second.status_code, second.json_body["status"]) == (200, "duplicate")
    assert webhook.stored() == 1


def test_the_secret_may_be_in_the_body(webhook):
    assert webhook.post(SEEDS_PATH, body(secret=TOKEN)).status_code == 200


@pytest.mark.parametrize(
    ("path", "raw", "status"),
    [
        (SEEDS_PATH, body(), 401),
        (f"{SEEDS_PATH}?token=wrong", body(), 401),
        (f"{SEEDS_PATH}?token=", body(), 401),
        ("/hook/btc/wrong", body(), 401),
        (f"/hook/nobody/{TOKEN}", body(), 401),
        ("/hook/%00/%ff", body(), 401),
        (HOOK, b"", 400),
        (HOOK, b"[" * 10_000, 400),
        (HOOK, b"\xff\xfe\x00", 400),
        (HOOK, b'{"ticker": "A", "x": NaN}', 400),
        (HOOK, b'{"ticker": "A", "x": "\\ud800"}', 400),
        (HOOK, b" " * 20_000, 413),
        (HOOK, body(ticker="SOLUSD"), 422),
        (HOOK, body(time="2030-01-01T00:00:00Z"), 422),
    ],
)
def test_a_refusal_is_json_and_stores_nothing(webhook, path, raw, status):
    answer = webhook.post(path, raw)

    assert answer.status_code == status
    assert answer.json_body["status"] == "refused"
    assert answer.json_body["error"]
    assert webhook.stored() == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8000", "null"])
def test_an_open_strategy_is_not_open_to_pages_in_a_browser(origin):
    """A page anywhere may send a text to this machine without being asked first."""
    for webhook in serve(Settings(), open=True):
        page = {"Origin": origin, "Content-Type": "text/plain"}
        answer = webhook.post(SEEDS_PATH, body(), **page)
        wrong = webhook.post(f"{SEEDS_PATH}?token=wrong", body())

        assert (answer.status_code, answer.body) == (401, wrong.body)
        assert webhook.stored() == 0
        assert webhook.post(SEEDS_PATH, body(), **{"Content-Type": "text/plain"}).status_code == 200
        assert webhook.post(SEEDS_PATH, body(id="2", secret=TOKEN), **page).status_code == 200


def test_another_body_under_the_same_identity_is_a_conflict(webhook):
    webhook.post(HOOK, body())

    assert webhook.post(HOOK, body(order_price="1")).status_code == 409


@pytest.mark.parametrize("content_type", ["application/xml", "image/png", ";;;", "\u00e9"])
def test_neither_json_nor_text_is_415(webhook, content_type):
    answer = webhook.post(HOOK, body(), **{"Content-Type": content_type})

    assert answer.status_code == 415
    assert answer.json_body["status"] == "refused"
    assert answer.json_body["error"].endswith("; it must be application/json or text/plain")


@pytest.mark.parametrize(
    ("path", "right"), [(HOOK, "POST"), (SEEDS_PATH, "POST"), ("/health", "GET")]
)
def test_a_wrong_method_is_told_the_right_one(webhook, path, right):
    answer = webhook.client.http.put(path, body=body())

    assert (answer.status_code, answer.headers["Allow"]) == (405, right)
    assert answer.json_body == {
        "status": "refused",
        "error": f"PUT is not understood here; send the request with {right}",
    }


@pytest.mark.parametrize(
    ("encoded", "status"),
    [(base64.b64encode(body()).decode(), 200), ("not base64!", 400), ("\u00e9", 400)],
)
@pytest.mark.usefixtures("webhook")
def test_a_body_that_the_gateway_encoded_is_decoded(encoded, status):
    event = gateway_event(encoded, isBase64Encoded=True)

    assert application.app(event, None)["statusCode"] == status


@pytest.mark.parametrize("text", ["\ud800", None])
@pytest.mark.usefixtures("webhook")
def test_a_body_that_is_no_text_is_malformed(text):
    assert application.app(gateway_event(text), None)["statusCode"] == 400


@pytest.mark.parametrize(("allowed", "status"), [(SOURCE, 200), ("52.89.214.238", 401)])
def test_the_source_address_comes_from_the_request_context_and_no_header(allowed, status):
    for webhook in serve(Settings(webhook_sources=(allowed,))):
        answer = webhook.post(HOOK, body(), **{"X-Forwarded-For": "52.89.214.238"})

        assert answer.status_code == status


def test_a_request_without_a_source_address_is_not_admitted():
    for _ in serve(Settings(webhook_sources=(SOURCE,))):
        event = gateway_event(body().decode())
        event["requestContext"]["identity"] = None

        assert application.app(event, None)["statusCode"] == 401


def test_no_token_reaches_the_log(webhook, caplog):
    caplog.set_level("DEBUG")
    webhook.post(HOOK, body(secret=BODY_SECRET, ticker="SOLUSD"))
    webhook.post(f"{SEEDS_PATH}?token={QUERY_TOKEN}", body())

    assert "alert answered 422 ticker" in caplog.text
    for word in (TOKEN, BODY_SECRET, QUERY_TOKEN):
        assert word not in caplog.text


def test_the_published_schema_accepts_the_seeds_message(webhook):
    answer = webhook.client.http.get("/alert.schema.json")

    assert answer.status_code == 200
    Draft202012Validator(answer.json_body).validate(json.loads(fixture("seed.json")))


def test_health_says_the_version_and_nothing_about_the_state(webhook):
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    answer = webhook.client.http.get("/health")

    assert answer.json_body == {"status": "ok", "version": chalicelib.__version__}
    assert chalicelib.__version__ == project["project"]["version"]


def gateway_event(text: str | None, **fields: Any) -> dict[str, Any]:
    """What API Gateway hands to the function."""
    return {
        "httpMethod": "POST",
        "path": HOOK,
        "headers": {},
        "pathParameters": {"strategy": "btc", "token": TOKEN},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": text,
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/hook/{strategy}/{token}",
            "identity": {"sourceIp": SOURCE},
        },
        **fields,
    }
