"""What the alerts believed against what was filled, and a strategy's way from paper to another."""

import json
from decimal import Decimal

import pytest

from chalicelib import bootstrap
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.services.trading.halt_trading import halt_trading
from tests.functional.cli.owner_desk import FILES, Desk

SECOND = """
[accounts.second]
exchange = "virtual"
mode = "virtual"
quote = "USD"
prices_from = "synthetic"

[accounts.second.exchange_options.virtual]
balances = { USD = "20000" }
fee = 0.002
slippage = 0.0005
"""


def add_account(desk: Desk, text: str = SECOND) -> None:
    file = desk.home / "second.toml"
    file.write_text(text)
    desk.run("accounts", "apply", str(file))


def follow(desk: Desk) -> None:
    """A second account follows trend, beside the paper account."""
    add_account(desk, SECOND + "\n[accounts.second.strategies.trend]\nweight = 0.3\n")


def test_what_was_filled_stands_beside_what_was_believed(desk: Desk) -> None:
    desk.trade()
    report = desk.read("drift", "trend")
    enter, leave = report["alerts"]
    assert (enter["state"], leave["state"]) == ("long", "flat")
    assert enter["late_seconds"] == "120"  # the other alert came in between
    assert Decimal(enter["quantity"]) == -Decimal(leave["quantity"]) > 0
    [total] = report["totals"]
    assert (total["alerts"], total["executed"], total["missed"]) == (2, 2, 0)
    fees = sum(Decimal(row["fee"]) for row in csv_fills(desk) if row["strategy"] == "trend")
    assert Decimal(total["fees"]) == fees > 0
    assert [s["in_step"] for s in report["standings"]] == [True]
    shown = desk.run("drift").stdout
    assert "Every strategy is where its last alert has it." in shown
    assert "majors" in shown


def csv_fills(desk: Desk) -> list[dict[str, str]]:
    exported: list[dict[str, str]] = json.loads(
        desk.run("export", "fills", "--format", "json").stdout
    )
    return exported


def test_a_fill_dearer_than_the_alert_is_slippage(desk: Desk) -> None:
    desk.configure()
    price = Decimal("60000.5")
    signal = desk.alert("trend", "BTCUSD", "long", order_price=str(price))
    desk.tick()
    [row] = desk.read("drift", "trend")["alerts"]
    assert row["signal_id"] == signal
    paid, quantity = Decimal(row["price"]), Decimal(row["quantity"])
    bps = (paid - price) / price * 10_000
    assert Decimal(row["slippage_bps"]) == pytest.approx(bps, abs=Decimal("0.01"))
    assert Decimal(row["slippage"]) == pytest.approx((paid - price) * quantity, rel=Decimal("1e-6"))


def test_an_alert_that_came_to_nothing_is_missed_and_out_of_step(desk: Desk) -> None:
    desk.configure()
    halt_trading(bootstrap.trading(), HaltLevel.NO_ENTRIES, "a test")
    desk.alert("trend", "BTCUSD", "long")
    desk.tick()
    report = desk.read("drift")
    assert report["totals"][0]["missed"] == 1
    assert "TRADING_HALTED" in report["alerts"][0]["reason"]
    [standing] = report["standings"]
    assert (standing["believed"], standing["actual"], standing["in_step"]) == (
        "long",
        "flat",
        False,
    )
    assert "TRADING_HALTED" in desk.run("drift").stdout
    assert desk.read("drift", "--since", "2026-03-03")["alerts"] == []


def test_what_another_strategy_caused_is_told_apart(desk: Desk) -> None:
    """Boost gives the idle weight to the one that is in, and takes it back for the other."""
    desk.configure()
    desk.alert("trend", "BTCUSD", "long")
    desk.tick()
    desk.alert("majors", "ETHUSD", "long")
    desk.tick()
    desk.tick()
    [total] = desk.read("drift", "trend")["totals"]
    assert (total["alerts"], total["executed"], total["unasked"]) == (1, 1, 1)


def test_two_accounts_side_by_side(desk: Desk) -> None:
    desk.configure()
    follow(desk)
    desk.alert("trend", "BTCUSD", "long")
    desk.tick()
    desk.alert("trend", "BTCUSD", "flat")
    desk.tick()
    told = desk.read("compare", "trend")
    assert told["accounts"] == ["paper", "second"]
    enter, leave = told["alerts"]
    assert {enter["paper status"], enter["second status"]} == {"EXECUTED"}
    assert Decimal(enter["apart_bps"]) == pytest.approx(Decimal(5), abs=Decimal("0.02"))
    assert Decimal(leave["apart_bps"]) == pytest.approx(Decimal(-5), abs=Decimal("0.02"))
    assert [total["account"] for total in told["totals"]] == ["paper", "second"]
    shown = desk.run("compare", "trend", "--account", "second").stdout
    assert "second price" in shown
    assert "paper" not in shown


def test_a_proven_strategy_is_promoted_with_its_caps(desk: Desk) -> None:
    desk.trade()
    add_account(desk)
    words = ("promote", "majors", "--to", "second", "--weight", "0.4")
    shown = desk.run(*words).stdout
    assert "Dry run" in shown
    assert "WRONG" not in shown
    assert [a["weights"] for a in desk.read("accounts", "list") if a["name"] == "second"] == [{}]
    told = desk.read(*words, "--yes")
    assert told["record"]["alerts"] == 1
    assert told["subscription"]["max_order_notional"] == "5000"
    [second] = [a for a in desk.read("accounts", "list") if a["name"] == "second"]
    assert second["weights"] == {"majors": "0.4"}
    desk.alert("majors", "SOLUSD", "long")
    desk.tick()
    held = {(p["account"], p["symbol"]) for p in desk.read("positions")}
    assert ("second", "SOL/USD") in held
    assert "follows majors already, with weight 0.4" in desk.refusal(*words, code=1)


def test_a_record_says_how_it_went(desk: Desk) -> None:
    desk.trade()
    add_account(desk)
    record = desk.read("promote", "trend", "--to", "second")["record"]
    [closed] = json.loads(desk.run("export", "positions", "--format", "json").stdout)
    assert (record["trades"], record["profit"]) == (1, closed["profit"])
    won = Decimal(closed["profit"]) > 0
    assert Decimal(record["win_rate"]) == (1 if won else 0)
    assert Decimal(record["drawdown"]) == (0 if won else -Decimal(closed["profit"]))


def test_where_there_is_no_room_the_room_is_named(desk: Desk) -> None:
    desk.trade()
    follow(desk)
    desk.run("strategies", "apply", str(FILES / "strategies.toml"))
    words = ("promote", "majors", "--to", "second", "--weight", "0.7")
    shown = desk.run(*words).stdout
    assert "0.68 of it is free, and majors wants 0.7; --weight 0.68 at most" in shown
    refused = desk.run(*words, "--yes", code=1)
    assert "nothing is promoted: account second: room" in refused.stderr
    assert [a["weights"] for a in desk.read("accounts", "list") if a["name"] == "second"] == [
        {"trend": "0.3"}
    ]


def test_an_order_too_small_for_the_other_exchange_is_said_before(desk: Desk) -> None:
    desk.trade()
    small = SECOND.replace('"20000"', '"20"').replace(
        "slippage = 0.0005", 'instruments = { "BTC/USD" = { minimum_notional = 50 } }'
    )
    add_account(desk, small)
    assert "the smallest order is 50 USD" in desk.run("promote", "trend", "--to", "second").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("drift trent", "there is no strategy trent; did you mean trend?"),
        ("compare trent", "there is no strategy trent; did you mean trend?"),
        ("promote trent --to second", "there is no strategy trent; did you mean trend?"),
        ("promote trend --to secnd", "there is no account secnd; did you mean second?"),
        ("promote trend --to paper", "no other account follows trend, so it has proved nothing"),
        ("promote trend --to second --from second", "trend is not to be judged by second; name"),
    ],
)
def test_what_was_asked_wrongly_is_one_sentence(desk: Desk, words: str, sentence: str) -> None:
    desk.configure()
    add_account(desk)
    assert desk.refusal(*words.split()).startswith(sentence)
