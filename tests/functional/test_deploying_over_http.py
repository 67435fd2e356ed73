"""What is shown before a bot is deployed, changed or stopped is what then happens, or else it is
refused; and what ended halfway can be done again.
"""

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import bot_ports
from chalicelib.domain.errors import StoreUnavailable
from tests.functional.test_bots_over_http import (  # noqa: F401 - `page` is a fixture
    BOT,
    OTHER,
    WANTED,
    deploy,
    page,
    save,
)

STOPPED = "mine-paper is stopped already; what of it still waits to buy is taken back"


def fail_once(monkeypatch: pytest.MonkeyPatch, of: object, name: str) -> None:
    real, errors = getattr(of, name), [StoreUnavailable("the table is busy")]

    def busy(*arguments: object, **words: object) -> object:
        if errors:
            raise errors.pop()
        return real(*arguments, **words)

    monkeypatch.setattr(of, name, busy)


def test_what_runs_is_the_code_that_was_shown(page) -> None:  # noqa: F811
    first = save(page, BOT)["digest"]
    shown = page.act("/deployments", **WANTED)
    assert shown["digest"] == first
    missing = page.act("/deployments", status=400, confirm=True, **WANTED)
    assert missing["field"] == "digest"
    second = save(page, OTHER, first)  # in another tab; nothing was run, so it is 1.0 still
    refused = page.act("/deployments", status=409, confirm=True, digest=first, **WANTED)
    assert refused["error"] == (
        "mine 1.0 was saved again at 2026-03-02 13:00 UTC, and is not what was shown: look at it"
        " again"
    )
    assert page.get("/deployments")["deployments"] == []
    assert "mine-paper" not in bootstrap.strategies().configuration().strategies
    page.act("/deployments", confirm=True, digest=second["digest"], **WANTED)
    save(page, BOT, second["digest"])
    update = "/deployments/mine-paper/update"
    seen = page.act(update)
    assert seen["would"] == ["mine-paper would go from mine 1.0 on to mine 1.1"]
    assert page.act(update, status=400, confirm=True)["field"] == "digest"
    save(page, BOT + "\n", seen["digest"])
    refused = page.act(update, status=409, confirm=True, digest=seen["digest"])
    assert refused["error"].startswith("mine 1.1 was saved again at ")
    assert page.get("/deployments/mine-paper")["version"] == "1.0"
    page.act(update, confirm=True, digest=page.act(update)["digest"])
    assert page.get("/deployments/mine-paper")["version"] == "1.1"


def test_one_that_comes_with_the_program_needs_no_digest(page) -> None:  # noqa: F811
    wanted = WANTED | {"bot": "grid", "instruments": ["BTC/USDT"]}
    assert page.act("/deployments", **wanted)["digest"] == ""
    assert page.act("/deployments", confirm=True, **wanted)["status"] == "done"


@pytest.mark.parametrize("body", [{"parameters": {"nope": 1}}, {"parameters": {"above": 5000}}, {}])
def test_an_update_that_would_be_refused_is_not_promised(
    page,  # noqa: F811
    body,
):
    digest = save(page, BOT)["digest"]
    deploy(page)
    status = 422 if body else 409
    shown = page.act("/deployments/mine-paper/update", status=status, **body)
    done = page.act(
        "/deployments/mine-paper/update", status=status, confirm=True, digest=digest, **body
    )
    assert shown == done
    start = page.act("/deployments/mine-paper/start", status=409)
    assert start["error"] == "mine-paper is running already"


def test_a_stop_that_ended_halfway_is_done_again(
    page,  # noqa: F811
    monkeypatch,
):
    save(page, BOT)
    deploy(page)
    inbox, looked = bootstrap.webhook().signals, []
    real = inbox.due

    def due(*words):
        looked.append(words)
        return real(*words)

    monkeypatch.setattr(inbox, "due", due)
    fail_once(monkeypatch, inbox, "due")
    stop = "/deployments/mine-paper/stop"
    first = page.act(stop, status=503, confirm=True)
    assert first["status"] == "unknown"
    assert page.get("/deployments/mine-paper")["state"] == "stopped"
    assert looked == []
    assert page.act(stop)["would"] == f"{STOPPED}; what strategy mine-paper holds stays"
    again = page.act(stop, confirm=True, reason="once more")
    assert (again["done"], again["why"]) == (STOPPED, "owner stopped it")
    assert len(looked) == 1


def test_a_deployment_that_failed_halfway_is_done_again(
    page,  # noqa: F811
    monkeypatch,
):
    digest = save(page, BOT)["digest"]
    fail_once(monkeypatch, bot_ports().deployments, "put")
    wanted = WANTED | {"confirm": True, "digest": digest}
    assert page.act("/deployments", status=503, **wanted)["status"] == "unknown"
    assert page.get("/deployments")["deployments"] == []
    other = page.act("/deployments", status=409, **wanted | {"weight": "0.1"})
    assert other["error"] == "there is a strategy mine-paper already: take it, or another name"
    assert page.act("/deployments", **wanted)["status"] == "done"
    followers = bootstrap.strategies().configuration().followers("mine-paper")
    assert tuple(followers) == ("paper",)
