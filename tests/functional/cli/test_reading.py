"""What arrived, what traded, what is owned, and the same as files."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from tests.functional.cli.owner_desk import Desk, freeze, stored_order


def test_every_reading_verb_is_empty_at_first(desk: Desk) -> None:
    bootstrap.table()
    for words, empty in {
        ("signals",): "No alert has arrived yet.",
        ("signals", "--quarantined"): "No alert is in quarantine.",
        ("orders",): "No order has been made yet.",
        ("orders", "--held"): "No order waits for a word.",
        ("positions",): "No strategy holds anything.",
        ("balances",): "No account has books yet: they are opened by its first signal.",
        ("ledger",): "No account has books yet: they are opened by its first signal.",
        ("performance",): "No figures are stored yet: they are hourly, or at once with --now.",
        ("preview",): "The next tick has nothing to decide.",
        ("accounts", "list"): "There is no account yet: crypto-bot accounts apply FILE.",
        ("strategies", "list"): "There is no strategy yet: crypto-bot strategies apply FILE.",
    }.items():
        assert desk.run(*words).stdout == f"{empty}\n"
        assert desk.read(*words) == []


def test_what_traded_can_be_read(desk: Desk) -> None:
    desk.trade()
    leave, second, first = desk.read("signals")
    assert [s["status"] for s in (first, second, leave)] == ["EXECUTED"] * 3
    assert (leave["state"], leave["strategy"]) == ("flat", "trend")
    assert desk.read("signals", "--strategy", "majors") == [second]
    assert json.loads(desk.run("signals", first["id"]).stdout) == first
    orders = desk.read("orders", "--account", "paper")
    assert {o["status"] for o in orders} == {"FILLED"}
    assert orders[0]["side"] == "sell"
    [position] = desk.read("positions")
    assert (position["strategy"], position["symbol"]) == ("majors", "ETH/USD")
    assert len(desk.read("positions", "--all")) == 2
    pool = next(b for b in desk.read("balances") if b["owner"] == "pool")
    assert (pool["asset"], float(pool["amount"]) > 0) == ("USD", True)
    for asset in desk.read("balances", "--venue"):
        assert asset["difference"] == "0"
    sums: dict[str, float] = {}
    for leg in desk.read("ledger"):
        sums[leg["asset"]] = sums.get(leg["asset"], 0) + float(leg["amount"])
    assert sums == pytest.approx(dict.fromkeys(sums, 0), abs=1e-6)
    figures = desk.read("performance", "--now")
    assert {f["strategy"] for f in figures} == {"all", "majors", "trend"}
    for words in (("signals",), ("orders",), ("positions",), ("balances",), ("ledger",)):
        assert len(desk.run(*words).stdout.splitlines()) > 1
    assert "executed" not in desk.run("performance").stdout


def test_preview_shows_the_next_decision_and_makes_none(desk: Desk) -> None:
    desk.configure()
    desk.alert("trend", "BTCUSD", "long")
    desk.clock.advance_to(desk.clock.now() + timedelta(minutes=1))
    rows = desk.read("preview", "paper")
    assert [row["what"] for row in rows] == ["order", "planned"]
    assert (rows[0]["side"], rows[0]["symbol"]) == ("buy", "BTC/USD")
    assert desk.read("preview") == rows
    assert desk.read("orders") == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("signal", "there is no verb signal; did you mean signals?"),
        ("positions --account papr", "there is no account papr; did you mean paper?"),
        ("orders --account papr", "there is no account papr; did you mean paper?"),
        ("signals --strategy trent", "there is no strategy trent; did you mean trend?"),
        ("preview papr", "there is no account papr; did you mean paper?"),
        ("accounts check papr", "there is no account papr; did you mean paper?"),
        ("strategies token trent", "there is no strategy trent; did you mean trend?"),
        ("alert-template trent", "there is no strategy trent; did you mean trend?"),
        ("pause trent", "there is no strategy trent; did you mean trend?"),
        ("close trent", "there is no strategy trent; did you mean trend?"),
        ("export signals --account paper", "signals belong to strategies, not accounts; leave"),
        ("resolve x --yes", "name one of --adopt, --filled QUANTITY and --absent with that"),
        ("resolve x --absent --adopt", "name only one of --adopt, --filled QUANTITY and --absent"),
        ("resolve x --absent --fee 1", "--price, --fee and --fee-asset go with --filled QUANTITY"),
        ("resolve x --filled 1", "--filled needs --price, the average price that the venue shows"),
        ("tick --at soon", "--at is 'soon'; it must be a time such as 2024-08-10T02:30:00Z"),
        ("export fills -o /nowhere/fills.csv", "/nowhere/fills.csv cannot be written: No such"),
    ],
)
def test_what_was_asked_wrongly_is_one_sentence_and_exit_code_2(
    desk: Desk, words: str, sentence: str
) -> None:
    desk.configure()
    assert desk.refusal(*words.split()).startswith(sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("signals x", "there is no signal x; crypto-bot signals lists them"),
        ("approve x", "there is no signal x; crypto-bot signals lists them"),
        ("decline x", "there is no signal x; crypto-bot signals lists them"),
        ("cancel x", "there is no order x; crypto-bot orders lists them"),
        ("resolve x --absent", "there is no order x; crypto-bot orders --held lists them"),
        ("resolve x", "there is no order x; crypto-bot orders --held lists"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_exit_code_1(
    desk: Desk, words: str, sentence: str
) -> None:
    bootstrap.table()
    assert desk.refusal(*words.split(), code=1).startswith(sentence)


@pytest.mark.parametrize("kind", ["fills", "orders", "signals", "positions", "ledger"])
def test_two_exports_are_the_same_bytes(desk: Desk, kind: str) -> None:
    desk.trade()
    first, second = (desk.run("export", kind).stdout for _ in range(2))
    assert first == second
    rows = list(csv.DictReader(io.StringIO(first)))
    assert rows
    file = desk.home / f"{kind}.json"
    desk.run("export", kind, "--output", str(file))
    exported = json.loads(file.read_text())
    assert len(exported) == len(rows)
    assert set(rows[0]) <= set(exported[0])
    assert json.loads(desk.run("export", kind, "--format", "json").stdout) == exported


def test_a_closed_position_says_what_it_earned(desk: Desk) -> None:
    desk.trade()
    [closed] = csv.DictReader(io.StringIO(desk.run("export", "positions").stdout))
    bought, _, sold = csv.DictReader(io.StringIO(desk.run("export", "fills").stdout))
    assert (closed["strategy"], closed["symbol"]) == ("trend", "BTC/USD")
    assert (closed["entry_at"], closed["exit_at"]) == (bought["at"], sold["at"])
    assert (closed["cost"], closed["proceeds"]) == (bought["notional"], sold["notional"])
    [held] = [p for p in desk.read("positions", "--all") if p["strategy"] == "trend"]
    assert closed["profit"] == held["realized"]


def test_what_a_sender_wrote_is_no_formula_in_a_spreadsheet(desk: Desk) -> None:
    desk.configure()
    body = {"ticker": "BTCUSD", "order_action": "buy", "order_comment": "=1+1"}
    delivery = Delivery(
        body=json.dumps(body).encode(), strategy="trend", token=desk.tokens["trend"]
    )
    assert receive_signal(bootstrap.webhook(), delivery).status == 200
    [row] = csv.DictReader(io.StringIO(desk.run("export", "signals").stdout))
    assert row["comment"] == "'=1+1"


def test_a_frozen_position_says_why(desk: Desk) -> None:
    desk.trade()
    assert "frozen" not in desk.run("positions").stdout
    freeze("ETH/USD", "the venue holds less")
    [position] = desk.read("positions")
    assert position["frozen"] == "the venue holds less"
    assert "the venue holds less" in desk.run("positions").stdout
    assert [p["frozen"] for p in desk.read("positions", "--all")].count("") == 1


def test_a_signal_that_waits_says_what_for(desk: Desk) -> None:
    desk.configure()
    [trend] = [s for s in bootstrap.strategies().configuration().subscriptions if s.weight == 0.5]
    bootstrap.strategies().apply(expected_version=2, subscriptions=[replace(trend, approval=True)])
    entry = desk.alert("trend", "BTCUSD", "long")
    exit_, other = desk.alert("trend", "BTCUSD", "flat"), desk.alert("majors", "ETHUSD", "long")
    waits = {s["id"]: s["reason"] for s in desk.read("signals")}
    approval = f"waits for your approval: crypto-bot approve {entry}"
    assert (waits[entry], waits[exit_], waits[other]) == (approval, "", "")
    freeze("BTC/USD", "the venue holds less")
    frozen = "waits: the instrument is frozen"
    waits = {s["id"]: s["reason"] for s in desk.read("signals")}
    assert (waits[entry], waits[exit_], waits[other]) == (f"{approval}; {frozen}", frozen, "")
    desk.run("approve", entry)
    assert json.loads(desk.run("signals", entry).stdout)["reason"] == frozen
    assert frozen in desk.run("signals").stdout


@pytest.mark.parametrize("status", [OrderStatus.HELD, OrderStatus.REJECTED])
def test_an_order_that_went_wrong_says_why(desk: Desk, status: OrderStatus) -> None:
    stored_order(desk, status, code="INSUFFICIENT_FUNDS", reason="the venue wants more money")
    line = " ".join(desk.run("orders").stdout.splitlines()[1].split())
    assert f"{status.value} INSUFFICIENT_FUNDS the venue wants more money" in line
