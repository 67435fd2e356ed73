"""Every address of the application, asked by a stranger: who may read and act without a token.

A new route is open only if somebody has put it on the list here.
"""

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.settings import Settings
from tests.canaries import OWNER_TOKEN, PATH_TOKEN
from tests.functional.running import JSON, configure, running

# Without a token: what the world may know. The webhooks read one themselves, from the URL or body.
OPEN = {"GET /health", "GET /alert.schema.json"}
# The dashboard's page and files, which hold no data: what they show is asked for with a token.
PAGES = {"GET /", "GET /ui", "GET /ui/{name}"}
WEBHOOKS = {"POST /hook/{strategy}/{token}", "POST /receive_trade_signals"}

STRANGER = "203.0.113.7"
ELSEWHERE = [
    *("/", "/metrics", "/debug", "/admin", "/halt", "/tick", "/docs", "/openapi.json", "/.env"),
    *("/secrets.json", "/owner-token", "/state.sqlite3", "/static/../owner-token", "/..%2fsecrets"),
]
REFUSED = 400
SERVER_ERROR = 500
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
CREDENTIALS = [
    {},
    {"authorization": ""},
    {"authorization": "Bearer "},
    {"authorization": f"Bearer {PATH_TOKEN}"},
    {"authorization": f"Basic {OWNER_TOKEN}"},
    {"authorization": OWNER_TOKEN},
    {"authorization": f"Bearer {OWNER_TOKEN}x"},
    {"authorization": "Bearer caf\u00e9"},
    {"cookie": f"token={OWNER_TOKEN}", "x-forwarded-for": "127.0.0.1"},
]
ALERT = {"ticker": "BTCUSDT", "market_position": "long"}


def routes() -> list[str]:
    return [f"{method} {path}" for path, by in application.app.routes.items() for method in by]


def guarded() -> list[str]:
    return sorted(set(routes()) - OPEN - PAGES)


@pytest.fixture(params=["", OWNER_TOKEN], ids=["no owner's token", "an owner's token"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteTable]:
    table = SqliteTable(":memory:")
    chosen = Choices(settings=Settings(), home=tmp_path, table=table, owner_token=request.param)
    bootstrap.use(chosen)
    strategy = Strategy(
        name="btc",
        instruments={"BTCUSDT": "BTC/USDT"},
        open=True,  # which counts on a loopback address alone
        token_hashes=(hash_token(PATH_TOKEN),),
    )
    bootstrap.strategies().apply(expected_version=0, strategies=[strategy])
    yield table
    bootstrap.reset()
    table.close()


def ask(route: str, headers: dict[str, str], **query: list[str]) -> dict[str, Any]:
    """As API Gateway hands a stranger's request over."""
    method, _, path = route.partition(" ")
    names = re.findall(r"\{(\w+)\}", path)
    event = {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": path,
            "identity": {"sourceIp": STRANGER},
        },
        "headers": {"content-type": "application/json", **headers},
        "pathParameters": dict.fromkeys(names, "btc") | {"token": OWNER_TOKEN},
        "multiValueQueryStringParameters": query or None,
        "stageVariables": None,
        "body": json.dumps(ALERT) if method in {"POST", "PUT"} else None,
    }
    answer: dict[str, Any] = application.app(event, None)
    return answer


def test_the_lists_name_routes_that_exist():
    assert set(routes()) >= OPEN | PAGES | WEBHOOKS


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("route", guarded())
def test_without_the_right_token_a_route_is_closed(route):
    for headers in CREDENTIALS:
        answer = ask(route, headers, token=[OWNER_TOKEN])

        assert answer["statusCode"] in {401, 403}, headers
        assert json.loads(answer["body"])["status"] == "refused"
        assert bootstrap.signals().recent(1) == []


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("route", sorted(OPEN))
def test_what_is_open_says_the_same_to_everybody(route):
    answers = [ask(route, headers) for headers in CREDENTIALS]

    assert {answer["statusCode"] for answer in answers} == {200}
    assert len({answer["body"] for answer in answers}) == 1


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("route", sorted(PAGES))
def test_the_pages_are_the_same_for_everybody(route):
    answers = [ask(route, headers) for headers in CREDENTIALS]

    assert len({(answer["statusCode"], answer["body"]) for answer in answers}) == 1


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("table", [OWNER_TOKEN], indirect=True)
@pytest.mark.parametrize("route", sorted(set(guarded()) - WEBHOOKS))
def test_the_owner_is_let_in(route):
    answer = ask(route, {"authorization": f"Bearer {OWNER_TOKEN}"})
    assert answer["statusCode"] not in {401, 403}
    assert answer["statusCode"] < SERVER_ERROR


def test_the_program_opens_no_more_than_the_application(tmp_path):
    """Known routes by every method, and what other servers like to leave open."""
    configure(tmp_path)
    known = [re.sub(r"\{\w+\}", "x", path) for path in application.app.routes]
    with running(tmp_path) as program:
        found = {
            f"{method} {path}"
            for method, path in product(METHODS, [*known, *ELSEWHERE])
            if program.request(method, path, b"{}", JSON)[0] < REFUSED
        }
    assert found == OPEN | PAGES - {"GET /ui/{name}"}  # x is no file
