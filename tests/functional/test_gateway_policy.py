"""Who may call the API: the resource policy as API Gateway reads it, and the code once more."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

import app as application
from chalicelib.api.webhook import ADDRESSES
from chalicelib.domain.deployment.policies import WEBHOOKS, gateway_policy
from chalicelib.settings import TRADINGVIEW_SOURCES
from tests.functional.deployed_functions import TRADINGVIEW, Deployed, deployed_functions


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployed_functions(tmp_path_factory.mktemp("gateway")) as stage:
        yield stage


def admitted(document: Mapping[str, Any], source: str, request: str) -> bool:
    """As API Gateway evaluates a resource policy: a Deny that applies ends it."""
    effects = {
        statement["Effect"]
        for statement in document["Statement"]
        if any(fnmatchcase(request, resource) for resource in statement["Resource"])
        and _applies(statement.get("Condition"), source)
    }
    return "Allow" in effects and "Deny" not in effects


def _applies(condition: Mapping[str, Any] | None, source: str) -> bool:
    if condition is None:
        return True
    [(operator, tests)] = condition.items()
    assert (operator, list(tests)) == ("NotIpAddress", ["aws:SourceIp"])
    return not any(ip_address(source) in ip_network(n) for n in tests["aws:SourceIp"])


@pytest.mark.parametrize(
    ("source", "request_", "expected"),
    [
        *((source, "POST/hook/btc/token", True) for source in TRADINGVIEW_SOURCES),
        (TRADINGVIEW, "POST/receive_trade_signals", True),
        ("203.0.113.7", "POST/hook/btc/token", False),
        ("203.0.113.7", "POST/receive_trade_signals", False),
        ("52.89.214.239", "POST/hook/btc/token", False),
        ("203.0.113.7", "GET/signals", True),
        ("203.0.113.7", "GET/health", True),
        (TRADINGVIEW, "GET/portfolios", True),
    ],
)
def test_the_webhooks_are_tradingviews_alone(deployed, source, request_, expected) -> None:
    document = deployed.on_aws.document("gateway-prod.json")
    assert admitted(document, source, f"execute-api:/prod/{request_}") is expected


def test_every_address_of_alerts_is_behind_the_list() -> None:
    """What else takes a POST is behind the owner's token, wherever the owner is."""
    assert set(ADDRESSES) < set(application.app.routes)
    for path in ADDRESSES:
        assert any(fnmatchcase(f"POST{path}", webhook) for webhook in WEBHOOKS), path


def test_the_code_looks_at_the_address_as_well(deployed: Deployed) -> None:
    alert, path = deployed.alert("long"), "POST /hook/{strategy}/{token}"
    assert deployed.ask(path, body=alert, source="203.0.113.7") == 401
    assert deployed.ask(path, body=alert) == 200


def test_an_open_list_leaves_the_webhooks_to_their_tokens() -> None:
    assert admitted(gateway_policy("dev", []), "203.0.113.7", "execute-api:/dev/POST/hook/a/b")


def test_an_owners_own_addresses_are_let_in_by_both() -> None:
    document = gateway_policy("dev", ["10.0.0.0/8"])
    assert admitted(document, "10.1.2.3", "execute-api:/dev/POST/hook/a/b")
    assert not admitted(document, TRADINGVIEW, "execute-api:/dev/POST/hook/a/b")
