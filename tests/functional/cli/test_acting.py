"""What the owner orders by hand, from the keyboard to the venue."""

from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.domain.trading.account import Account, HaltLevel, Mode
from chalicelib.domain.trading.order import OrderStatus
from tests.functional.cli.owner_desk import FILES, Desk, stored_order


def test_pause_and_resume_by_name_and_for_all(desk: Desk) -> None:
    desk.configure()
    assert desk.run("pause", "trend").stdout == "trend is paused on account paper.\n"
    assert desk.run("pause", "trend").stdout == "Nothing changes: all of that is paused already.\n"
    assert desk.run("resume").stdout.splitlines() == [
        "Trading was not halted.",
        "Still paused: trend on paper; crypto-bot resume --all ends that, too.",
    ]
    assert "trend is resumed on account paper." in desk.run("resume", "--all").stdout
    assert len(desk.run("pause").stdout.splitlines()) == 2
    assert desk.run("resume", "majors").stdout == "majors is resumed on account paper.\n"


def test_halt_holds_until_resume(desk: Desk) -> None:
    desk.trade()
    assert "no entries, exits still run" in desk.run("halt").stdout
    assert bootstrap.trading().control.halt_level() is HaltLevel.NO_ENTRIES
    assert "the next tick sells" in desk.run("halt", "--flatten").stdout
    desk.tick()
    assert desk.read("positions") == []
    assert desk.run("resume").stdout == "Trading goes on: the halt (flatten) has ended.\n"


def test_close_sells_with_the_next_tick(desk: Desk) -> None:
    desk.trade()
    shown = desk.run("close", "majors").stdout.splitlines()
    assert len(shown) == 3
    assert "crypto-bot pause majors keeps it out" in shown[-1]
    desk.tick()
    assert desk.read("positions") == []


def test_tick_at_a_time_is_for_virtual_accounts(desk: Desk) -> None:
    desk.configure()
    desk.alert("trend", "BTCUSD", "long")
    assert desk.run("tick").stdout == "idle\n"
    later = (desk.clock.now() + timedelta(minutes=1)).isoformat()
    report = desk.read("tick", "--at", later)
    assert [a["account"] for a in report["accounts"]] == ["paper"]
    assert desk.clock.now().isoformat() < later
    assert len(desk.read("positions")) == 1


def test_an_entry_that_needs_approval_waits_for_it(desk: Desk) -> None:
    desk.configure()
    file = desk.home / "approval.toml"
    text = (FILES / "accounts.toml").read_text()
    file.write_text(text.replace("weight = 0.5", "weight = 0.5\napproval = true"))
    desk.run("accounts", "apply", str(file))
    entry = desk.alert("trend", "BTCUSD", "long")
    desk.tick()
    assert desk.read("positions") == []
    assert entry not in desk.run("approve", entry).stdout
    desk.tick()
    assert len(desk.read("positions")) == 1
    assert "is already EXECUTED" in desk.refusal("decline", entry, code=1)


def test_a_held_order_is_resolved_after_a_look_at_the_venue(desk: Desk) -> None:
    held = stored_order(desk, OrderStatus.HELD)
    [row] = desk.read("orders", "--held")
    assert row["id"] == held
    words = ("resolve", held, "--filled", "--price", "66000", "--fee", "10.5")
    assert "Dry run: --yes stores it." in desk.run(*words).stdout
    assert desk.read("orders", "--held") == [row]
    assert "Stored; the next tick books it." in desk.run(*words, "--yes").stdout
    desk.tick()
    [position] = desk.read("positions")
    assert (position["quantity"], position["fees"]) == (row["quantity"], "10.5")
    assert "is FILLED; only a HELD order waits" in desk.refusal(*words, code=1)


def test_a_held_order_that_never_was_ends_its_entry(desk: Desk) -> None:
    held = stored_order(desk, OrderStatus.HELD)
    desk.run("resolve", held, "--absent", "--yes")
    desk.tick()
    assert desk.read("positions") == []
    [entry] = desk.read("signals")
    assert (entry["status"], entry["reason"]) == (
        "REJECTED",
        "the owner says that the venue never had it",
    )


@pytest.mark.parametrize("amount", ["much", "-1", "NaN"])
def test_an_amount_that_is_none_is_a_usage_error(desk: Desk, amount: str) -> None:
    result = desk.run("resolve", "x", "--filled", "--price", amount, code=2)
    assert "Invalid value for '--price'" in result.stderr


def test_a_resting_order_is_taken_back(desk: Desk) -> None:
    resting = stored_order(desk, OrderStatus.ACCEPTED)
    assert "The next tick cancels it: " in desk.run("cancel", resting).stdout
    [row] = desk.read("orders")
    assert row["cancel_requested"] is True


def test_time_cannot_be_pretended_where_money_may_be_real(desk: Desk) -> None:
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[Account(name="main", exchange="binance", mode=Mode.SANDBOX, quote="USDT")],
    )
    assert desk.refusal("tick", "--at", "2026-03-02T12:00:00Z") == (
        "--at pretends another time, and account main is sandbox; "
        "that works with virtual accounts only"
    )
