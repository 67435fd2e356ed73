"""accounts strangers: the owner meets orders that may be another bot's."""

from datetime import timedelta
from decimal import Decimal

from chalicelib import bootstrap
from chalicelib.domain.trading.order import OrderIntent, TimeInForce, client_order_id
from chalicelib.domain.trading.side import Side
from tests.functional.cli.owner_desk import Desk

ANOTHERS = client_order_id("the plan of another bot#BTC/USD#0")


def place(desk: Desk) -> str:
    """What another bot has resting on the paper account; the venue's id of it."""
    account = bootstrap.strategies().configuration().accounts["paper"]
    intent = OrderIntent(
        id="theirs",
        client_order_id=ANOTHERS,
        account="paper",
        symbol="BTC/USD",
        side=Side.BUY,
        quantity=Decimal("0.01"),
        limit_price=Decimal(1000),
        time_in_force=TimeInForce.GTC,
        shares=(),
    )
    exchange = bootstrap.trading().exchanges.open(account)
    permit = desk.clock.now() + timedelta(seconds=2)
    return exchange.submit(intent, permit).venue_order_id


def met(desk: Desk) -> str:
    """Placed, and seen twice."""
    desk.trade()
    desk.clock.advance_to(desk.clock.now() + timedelta(minutes=20))
    identity = place(desk)
    desk.alert("trend", "BTCUSD", "flat")
    desk.tick()
    desk.tick()
    return identity


def test_an_account_of_ones_own_has_none(desk: Desk) -> None:
    desk.trade()
    shown = desk.run("accounts", "strangers", "paper").stdout
    assert shown == "No open order of paper looks like the bot's without being known to it.\n"
    assert desk.read("accounts", "strangers", "paper") == []


def test_it_shows_on_doctor_and_in_its_own_list_with_what_to_do(desk: Desk) -> None:
    identity = met(desk)
    doctor = desk.run("doctor", "--offline", code=1).stdout
    assert f"WRONG account paper: frozen: nothing is bought of BTC/USD: order {identity}" in doctor
    [row] = desk.read("accounts", "strangers", "paper")
    assert (row["venue_order_id"], row["client_order_id"]) == (identity, ANOTHERS)
    assert (row["symbol"], row["standing"]) == ("BTC/USD", "bars entries")
    shown = desk.run("accounts", "strangers", "paper").stdout
    assert shown.endswith(
        "Stop whatever else trades with these keys first. Then --cancel ID takes an order back, "
        "and --mine ID lets it stay.\n"
    )


def test_the_first_sight_of_it_is_called_that(desk: Desk) -> None:
    desk.trade()
    identity = place(desk)
    [row] = desk.read("accounts", "strangers", "paper")
    assert (row["venue_order_id"], row["standing"]) == (identity, "seen once")


def test_it_is_cancelled_after_a_dry_run(desk: Desk) -> None:
    identity = met(desk)
    words = ("accounts", "strangers", "paper", "--cancel", identity)
    assert desk.run(*words).stdout.endswith("Dry run: --yes does it.\n")
    assert len(desk.read("accounts", "strangers", "paper")) == 1
    assert "No open order of paper looks like the bot's" in desk.run(*words, "--yes").stdout
    assert "WRONG account paper: frozen" not in desk.run("doctor", "--offline").stdout


def test_it_stays_by_the_owners_word(desk: Desk) -> None:
    identity = met(desk)
    shown = desk.run("accounts", "strangers", "paper", "--mine", identity, "--yes").stdout
    assert "yours" in shown
    assert "Stop whatever else" not in shown
    assert "nothing is bought of BTC/USD" not in desk.run("doctor", "--offline").stdout


def test_a_wrong_id_or_account_is_refused_with_the_right_words(desk: Desk) -> None:
    met(desk)
    told = desk.refusal("accounts", "strangers", "paper", "--cancel", "nothing", code=1)
    assert told == (
        "no order nothing of that kind rests on account paper; crypto-bot accounts strangers paper "
        "lists them"
    )
    told = desk.refusal("accounts", "strangers", "papr")
    assert told.startswith("there is no account papr; did you mean paper?")
