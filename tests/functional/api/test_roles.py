"""Who may do what: a viewer looks, an owner acts, and every route has one of the two roles."""

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.api.access import declared
from chalicelib.bootstrap.access import access_tokens
from chalicelib.domain.operation.role import Role

ACTS = sorted(
    (path, method)
    for path, methods in application.app.routes.items()
    for method in methods
    if (operation := declared(method, path)) is not None and operation.role is Role.OWNER
)


def test_a_viewer_reads(api):
    viewer = api.as_viewer()
    assert viewer.get("/me") == {"name": "anna", "role": "viewer"}
    assert api.get("/me") == {"name": "owner", "role": "owner"}
    for path in ("/overview", "/signals", "/orders", "/positions", "/strategies", "/audit"):
        assert viewer.get(path) == api.get(path)


@pytest.mark.parametrize(("path", "method"), ACTS)
def test_a_viewer_does_not_act_not_even_for_show(api, path, method):
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    arguments = dict.fromkeys(names, "btc")
    answer = api.as_viewer().ask(method, path, body={"confirm": True}, **arguments)
    assert answer.status == 403
    assert answer.json["error"] == "this takes the role owner, and the token's role is viewer"
    assert bootstrap.trading().control.last_halt() is None


def test_a_token_that_was_revoked_ends_at_once(api):
    viewer = api.as_viewer()
    assert viewer.ask("GET", "/me").status == 200
    access_tokens().change(lambda _: ())
    assert viewer.ask("GET", "/me").status == 401


def test_there_are_acts_and_reads(api):
    assert ("/halt", "POST") in ACTS
    assert ("/alert-message/{strategy}/check", "POST") not in ACTS
    assert (
        api.as_viewer()
        .ask("POST", "/alert-message/{strategy}/check", body={"message": "{}"}, strategy="btc")
        .status
        == 200
    )
