"""Each function's policy against what the function really asks of AWS, both ways.

The real handlers run on moto, each as a cold function; every call that leaves for AWS is written
down with its action and resource. Whatever is missing in a policy fails, and so does whatever is
granted and never asked for, unless rights.py gives a reason.
"""

from collections.abc import Iterator

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.api.access import declared
from chalicelib.domain.deployment.rights import RIGHTS
from chalicelib.domain.trading.signal import SignalStatus
from tests.canaries import PATH_TOKEN
from tests.functional.deployed_functions import Deployed, deployed_functions
from tests.functional.iam import covers
from tests.functional.test_tick_events import Context


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """One life of a stage: routes asked, alerts traded on paper and at a venue, trouble told."""
    with deployed_functions(tmp_path_factory.mktemp("policies")) as stage:
        _live(stage)
        yield stage


def _live(deployed: Deployed) -> None:
    entry = deployed.alert("long")
    assert deployed.ask("POST /hook/{strategy}/{token}", body=entry) == 200
    assert deployed.ask("POST /hook/{strategy}/{token}", body=entry) == 200  # once more
    assert deployed.tick()["accounts"] == 3
    assert deployed.ask("POST /hook/{strategy}/{token}", body="{odd") == 400  # the owner is told
    deployed.tick()
    assert deployed.report() == {"points": 6}
    leaving = deployed.alert("flat")
    answer = deployed.ask("POST /receive_trade_signals", body=leaving, query=PATH_TOKEN)
    assert answer == 200
    deployed.tick()
    deployed.tick()
    with deployed.at_hand():
        told = bootstrap.signals().recent(10)
        assert [signal.status for signal in told] == [SignalStatus.EXECUTED] * 2, told
    for path in ("/", "/ui", "/health", "/alert.schema.json", "/signals", "/strategies"):
        assert deployed.ask(f"GET {path}") in {200, 302}
    for route in _with_a_role():  # what cannot be done there is refused, and reads nothing else
        assert deployed.ask(route, body={} if route.startswith("POST") else "") < 500, route
    for route in ("POST /halt", "POST /resume", "POST /strategies/{strategy}/pause"):
        assert deployed.ask(route, body={"confirm": True}) == 200
    with deployed.cold("tick"):
        assert application.tick({"check": "venues"}, Context())["venues"]["main"] == ""


def _with_a_role() -> list[str]:
    found = ((method, path) for path, by in application.app.routes.items() for method in by)
    return [f"{method} {path}" for method, path in found if declared(method, path) is not None]


def test_every_function_of_the_application_has_a_policy() -> None:
    app = application.app
    events, plain = app.event_sources, app.pure_lambda_functions
    assert set(RIGHTS) == {"api_handler", *(e.name for e in events), *(p.name for p in plain)}


def test_every_route_was_asked() -> None:
    """A new route has to be asked above: what it needs is not known else."""
    routes = {f"{m} {path}" for path, by in application.app.routes.items() for m in by}
    assert routes == {
        "POST /hook/{strategy}/{token}",
        "POST /receive_trade_signals",
        "GET /health",
        "GET /alert.schema.json",
        "GET /",
        "GET /ui",
        "GET /ui/{name}",
        *_with_a_role(),
    }


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_a_policy_grants_all_that_its_function_asks_for(deployed: Deployed, function: str) -> None:
    rights = deployed.on_aws.granted(function)
    calls = deployed.recorder.calls[function]
    assert calls
    assert sorted(c for c in calls if not any(covers(r, c) for r in rights)) == []


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_a_policy_grants_nothing_that_is_never_asked_for(deployed: Deployed, function: str) -> None:
    calls = deployed.recorder.calls[function]
    excused = {action for right in RIGHTS[function] if right.because for action in right.actions}
    idle = [
        right
        for right in deployed.on_aws.granted(function)
        if right[0] not in excused and not any(covers(right, call) for call in calls)
    ]
    assert idle == []
    assert excused & {action for action, _ in calls} == set()  # the excuse would be a wrong one


def test_the_api_can_read_no_secret(deployed: Deployed) -> None:
    services = {action.split(":")[0] for action, _ in deployed.on_aws.granted("api_handler")}
    assert services == {"logs", "dynamodb"}


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_no_right_reaches_beyond_the_stage(deployed: Deployed, function: str) -> None:
    for action, resource in deployed.on_aws.granted(function):
        assert "*" not in action
        assert "prod" in resource, (action, resource)
        assert ":eu-west-1:123456789012:" in resource
