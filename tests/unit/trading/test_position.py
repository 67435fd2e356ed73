"""Closed positions: oldest lot first, every amount accounted for to the last digit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution, Portfolio, fold, post
from chalicelib.domain.trading.position import closed_positions

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def amounts(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def books(*executions: tuple[str, str, str, str]) -> list[Entry]:
    """Entries of (quantity, quote, fee in quote, fee in base), an hour apart."""
    portfolio = Portfolio(account="paper", quote="USD")
    entries = []
    for number, (quantity, quote, fee, fee_base) in enumerate(executions):
        execution = Execution(
            strategy="trend",
            symbol="BTC/USD",
            quantity=Decimal(quantity),
            quote=Decimal(quote),
            fee=Decimal(fee),
            fee_base=Decimal(fee_base),
        )
        entry = Entry(
            id=f"fill#{number}",
            account="paper",
            kind=EntryKind.FILL,
            at=START + timedelta(hours=number),
            postings=(),
            executions=(execution,),
        )
        portfolio, numbered = post(portfolio, entry)
        entries.append(numbered)
    return entries


def test_a_round_trip_earns_proceeds_less_cost_and_fees() -> None:
    [closed] = closed_positions(books(("2", "100", "1", "0"), ("-2", "-130", "2", "0")))
    assert [closed.quantity, closed.cost, closed.proceeds] == amounts("2", "100", "130")
    assert [closed.fees, closed.profit] == amounts("3", "27")
    assert closed.entry_at == START
    assert closed.exit_at == START + timedelta(hours=1)
    assert (closed.entry_id, closed.exit_id) == ("fill#0", "fill#1")


def test_the_oldest_lot_is_sold_first() -> None:
    entries = books(("1", "100", "0", "0"), ("1", "200", "0", "0"), ("-1.5", "-450", "0", "0"))
    first, second = closed_positions(entries)
    assert first.entry_id == "fill#0"
    assert [first.quantity, first.profit] == amounts("1", "200")
    assert second.entry_id == "fill#1"
    assert [second.quantity, second.profit] == amounts("0.5", "50")


def test_an_open_lot_is_not_listed() -> None:
    assert closed_positions(books(("1", "100", "0", "0"))) == []


def test_what_rounding_leaves_goes_to_the_last_part() -> None:
    entries = books(
        ("3", "100", "1", "0"),
        ("-1", "-40", "0", "0"),
        ("-1", "-40", "0", "0"),
        ("-1", "-40", "0", "0"),
    )
    closed = closed_positions(entries)
    with exact_arithmetic():
        assert sum(c.cost for c in closed) == 100
        assert sum(c.fees for c in closed) == 1
        assert sum(c.profit for c in closed) == 19


def test_a_fee_in_base_makes_the_lot_smaller() -> None:
    entries = books(("1", "100", "0.1", "0.001"), ("-0.999", "-120", "0", "0"))
    [closed] = closed_positions(entries)
    assert [closed.quantity, closed.profit] == amounts("0.999", "20")
    assert fold("paper", "USD", entries).holding("trend", "BTC/USD").realized == 20


def test_a_fee_in_base_on_the_way_out_uses_up_its_part_of_the_lot() -> None:
    entries = books(("1", "100", "0", "0"), ("-0.9", "-120", "10", "0.1"))
    [closed] = closed_positions(entries)
    assert [closed.quantity, closed.profit] == amounts("1", "20")


def test_what_nobody_saw_bought_has_no_entry() -> None:
    entries = books(("1", "100", "0", "0"), ("-3", "-300", "0", "0"))
    first, second = closed_positions(entries)
    assert [first.quantity, first.proceeds] == amounts("1", "100")
    assert (second.entry_at, second.entry_id) == (None, "")
    assert [second.quantity, second.cost] == amounts("2", "0")


def test_profit_agrees_with_the_books_once_everything_is_sold() -> None:
    entries = books(
        ("0.7", "70.07", "0.07", "0"),
        ("0.31", "32.9", "0.033", "0"),
        ("-0.5", "-51.2", "0.0512", "0"),
        ("0.2", "19.1", "0.019", "0"),
        ("-0.71", "-77.77", "0.0777", "0"),
    )
    whole = sum(closed.profit for closed in closed_positions(entries))
    assert whole == fold("paper", "USD", entries).holding("trend", "BTC/USD").realized
