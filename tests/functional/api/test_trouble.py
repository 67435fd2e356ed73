"""An act in whose middle the store goes away: never "refused", and a halt is sent again."""

from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.domain.trading.account import HaltLevel
from tests.functional.api.floor import Answered, Api

BUSY = "the table is busy"
LOOK = f"{BUSY}; it is not known whether this was done: look what became of it"
CONFIRMED = {"confirm": True}


def fail_once(monkeypatch: pytest.MonkeyPatch, of: object, name: str, error: BaseException) -> None:
    """The store's next answer to this is `error`."""
    real, errors = getattr(of, name), [error]

    def busy(*arguments: object, **words: object) -> object:
        if errors:
            raise errors.pop()
        return real(*arguments, **words)

    monkeypatch.setattr(of, name, busy)


def send(api: Api, template: str, **path: Any) -> Answered:
    key = {"idempotency-key": "one"}
    return api.ask("POST", template, body=CONFIRMED, headers=key, **path)


def level() -> HaltLevel:
    return bootstrap.trading().control.halt_level()


def test_a_halt_that_failed_is_done_when_it_is_sent_again(api, monkeypatch):
    fail_once(monkeypatch, bootstrap.trading().control, "set_halt", StoreUnavailable(BUSY))
    first = send(api, "/halt")
    assert (first.status, first.json) == (
        503,
        {
            "status": "unknown",
            "error": f"{BUSY}; it is not known whether this was done: send it again",
        },
    )
    [deed] = api.get("/audit")["deeds"]
    assert (deed["status"], deed["outcome"]) == (503, first.json["error"])
    again = send(api, "/halt")
    assert (again.status, again.json["status"], level()) == (200, "done", HaltLevel.NO_ENTRIES)
    assert "Idempotency-Replayed" not in again.headers
    [deed] = api.get("/audit")["deeds"]
    assert (deed["status"], deed["outcome"]) == (200, again.json["done"])
    api.done("/resume")
    replayed = send(api, "/halt")
    assert (replayed.text, replayed.headers["Idempotency-Replayed"]) == (again.text, "true")
    assert level() is HaltLevel.NONE


def test_a_halt_whose_process_died_is_done_when_it_is_sent_again(api, monkeypatch):
    fail_once(monkeypatch, bootstrap.trading().control, "set_halt", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        send(api, "/halt")
    assert send(api, "/halt").status == 200
    assert level() is HaltLevel.NO_ENTRIES


def test_what_would_do_more_when_done_twice_is_not_sent_again(api, monkeypatch):
    api.done("/halt")
    fail_once(monkeypatch, bootstrap.trading().plans, "state", StoreUnavailable(BUSY))
    first = send(api, "/resume")
    assert (first.status, first.json) == (503, {"status": "unknown", "error": LOOK})
    assert level() is HaltLevel.NONE  # half of it was done
    api.done("/halt")
    again = send(api, "/resume")
    assert again.status == 409
    assert "it is not known how it ended" in again.json["error"]
    assert level() is HaltLevel.NO_ENTRIES


def test_an_account_that_could_not_be_woken_does_not_undo_the_halt(api, monkeypatch):
    def overtaken(*_: object) -> None:
        raise StoreConflict("account paper was changed by another")

    monkeypatch.setattr(bootstrap.trading().plans, "save_state", overtaken)
    done = api.done("/halt", {"flatten": True})
    assert done["done"] == (
        "Halted: no strategy enters any more, and the next tick sells what the strategies own. "
        "The halt is set; account paper could not be woken, because others keep changing its "
        "state: it is looked at when it is next due."
    )
    assert level() is HaltLevel.FLATTEN
    done = api.done("/resume")
    assert done["done"].startswith("Trading goes on: the halt (flatten) has ended. The halt is ")


def test_a_pause_that_failed_is_done_when_it_is_sent_again(api, monkeypatch):
    fail_once(monkeypatch, bootstrap.strategies(), "apply", StoreUnavailable(BUSY))
    pause = "/strategies/{strategy}/pause"
    assert send(api, pause, strategy="btc").status == 503
    assert send(api, pause, strategy="btc").json["done"] == "btc is paused on paper."
