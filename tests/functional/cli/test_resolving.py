"""resolve as the owner types it."""

import json
from dataclasses import replace

from chalicelib import bootstrap
from chalicelib.domain.trading.order import OrderStatus
from tests.functional.cli.owner_desk import Desk, stored_order


def losing_answers(desk: Desk) -> str:
    """An order that the venue has filled, and nobody heard of it."""
    held = stored_order(desk, OrderStatus.HELD)
    order = bootstrap.trading().orders.get(held)
    account = bootstrap.strategies().configuration().accounts["paper"]
    assert order is not None
    exchange = bootstrap.trading().exchanges.open(account)
    exchange.submit(order.intent, desk.clock.now().replace(hour=23))
    return held


def test_what_the_venue_shows_is_told_and_adopted(desk: Desk) -> None:
    held = losing_answers(desk)
    shown = desk.run("resolve", held).stdout
    assert "Looked up by its id " in shown
    assert "Own trades of BTC/USD since 2026-03-02T12:02:00Z: 1:" in shown
    assert "  <- it carries the order's id" in shown
    assert "BTC: the venue holds " in shown
    assert f"crypto-bot resolve {held} --adopt --yes" in shown
    assert "--adopt --yes" in desk.refusal("resolve", held, "--absent", "--yes", code=1)
    assert "Dry run: --yes stores it." in desk.run("resolve", held, "--adopt").stdout
    assert len(desk.read("orders", "--held")) == 1
    desk.run("resolve", held, "--adopt", "--yes")
    desk.tick()
    [position] = desk.read("positions")
    assert position["symbol"] == "BTC/USD"
    assert "nothing is left to be said of it" in desk.run("resolve", held).stdout


def test_what_nobody_shows_is_left_to_the_owner(desk: Desk) -> None:
    held = stored_order(desk, OrderStatus.HELD)
    shown = desk.run("resolve", held).stdout
    assert ": not found.\nOpen orders of BTC/USD: none.\nOwn trades of BTC/USD since" in shown
    assert "BTC: the venue holds exactly what is in the books." in shown
    assert f"crypto-bot resolve {held} --absent --yes; if that shows a fill: --filled" in shown
    document = desk.read("resolve", held)
    assert (document["found"], document["open_orders"], document["trades"]) == (None, [], [])
    assert document["venue_less_books"] == {"BTC": "0", "USD": "0"}
    stored = json.loads(desk.run("resolve", held, "--absent", "--yes", "--json").stdout)
    assert (stored["stored"], stored["order"]["status"]) == (True, "REJECTED")


def test_a_venue_that_cannot_be_asked_needs_a_word_more(desk: Desk) -> None:
    held = stored_order(desk, OrderStatus.HELD)
    account = bootstrap.strategies().configuration().accounts["paper"]
    bootstrap.strategies().apply(
        expected_version=bootstrap.strategies().configuration().version,
        accounts=[replace(account, prices_from="no_such_venue")],
    )
    assert "no_such_venue" in desk.refusal("resolve", held, "--absent", "--yes")
    said = desk.run("resolve", held, "--absent", "--without-evidence", "--yes").stdout
    assert "the venue was not asked" in said
