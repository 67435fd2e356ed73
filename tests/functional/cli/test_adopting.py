"""Whose coins these are, by the owner's word: given to a strategy or the pool, and written off."""

from decimal import Decimal

import pytest

from chalicelib import bootstrap
from chalicelib.domain.trading.ledger import fold
from chalicelib.domain.trading.order import OrderStatus
from tests.functional.cli.owner_desk import FILES, Desk, stored_order


def fund(desk: Desk) -> None:
    """The paper account begins with coins of the owner's own, which are unmanaged."""
    file = desk.home / "funded.toml"
    text = (FILES / "accounts.toml").read_text()
    file.write_text(
        text.replace('{ USD = "10000" }', '{ USD = "10000", BTC = "1", ETH = "2" }').replace(
            'policy = "boost"', 'policy = "boost"\ncapital = 6000'
        )
    )
    desk.configure()
    desk.run("accounts", "apply", str(file))
    desk.alert("majors", "SOLUSD", "flat")
    desk.tick()  # the first alert opens the books


def owned(desk: Desk) -> dict[tuple[str, str], Decimal]:
    return {(b["owner"], b["asset"]): Decimal(b["amount"]) for b in desk.read("balances")}


def sold(desk: Desk) -> list[str]:
    return [o["symbol"] for o in desk.read("orders") if o["side"] == "sell"]


def entries_add_up() -> bool:
    books = bootstrap.trading().ledger
    stored, entries = books.portfolio("paper", "USD"), books.entries("paper")
    return fold("paper", "USD", entries).balances == stored.balances


def test_coins_of_the_owners_become_a_strategys_and_its_exit_sells_them(desk: Desk) -> None:
    fund(desk)
    words = ("accounts", "adopt", "paper", "BTC", "0.4", "--to", "trend", "--price", "50000")
    assert "Dry run: --yes stores it" in desk.run(*words).stdout
    assert owned(desk)["unmanaged", "BTC"] == 1
    told = desk.read(*words, "--reason", "bought in 2020", "--yes")
    assert {leg["reference"] for leg in told["postings"]} == {"bought in 2020"}
    [position] = desk.read("positions")
    assert (position["quantity"], position["cost"]) == ("0.4", "20000")
    desk.tick()
    assert sold(desk) == []
    desk.alert("trend", "BTCUSD", "flat")
    desk.tick()
    assert sold(desk) == ["BTC/USD"]
    assert owned(desk)["unmanaged", "BTC"] == Decimal("0.6")
    assert entries_add_up()


def test_without_a_price_it_is_the_one_of_now(desk: Desk) -> None:
    fund(desk)
    desk.run("accounts", "adopt", "paper", "ETH", "1", "--to", "majors", "--yes")
    [position] = desk.read("positions")
    [price] = [t.last for t in venue().tickers(["ETH/USD"]).values()]
    assert Decimal(position["cost"]) == price


def venue():
    account = bootstrap.strategies().configuration().accounts["paper"]
    return bootstrap.exchanges().open(account)


def test_quote_goes_into_the_pool_and_out_again(desk: Desk) -> None:
    fund(desk)
    assert owned(desk)["pool", "USD"] == 6000
    desk.run("accounts", "adopt", "paper", "USD", "1500", "--to", "pool", "--yes")
    assert (owned(desk)["pool", "USD"], owned(desk)["unmanaged", "USD"]) == (7500, 2500)
    desk.run("accounts", "adopt", "paper", "USD", "7000", "--to", "unmanaged", "--yes")
    assert (owned(desk)["pool", "USD"], owned(desk)["unmanaged", "USD"]) == (500, 9500)
    assert entries_add_up()


def test_what_was_adopted_is_written_off_again_without_profit_or_loss(desk: Desk) -> None:
    fund(desk)
    desk.run("accounts", "adopt", "paper", "BTC", "0.3", "--to", "trend", "--yes")
    desk.run("accounts", "write-off", "paper", "trend", "BTC/USD", "0.1", "--yes")
    [position] = desk.read("positions")
    assert (position["quantity"], position["realized"]) == ("0.2", "0")
    desk.run("accounts", "write-off", "paper", "trend", "BTC/USD", "0.2", "--yes")
    assert desk.read("positions") == []
    assert owned(desk)["unmanaged", "BTC"] == 1
    desk.alert("trend", "BTCUSD", "long")
    desk.tick()
    assert [p["strategy"] for p in desk.read("positions")] == ["trend"]  # it counts as out again
    assert entries_add_up()


def test_coins_that_somebody_else_sold_are_written_off_and_the_instrument_trades_again(
    desk: Desk,
) -> None:
    fund(desk)
    desk.alert("trend", "BTCUSD", "long")
    desk.tick()
    [position] = desk.read("positions")
    missing = Decimal(position["quantity"]) / 2
    take_away("BTC", 1 + missing)
    desk.run("halt")  # every account is looked at again
    desk.run("resume")
    desk.tick()
    assert "strategies own" in desk.read("positions")[0]["frozen"]
    words = ("accounts", "write-off", "paper", "trend", "BTC/USD", str(missing))
    desk.run(*words, "--price", "60000", "--yes")
    desk.tick()
    [left] = desk.read("positions")
    assert (left["frozen"], Decimal(left["quantity"])) == ("", missing)
    assert Decimal(left["realized"]) != 0
    assert owned(desk).get(("unmanaged", "BTC"), 0) == 0
    for asset in desk.read("balances", "--venue"):
        assert asset["difference"] == "0"
    assert entries_add_up()


def take_away(asset: str, amount: Decimal) -> None:
    book = venue()._book  # noqa: SLF001 - the virtual venue has no withdrawals
    page = book.page("withdrawal")
    book.save(type(page)(wallet=page.wallet.moved(asset, free=-amount), file=page.file))


def test_a_deposit_can_be_adopted_at_once(desk: Desk) -> None:
    fund(desk)
    take_away("BTC", Decimal(-2))
    refused = desk.refusal("accounts", "adopt", "paper", "BTC", "3.1", "--to", "trend", code=1)
    assert refused.startswith("3 BTC of the account is unmanaged, and 3.1 was to be adopted")
    desk.run("accounts", "adopt", "paper", "BTC", "3", "--to", "trend", "--yes")
    assert ("unmanaged", "BTC") not in owned(desk)
    assert [e["kind"] for e in desk.read("ledger")][-4:] == ["drift"] * 2 + ["adoption"] * 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("adopt paper BTC 0 --to trend", "the quantity is 0; it must be more than nothing"),
        ("adopt paper BTC 1.5 --to trend", "1 BTC of the account is unmanaged, and 1.5 was to"),
        ("adopt paper USD 4001 --to pool", "4000 USD of the account is unmanaged, and 4001 was"),
        ("adopt paper USD 6001 --to unmanaged", "6000 USD of the account is pool, and 6001 was"),
        ("adopt paper BTC 1 --to pool", "the pool holds USD and nothing else, and BTC was to go"),
        ("adopt paper ETH 1 --to trend", "trend does not trade ETH/USD; it trades BTC/USD"),
        ("write-off paper trend BTC/USD 0.1", "trend owns 0 of BTC/USD on account paper, and 0.1"),
        ("write-off paper trend BTC/USD 0", "trend owns 0 of BTC/USD on account paper, and 0 was"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(
    desk: Desk, words: str, sentence: str
) -> None:
    fund(desk)
    before = owned(desk)
    assert desk.refusal("accounts", *words.split(), "--yes", code=1).startswith(sentence)
    assert owned(desk) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("adopt papr BTC 1 --to trend", "there is no account papr; did you mean paper?"),
        (
            "adopt paper USD -5 --to pool",
            "the quantity is -5; it must be more than nothing: adopt and write-off are each "
            "other's opposite",
        ),
        (
            "write-off paper trend BTC/USD -.5",
            "the quantity is -.5; it must be more than nothing: adopt and write-off are each "
            "other's opposite",
        ),
        ("adopt paper BTC 1 --to trent", "there is no strategy trent; did you mean trend?"),
    ],
)
def test_a_misspelt_name_is_met_with_the_right_one(desk: Desk, words: str, sentence: str) -> None:
    fund(desk)
    assert desk.refusal("accounts", *words.split()) == sentence


def test_books_that_are_not_open_have_nothing_to_give(desk: Desk) -> None:
    desk.configure()
    refusal = desk.refusal("accounts", "adopt", "paper", "BTC", "1", "--to", "trend", code=1)
    assert refusal == ("the books of account paper are not open yet; its first alert opens them")


def test_nothing_is_moved_while_a_tick_works(desk: Desk) -> None:
    fund(desk)
    ports, now = bootstrap.trading(), desk.clock.now()
    lease = ports.control.acquire("paper", "a tick", now, now - now.replace(hour=0))
    assert lease is not None
    words = ("accounts", "adopt", "paper", "BTC", "0.1", "--to", "trend", "--yes")
    assert "a tick works on account paper just now" in desk.refusal(*words, code=1)
    bootstrap.trading().control.release(lease)
    desk.run(*words)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (OrderStatus.SUBMITTED, "1 orders of account paper are under way"),
        (OrderStatus.ACCEPTED, "1 orders of account paper are under way"),
        (OrderStatus.HELD, "is HELD; say what became of it first: crypto-bot resolve"),
    ],
)
def test_nothing_is_moved_while_orders_are_under_way(
    desk: Desk, status: OrderStatus, sentence: str
) -> None:
    stored_order(desk, status)
    words = ("accounts", "adopt", "paper", "USD", "1", "--to", "unmanaged", "--yes")
    assert sentence in desk.refusal(*words, code=1)
