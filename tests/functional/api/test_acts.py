"""What an owner does over the API: shown first, done once, written down."""

from dataclasses import replace

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import deeds
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.operation.deed import Deed
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from tests.functional.api.floor import Answered, Api, api_floor

LIMITS = "/accounts/{account}/limits"


def seen(api: Api) -> str:
    return api.ask("GET", "/strategies").headers["ETag"]


def edit(api: Api, tag: str, key: str = "edit", **body: object) -> Answered:
    headers = {"if-match": tag, "idempotency-key": key}
    return api.ask("POST", LIMITS, body=body, headers=headers, account="paper")


def test_without_confirm_it_is_only_shown(api):
    answer = api.ask("POST", "/halt", body={"reason": "looking"})
    assert (answer.status, answer.json["status"]) == (200, "dry run")
    assert answer.json["would"] == ["No strategy enters any more, and exits still run."]
    assert bootstrap.trading().control.halt_level() is HaltLevel.NONE
    assert api.get("/audit") == {"deeds": [], "next": None}


def test_an_act_needs_a_key_and_is_done_once_under_it(api):
    body = {"confirm": True, "reason": "news"}
    assert api.ask("POST", "/halt", body=body).json["field"] == "Idempotency-Key"
    assert bootstrap.trading().control.halt_level() is HaltLevel.NONE
    key = {"idempotency-key": "one"}
    first = api.ask("POST", "/halt", body=body, headers=key)
    halted = bootstrap.trading().control.last_halt()
    api.clock.pass_time(minutes=5)
    again = api.ask("POST", "/halt", body=body, headers=key)
    assert first.status == again.status == 200
    assert again.text == first.text
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert bootstrap.trading().control.last_halt() == halted
    other = api.ask("POST", "/halt", body=body | {"reason": "else"}, headers=key)
    assert (other.status, other.json["field"]) == (422, "Idempotency-Key")
    assert bootstrap.trading().control.last_halt() == halted


def test_a_restart_does_not_do_it_again(tmp_path):
    """The key is in the store, not in the process."""
    with api_floor() as api:
        table = SqliteTable(tmp_path / "state.sqlite3")
        table.overwrite(bootstrap.table().scan())
        table.close()
        chosen = bootstrap.choices()
    body, key = {"confirm": True}, {"idempotency-key": "one"}
    found = []
    for _ in range(2):
        table = SqliteTable(tmp_path / "state.sqlite3")
        bootstrap.use(replace(chosen, table=table))
        close = "/strategies/{strategy}/close"
        found.append(api.ask("POST", close, body=body, headers=key, strategy="btc"))
        assert len(bootstrap.signals().recent(9)) == 1
        api.clock.pass_time(minutes=1)
        bootstrap.use(Choices())
        table.close()
    assert [answer.status for answer in found] == [200, 200]
    assert found[0].text == found[1].text


def test_what_was_begun_and_not_ended_is_not_done_blindly_again(api, monkeypatch):
    def defect(*_: object, **__: object) -> None:
        raise KeyboardInterrupt  # as if the process had ended here

    monkeypatch.setattr("chalicelib.services.trading.halt_trading.halt_trading", defect)
    key, body = {"idempotency-key": "one"}, {"confirm": True}
    with pytest.raises(KeyboardInterrupt):
        api.ask("POST", "/resume", body=body, headers=key)
    monkeypatch.undo()
    answer = api.ask("POST", "/resume", body=body, headers=key)
    assert answer.status == 409
    assert "was begun at 2026-03-02T08:00:00Z and it is not known how it ended" in answer.text
    assert [deed["status"] for deed in api.get("/audit")["deeds"]] == [0]


def test_an_error_that_nobody_foresaw_is_written_down(api, monkeypatch):
    def defect(*_: object, **__: object) -> None:
        raise ArithmeticError("a defect")

    monkeypatch.setattr("chalicelib.services.trading.halt_trading.halt_trading", defect)
    assert api.act("/halt").status == 500
    [deed] = api.get("/audit")["deeds"]
    assert (deed["status"], deed["outcome"]) == (500, "failed: ArithmeticError")


def test_what_was_done_is_not_refused_because_its_end_could_not_be_kept(api, monkeypatch):
    def gone(_: Deed) -> None:
        raise StoreUnavailable("the table does not answer")

    api.done("/halt")
    monkeypatch.setattr(deeds(), "end", gone)
    key, body = {"idempotency-key": "one"}, {"confirm": True}
    answer = api.ask("POST", "/resume", body=body, headers=key)
    monkeypatch.undo()
    assert (answer.status, answer.json["status"]) == (200, "done")
    assert bootstrap.trading().control.halt_level() is HaltLevel.NONE
    api.done("/halt")
    again = api.ask("POST", "/resume", body=body, headers=key)
    assert again.status == 409
    assert "it is not known how it ended" in again.json["error"]
    assert bootstrap.trading().control.halt_level() is HaltLevel.NO_ENTRIES


def test_who_did_what_stands_in_the_audit(api):
    api.done("/halt", {"reason": "news"})
    api.clock.pass_time(minutes=1)
    api.act("/strategies/{strategy}/pause", {"account": "nobody"}, strategy="btc")
    refused, halted = api.get("/audit")["deeds"]
    assert halted == {
        "id": halted["id"],
        "at": "2026-03-02T08:00:00Z",
        "who": "owner",
        "role": "owner",
        "act": "POST /halt",
        "about": {},
        "said": '{"reason":"news"}',
        "status": 200,
        "outcome": "Halted: no strategy enters any more, and exits still run.",
        "ended_at": "2026-03-02T08:00:00Z",
    }
    assert (refused["act"], refused["about"]) == (
        "POST /strategies/{strategy}/pause",
        {"strategy": "btc"},
    )
    assert (refused["status"], refused["outcome"][:28]) == (422, "there is no account nobody; ")


def test_halt_and_resume(api):
    api.alert("long")
    api.tick()
    would = api.ask("POST", "/halt", body={"flatten": True}).json["would"]
    assert would[1].endswith("BTC/USDT of btc is sold on paper.")
    api.done("/halt", {"flatten": True})
    assert api.get("/overview")["gate"]["level"] == "flatten"
    assert api.get("/overview")["gate"]["reason"] == "owner halted trading"
    api.tick()
    api.tick()
    assert api.get("/positions")["positions"] == []
    assert api.ask("POST", "/resume").json["would"] == [
        "The halt (flatten) ends, and the next tick works off what is due."
    ]
    api.done("/resume")
    assert api.get("/overview")["gate"]["halted"] is False
    assert api.ask("POST", "/resume").json["would"] == []


def test_a_halt_never_ends_a_sale_of_everything(api):
    api.alert("long")
    api.tick()
    api.done("/halt", {"flatten": True})
    would = api.ask("POST", "/halt").json["would"]
    assert (
        would[0] == "No strategy enters any more, and the next tick sells what the strategies own."
    )
    assert would[1].endswith("BTC/USDT of btc is sold on paper.")
    done = api.done("/halt", {"flatten": False, "reason": "once more"})
    assert (
        done["done"]
        == "Halted: no strategy enters any more, and the next tick sells what the strategies own."
    )
    gate = api.get("/overview")["gate"]
    assert (gate["level"], gate["reason"]) == ("flatten", "once more")
    api.tick()
    assert api.get("/positions")["positions"] == []


def test_a_paused_strategy_enters_no_more_until_it_is_resumed(api):
    pause, resume = "/strategies/{strategy}/pause", "/strategies/{strategy}/resume"
    would = api.ask("POST", pause, strategy="btc").json["would"]
    assert would == ["btc enters no more; its exits still run on paper."]
    assert api.done(pause, strategy="btc")["done"] == "btc is paused on paper."
    assert api.done(pause, strategy="btc")["done"] == "btc is paused already."
    signal = api.alert("long")
    api.tick()
    assert api.signal(signal).status is SignalStatus.SKIPPED
    api.done(resume, {"account": "paper"}, strategy="btc")
    api.clock.pass_time(minutes=1)
    signal = api.alert("long")
    api.tick()
    assert api.signal(signal).status is SignalStatus.EXECUTED
    assert api.act(pause, strategy="doge").status == 404


def test_closing_a_strategy_sells_what_it_owns(api):
    close = "/strategies/{strategy}/close"
    api.alert("long")
    api.tick()
    [line] = api.ask("POST", close, strategy="btc").json["would"]
    assert line.startswith("The next tick sells ")
    assert line.endswith(" BTC/USDT on paper.")
    api.clock.pass_time(minutes=1)
    [signal] = api.done(close, strategy="btc")["signals"]
    api.tick()
    assert api.signal(signal).status is SignalStatus.EXECUTED
    assert api.get("/positions")["positions"] == []
    assert api.ask("POST", close, strategy="doge").status == 404


def test_closing_says_which_entries_it_drops_and_that_it_is_stored_where_nothing_is_owned():
    close = "/strategies/{strategy}/close"
    stored = "A wish to be flat in ETH/USDT is stored: nothing is owned there."
    with api_floor(approval=True) as api:
        assert api.ask("POST", close, strategy="eth").json["would"] == [stored]
        entry, other = api.alert("long", "ETHUSDT"), api.alert("long")
        api.tick()
        dropped = "The entry long ETH/USDT that waits for your word is dropped."
        assert api.ask("POST", close, strategy="eth").json["would"] == [stored, dropped]
        assert api.signal(entry).status is SignalStatus.RECEIVED
        api.clock.pass_time(minutes=1)
        assert api.done(close, strategy="eth")["done"] == f"{stored} {dropped}"
        api.tick()
        assert api.signal(entry).status is SignalStatus.SUPERSEDED
        assert api.signal(other).status is SignalStatus.RECEIVED
        assert api.ask("POST", close, strategy="eth").json["would"] == [stored]


def test_closing_drops_an_entry_that_no_tick_has_seen_yet(api):
    api.alert("flat")
    api.alert("long", "ETHUSDT")
    closing = {
        s: api.ask("POST", "/strategies/{strategy}/close", strategy=s) for s in ("btc", "eth")
    }
    assert len(closing["btc"].json["would"]) == 1
    assert closing["eth"].json["would"][1:] == [
        "The entry long ETH/USDT that the next tick would decide on is dropped."
    ]


def test_an_entry_waits_for_the_owners_word():
    with api_floor(approval=True) as api:
        yes, no = api.alert("long"), api.alert("long", "ETHUSDT")
        api.tick()
        rows = {row["id"]: row["waits_for"] for row in api.get("/signals")["signals"]}
        assert rows == {yes: ["paper"], no: ["paper"]}
        approve, decline = "/signals/{signal_id}/approve", "/signals/{signal_id}/decline"
        would = api.ask("POST", approve, signal_id=yes).json["would"]
        assert would == "btc long BTC/USDT on paper may be executed with the next tick."
        api.done(approve, signal_id=yes)
        declined = api.done(decline, signal_id=no)
        assert declined["done"] == "eth long ETH/USDT on paper is declined."
        api.tick()
        statuses = {row["id"]: row["status"] for row in api.get("/signals")["signals"]}
        assert statuses == {yes: "EXECUTED", no: "SKIPPED"}
        again = api.act(approve, signal_id=yes)
        assert (again.status, again.json["status"]) == (409, "refused")


def test_an_exit_and_a_test_wait_for_nobody_and_cannot_be_declined():
    with api_floor(approval=True) as api:
        decline = "/signals/{signal_id}/decline"
        entry = api.alert("long")
        api.done("/signals/{signal_id}/approve", signal_id=entry)
        api.tick()
        assert len(api.get("/positions")["positions"]) == 1
        api.clock.pass_time(minutes=5)
        tried = api.ask("POST", "/test-signal", body={"strategy": "btc"}).json["signal_id"]
        leave = api.alert("flat")
        rows = {row["id"]: row["waits_for"] for row in api.get("/signals")["signals"]}
        assert rows == {entry: [], tried: [], leave: []}
        for signal in (tried, leave):
            for answer in (
                api.ask("POST", decline, signal_id=signal),
                api.act(decline, signal_id=signal),
            ):
                assert (answer.status, answer.json["error"]) == (
                    409,
                    f"signal {signal} waits for nobody's approval",
                )
        api.tick()
        assert api.signal(leave).status is SignalStatus.EXECUTED
        assert api.get("/positions")["positions"] == []


def test_weights_change_all_together_or_not_at_all(api):
    tag = seen(api)
    wanted = {"btc": {"weight": "0.2", "max_orders_per_day": 3}, "eth": {"weight": "0.7"}}
    shown = edit(api, tag, strategies=wanted, settings={"max_drawdown": "0.2"})
    assert shown.json["would"] == [
        "accounts.paper.max_drawdown: - -> 0.2",
        "accounts.paper.strategies.btc.max_orders_per_day: - -> 3",
        "accounts.paper.strategies.btc.weight: 0.5 -> 0.2",
        "accounts.paper.strategies.eth.weight: 0.25 -> 0.7",
    ]
    assert seen(api) == tag
    done = edit(api, tag, strategies=wanted, settings={"max_drawdown": "0.2"}, confirm=True)
    assert done.json["done"] == "4 settings changed."
    [account] = api.get("/strategies")["accounts"]
    assert account["max_drawdown"] == "0.2"
    assert [s["weight"] for s in account["strategies"]] == ["0.2", "0.7"]
    cleared = {"btc": {"max_orders_per_day": None}}
    edit(api, seen(api), "clear", strategies=cleared, settings={"max_drawdown": None}, confirm=True)
    [account] = api.get("/strategies")["accounts"]
    assert (account["max_drawdown"], account["strategies"][0]["max_orders_per_day"]) == (None, None)
    assert [s["weight"] for s in account["strategies"]] == ["0.2", "0.7"]


def test_a_change_of_what_was_seen_earlier_loses_nothing(api):
    tag = seen(api)
    api.done("/strategies/{strategy}/pause", strategy="eth")
    late = edit(api, tag, strategies={"btc": {"weight": "0.1"}}, confirm=True)
    assert late.status == 409
    assert late.json["error"] == (
        "the configuration is at version 2 by now, and this is a change of version 1: look at it "
        "as it is now, and change it again"
    )
    weights = [s["weight"] for s in api.get("/strategies")["accounts"][0]["strategies"]]
    assert weights == ["0.5", "0.25"]
    assert bootstrap.strategies().configuration().subscriptions[1].paused
    done = edit(api, seen(api), "again", strategies={"btc": {"weight": "0.1"}}, confirm=True)
    assert done.status == 200
    assert bootstrap.strategies().configuration().subscriptions[1].paused


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (
            {"strategies": {"btc": {"weight": "0.9"}}},
            422,
            "the change: accounts.paper has weights 0.9 + 0.25 = 1.15, more than 1 - reserve = "
            "0.98; lower a weight or the reserve of 0.02",
        ),
        (
            {"strategies": {"btc": {"weight": "a lot"}}},
            422,
            "the change: accounts.paper.strategies.btc.weight is 'a lot', but must be a fraction "
            "above 0 and at most 1, such as 0.25",
        ),
        (
            {"strategies": {"doge": {"weight": "0.1"}}},
            422,
            "account paper does not follow doge; known are btc, eth",
        ),
        (
            {"settings": {"mode": "live"}},
            422,
            "accounts.paper.mode cannot be changed here; known are capital, ",
        ),
        (
            {"strategies": {"btc": {"weight": 0.1}}},
            400,
            'strategies.btc.weight is 0.1; send the number as text, such as "0.25"',
        ),
        ({"strategies": {"btc": 1}}, 400, "strategies.btc must be an object of settings"),
        ({"strategies": 1}, 400, "strategies is 1; it must be an object"),
    ],
)
def test_a_change_that_cannot_be_says_why(api, body, status, sentence):
    answer = edit(api, seen(api), **body, confirm=True)
    assert answer.status == status
    assert answer.json["error"].startswith(sentence)
    assert api.get("/strategies")["version"] == 1


def test_a_change_without_what_was_seen_is_refused(api):
    answer = edit(api, "", strategies={"btc": {"weight": "0.1"}}, confirm=True)
    assert (answer.status, answer.json["field"]) == (428, "If-Match")


def test_an_order_that_rests_is_taken_back(api):
    api.alert("long")
    api.tick()
    [order] = bootstrap.trading().orders.recent(1)
    refused = api.act("/orders/cancel", {"order_id": order.intent.id})
    assert (refused.status, refused.json["error"]) == (
        409,
        f"order {order.intent.id} is FILLED and does not rest at the venue; there is nothing to "
        "cancel",
    )
    resting = bootstrap.trading().orders.save(replace(order, status=OrderStatus.ACCEPTED))
    body = {"order_id": resting.intent.id}
    would = api.ask("POST", "/orders/cancel", body=body).json["would"]
    assert would.startswith("The next tick takes back buy ")
    assert not api.order(resting.intent.id).cancel_requested
    api.done("/orders/cancel", body)
    assert api.order(resting.intent.id).cancel_requested
    assert api.act("/orders/cancel", {"order_id": "17"}).status == 400


def test_a_test_signal_goes_the_whole_way_and_trades_nothing(api):
    body = {"strategy": "btc", "market_position": "long"}
    answer = api.ask("POST", "/test-signal", body=body)
    assert answer.status == 200, answer.text
    api.tick()
    signal = api.signal(answer.json["signal_id"])
    assert (signal.status, signal.reason) == (SignalStatus.SKIPPED, "test: nothing is traded")
    assert bootstrap.trading().orders.recent(1) == []
    unknown = api.ask("POST", "/test-signal", body=body | {"ticker": "DOGEUSDT"})
    assert unknown.status == 422
    assert api.ask("POST", "/test-signal", body={"strategy": "doge"}).status == 404
