"""What the owner orders by hand, from the keyboard to the venue."""

from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.domain.trading.account import Account, HaltLevel, Mode
from chalicelib.domain.trading.order import OrderStatus
from tests.functional.cli.owner_desk import FILES, Desk, open_breaker, silence, stored_order


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
    assert "the next tick sells" in desk.run("halt", "--flatten", "--yes").stdout
    desk.tick()
    assert desk.read("positions") == []
    assert desk.run("resume").stdout == "Trading goes on: the halt (flatten) has ended.\n"


def test_a_halt_never_ends_a_sale_of_everything(desk: Desk) -> None:
    desk.trade()
    desk.run("halt", "--flatten", "--yes")
    told = desk.run("halt", "--reason", "once more").stdout
    assert told == (
        "Halted (flatten, before: flatten): no entries, the next tick sells what the strategies "
        "own; crypto-bot resume ends it.\n"
    )
    last = bootstrap.trading().control.last_halt()
    assert last is not None
    assert (last.level, last.reason) == (HaltLevel.FLATTEN, "once more")
    desk.tick()
    assert desk.read("positions") == []


@pytest.mark.parametrize("words", [("halt", "--flatten"), ("close", "majors")])
def test_what_sells_shows_first_and_changes_nothing(desk: Desk, words: tuple[str, ...]) -> None:
    desk.trade()
    [owned] = desk.read("positions")
    signals = desk.read("signals")
    _, sale, last = desk.run(*words).stdout.splitlines()
    assert sale.split() == ["paper", "majors", "ETH/USD", owned["quantity"]]
    assert last.startswith("Dry run")
    assert bootstrap.trading().control.halt_level() is HaltLevel.NONE
    assert desk.read("signals") == signals
    desk.tick()
    assert desk.read("positions") == [owned]
    assert desk.run(*words, "--yes").stdout.splitlines()[1] == sale
    desk.tick()
    assert desk.read("positions") == []
    assert "Nothing is owned that could be sold." in desk.run(*words).stdout


def test_close_shows_the_positions_of_that_strategy_alone(desk: Desk) -> None:
    desk.trade()
    assert "Nothing is owned that could be sold." in desk.run("close", "trend").stdout
    assert "there is no strategy trendy" in desk.refusal("close", "trendy")


def test_close_sells_with_the_next_tick(desk: Desk) -> None:
    desk.trade()
    shown = desk.run("close", "majors", "--yes").stdout.splitlines()
    assert len(shown) == 5
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
    leave = desk.alert("trend", "BTCUSD", "flat")
    assert "waits for nobody's approval" in desk.refusal("decline", leave, code=1)
    desk.tick()
    assert desk.read("positions") == []


def test_a_held_order_is_resolved_after_a_look_at_the_venue(desk: Desk) -> None:
    held = stored_order(desk, OrderStatus.HELD)
    [row] = desk.read("orders", "--held")
    assert row["id"] == held
    words = ("resolve", held, "--filled", row["quantity"], "--price", "66000", "--fee", "10.5")
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
        "the owner says that the venue never had it; asked 2026-03-02T12:02:00Z: not found by its "
        "id, no open orders, no own trades, venue less books: BTC 0, USD 0",
    )


@pytest.mark.parametrize("amount", ["much", "-1", "NaN"])
def test_an_amount_that_is_none_is_a_usage_error(desk: Desk, amount: str) -> None:
    result = desk.run("resolve", "x", "--filled", "1", "--price", amount, code=2)
    assert "Invalid value for '--price'" in result.stderr


def test_a_resting_order_is_taken_back(desk: Desk) -> None:
    resting = stored_order(desk, OrderStatus.ACCEPTED)
    [before] = desk.read("orders")
    told, last = desk.run("cancel", resting).stdout.splitlines()
    assert f"{before['quantity']} {before['symbol']}" in told
    assert last == "Dry run: --yes cancels it."
    assert desk.read("orders") == [before]
    assert "The next tick cancels it." in desk.run("cancel", resting, "--yes").stdout
    [row] = desk.read("orders")
    assert row["cancel_requested"] is True
    assert "there is no order nothing" in desk.refusal("cancel", "nothing", code=1)


def test_time_cannot_be_pretended_where_money_may_be_real(desk: Desk) -> None:
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[Account(name="main", exchange="binance", mode=Mode.SANDBOX, quote="USDT")],
    )
    assert desk.refusal("tick", "--at", "2026-03-02T12:00:00Z") == (
        "--at pretends another time, and account main is sandbox; "
        "that works with virtual accounts only"
    )


def test_an_account_that_lost_too_much_is_shown_and_resumed_by_name(desk: Desk) -> None:
    desk.configure()
    open_breaker("lost 21.00% of its best equity", "DRAWDOWN_EXCEEDED")
    [row] = desk.read("accounts", "list")
    assert row["stopped_by"] == ["DRAWDOWN_EXCEEDED"]
    shown = desk.run("doctor", "--offline", code=1).stdout
    assert "WRONG account paper: breakers: open since 2026-03-02T12:00:00" in shown
    assert "lost 21.00% of its best equity (DRAWDOWN_EXCEEDED)" in shown

    desk.run("halt")
    assert desk.run("resume").stdout.splitlines()[1] == (
        "paper buys nothing yet: crypto-bot resume --account paper."
    )
    desk.run("halt")
    desk.run("pause", "trend")
    assert desk.run("resume", "--account", "paper").stdout.splitlines() == [
        "paper may buy again: lost 21.00% of its best equity (DRAWDOWN_EXCEEDED) is over.",
        "All trading is still halted (no_entries): crypto-bot resume ends that.",
        "trend is resumed on account paper.",
    ]
    assert desk.read("accounts", "list")[0]["stopped_by"] == []
    assert bootstrap.trading().control.halt_level() is HaltLevel.NO_ENTRIES
    assert "there is no account papier" in desk.refusal("resume", "--account", "papier")


def test_a_venue_that_wants_silence_is_not_asked_by_hand_either(desk: Desk) -> None:
    desk.trade()
    silence("418: banned", minutes=10)
    assert "not asked anything until 2026-03-02T12:1" in desk.run("doctor", code=1).stdout
    for words in (["balances", "--venue"], ["accounts", "check", "paper"], ["preview"]):
        assert "418: banned" in desk.refusal(*words, code=1)
    desk.clock.advance_to(desk.clock.now() + timedelta(minutes=10))
    assert desk.read("balances", "--venue")
