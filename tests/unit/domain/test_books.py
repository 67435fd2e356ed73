"""Entries leg by leg: what is posted where, what it means for a position, and under which name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Context, Decimal, localcontext
from hashlib import sha256
from typing import Any

import pytest

from chalicelib.domain.errors import LedgerUnbalanced
from chalicelib.domain.trading.entries import (
    cross_entry,
    drift_entry,
    fees_within_means,
    fill_entry,
    opening_entry,
)
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.ledger import (
    Entry,
    EntryKind,
    Execution,
    Holding,
    Portfolio,
    Posting,
    entry_hash,
    fold,
    marked_equity,
    post,
)
from chalicelib.domain.trading.order import OrderIntent, Share
from chalicelib.domain.trading.owner_entries import (
    adoption_entry,
    part_of,
    pool_entry,
    write_off_entry,
)
from chalicelib.domain.trading.performance import PerformancePoint, performance_points
from chalicelib.domain.trading.plan import Cross
from chalicelib.domain.trading.side import Side
from tests.situations import BTC, ETH, NOON, an_instrument

BOOKS = Portfolio(account="main", quote="USDT", sequence=41)
Legs = Sequence[tuple[str, str, str]]


def legs_of(entry: Entry) -> Legs:
    return [(leg.account, leg.asset, str(leg.amount.normalize())) for leg in entry.postings]


def execution(strategy: str, quantity: str, quote: str, **changes: str) -> Execution:
    fees = {name: Decimal(changes.pop(name, "0")) for name in ("fee", "fee_base")}
    return Execution(
        strategy=strategy,
        symbol=changes.get("symbol", BTC),
        quantity=Decimal(quantity),
        quote=Decimal(quote),
        **fees,
    )


def balance(asset: str, free: str, locked: str = "0") -> Balance:
    return Balance(asset=asset, free=Decimal(free), locked=Decimal(locked))


# --- the opening ----------------------------------------------------------------------------


def opening(capital: str | None, *balances: Balance) -> Entry:
    return opening_entry(
        account="main",
        quote="USDT",
        balances=balances,
        capital=None if capital is None else Decimal(capital),
        at=NOON,
    )


def test_the_opening_gives_quote_to_the_pool_and_all_else_to_nobody() -> None:
    entry = opening("300", balance("USDT", "400", "100"), balance("BTC", "2"), balance("XRP", "0"))
    assert legs_of(entry) == [
        ("unmanaged", "BTC", "2"),
        ("exchange", "BTC", "-2"),
        ("pool", "USDT", "3E+2"),
        ("unmanaged", "USDT", "2E+2"),
        ("exchange", "USDT", "-5E+2"),
    ]
    assert (entry.id, entry.account, entry.kind) == ("opening", "main", EntryKind.OPENING)
    assert (entry.at, entry.executions) == (NOON, ())


@pytest.mark.parametrize("capital", [None, "500", "501"])
def test_without_a_smaller_capital_all_quote_is_the_pools(capital: str | None) -> None:
    assert legs_of(opening(capital, balance("USDT", "0", "500"))) == [
        ("pool", "USDT", "5E+2"),
        ("exchange", "USDT", "-5E+2"),
    ]


def test_the_opening_is_exact_whatever_the_context() -> None:
    with localcontext(Context(prec=3)):
        entry = opening("100.5", balance("USDT", "1000.001", "0.0009"))
    assert legs_of(entry) == [
        ("pool", "USDT", "100.5"),
        ("unmanaged", "USDT", "899.5019"),
        ("exchange", "USDT", "-1000.0019"),
    ]


# --- fills ----------------------------------------------------------------------------------


def an_intent(side: Side, *shares: tuple[str, str]) -> OrderIntent:
    parts = tuple(Share(strategy=name, quantity=Decimal(quantity)) for name, quantity in shares)
    return OrderIntent(
        id="p#BTC/USDT#0",
        client_order_id="c",
        account="main",
        symbol=BTC,
        side=side,
        quantity=sum((part.quantity for part in parts), Decimal(0)),
        limit_price=Decimal(100),
        shares=parts,
    )


def a_fill(quantity: str, price: str, fee: str = "0", asset: str = "USDT") -> Fill:
    return Fill(
        trade_id="t7",
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_asset=asset,
        at=NOON,
    )


def filled(intent: OrderIntent, fill: Fill, before: str = "0") -> Entry:
    return fill_entry(
        intent=intent, fill=fill, filled_before=Decimal(before), instrument=an_instrument()
    )


BOTH = an_intent(Side.BUY, ("a", "3"), ("b", "1"))


def test_a_purchase_is_shared_with_its_fee_in_quote() -> None:
    entry = filled(BOTH, a_fill("4", "100", "0.8"))
    assert legs_of(entry) == [
        ("strategy:a", "BTC", "3"),
        ("strategy:b", "BTC", "1"),
        ("pool", "USDT", "-4E+2"),
        ("exchange", "BTC", "-4"),
        ("exchange", "USDT", "4E+2"),
        ("pool", "USDT", "-0.8"),
        ("fees", "USDT", "0.8"),
    ]
    assert entry.executions == (
        execution("a", "3", "300", fee="0.6"),
        execution("b", "1", "100", fee="0.2"),
    )
    assert (entry.id, entry.account, entry.kind) == ("fill#BTC/USDT#t7", "main", EntryKind.FILL)
    assert (entry.at, entry.reference) == (NOON, "p#BTC/USDT#0")


def test_a_sale_moves_the_other_way_with_its_fee_in_base() -> None:
    entry = filled(an_intent(Side.SELL, ("a", "3"), ("b", "1")), a_fill("4", "100", "0.04", "BTC"))
    assert legs_of(entry) == [
        ("strategy:a", "BTC", "-3"),
        ("strategy:a", "BTC", "-0.03"),
        ("strategy:b", "BTC", "-1"),
        ("strategy:b", "BTC", "-0.01"),
        ("pool", "USDT", "4E+2"),
        ("exchange", "BTC", "4"),
        ("exchange", "USDT", "-4E+2"),
        ("fees", "BTC", "0.04"),
    ]
    assert entry.executions == (
        execution("a", "-3", "-300", fee="3", fee_base="0.03"),
        execution("b", "-1", "-100", fee="1", fee_base="0.01"),
    )


def test_a_fee_in_a_third_asset_is_nobodys_and_worth_nothing_here() -> None:
    entry = filled(an_intent(Side.BUY, ("a", "2")), a_fill("2", "50", "0.1", "BNB"))
    assert legs_of(entry)[-2:] == [("unmanaged", "BNB", "-0.1"), ("fees", "BNB", "0.1")]
    assert entry.executions == (execution("a", "2", "100"),)


def test_a_second_fill_gives_each_share_the_rest_of_its_own() -> None:
    first, second = a_fill("1", "100"), a_fill("3", "100")
    parts = [
        [e.quantity for e in filled(BOTH, fill, before).executions]
        for fill, before in ((first, "0"), (second, "1"))
    ]
    assert parts == [[Decimal("0.75"), Decimal("0.25")], [Decimal("2.25"), Decimal("0.75")]]


def test_a_fee_of_odd_digits_is_shared_to_the_last_one() -> None:
    thirds = an_intent(Side.BUY, ("a", "1"), ("b", "1"), ("c", "1"))
    entry = filled(thirds, a_fill("3", "1", "1E-10"))
    fees = [e.fee for e in entry.executions]
    assert sum(fees) == Decimal("1E-10")
    assert fees[1:] == [Decimal("3.33333333333E-11")] * 2
    third = filled(thirds, a_fill("1", "1"))
    assert [e.quantity for e in third.executions] == [
        Decimal("0.333333334"),  # shared to the millionth of a step
        Decimal("0.333333333"),
        Decimal("0.333333333"),
    ]
    whole = filled(thirds, a_fill("3", "1", "1"))
    assert [e.fee for e in whole.executions][1:] == [Decimal("0.33333333333333333333")] * 2


def test_a_fee_for_nothing_is_paid_and_nobodys() -> None:
    entry = filled(BOTH, a_fill("0", "100", "0.8"))
    assert legs_of(entry) == [("pool", "USDT", "-0.8"), ("fees", "USDT", "0.8")]
    assert [e.fee for e in entry.executions] == [0, 0]


def test_fills_are_exact_whatever_the_context() -> None:
    with localcontext(Context(prec=3)):
        entry = filled(an_intent(Side.BUY, ("a", "1.23456")), a_fill("1.23456", "43210.98"))
    [bought] = entry.executions
    assert bought.quote == Decimal("53346.5474688")


# --- a fee in base that the seller has no base for ------------------------------------------


def selling(quantity: str, fee_base: str, owned: str) -> tuple[Legs, Decimal]:
    """What is added to the entry, and the fee that the seller pays itself."""
    entry = Entry(
        id="x",
        account="main",
        kind=EntryKind.FILL,
        at=NOON,
        postings=(),
        executions=(execution("a", quantity, "0", fee_base=fee_base),),
    )
    held = Holding(strategy="a", symbol=BTC, quantity=Decimal(owned))
    with localcontext(Context(prec=3)):
        after = fees_within_means(replace(BOOKS, holdings=(held,)), entry)
    assert (after == entry) is (after.postings == ())
    return legs_of(after), after.executions[0].fee_base


@pytest.mark.parametrize(
    ("quantity", "fee", "owned", "lacking"),
    [
        ("-1", "0.001", "1.001", None),
        ("-1", "0.001", "1.0004", "0.0006"),
        ("-1", "0.001", "1", "0.001"),
        ("-1", "0.001", "0.5", "0.001"),
        ("-1", "0", "1", None),
        ("1", "0.001", "0", None),  # a buyer's fee comes out of what it bought
        ("-1.00001", "0.00123456", "1.00002", "0.00122456"),
    ],
)
def test_the_unmanaged_part_pays_what_the_seller_lacks(
    quantity: str, fee: str, owned: str, lacking: str | None
) -> None:
    legs, paid = selling(quantity, fee, owned)
    if lacking is None:
        assert (legs, paid) == ([], Decimal(fee))
        return
    amount = str(Decimal(lacking).normalize())
    assert legs == [("strategy:a", "BTC", amount), ("unmanaged", "BTC", f"-{amount}")]
    assert paid == Decimal(fee) - Decimal(lacking)


def test_of_several_sellers_each_pays_its_own() -> None:
    entry = Entry(
        id="x",
        account="main",
        kind=EntryKind.FILL,
        at=NOON,
        postings=(Posting(account="pool", asset="USDT", amount=Decimal(0)),),
        executions=(
            execution("a", "-1", "0", fee_base="0.1"),
            execution("b", "-1", "0", fee_base="0.1"),
            execution("c", "-1", "0", fee_base="0.1"),
        ),
    )
    held = [
        Holding(strategy=name, symbol=BTC, quantity=Decimal(owned))
        for name, owned in (("a", "2"), ("b", "1"), ("c", "1.04"))
    ]
    after = fees_within_means(replace(BOOKS, holdings=tuple(held)), entry)
    assert [e.fee_base for e in after.executions] == [Decimal("0.1"), 0, Decimal("0.04")]
    assert after.postings[0] == entry.postings[0]
    assert legs_of(after)[1:] == [
        ("strategy:b", "BTC", "0.1"),
        ("unmanaged", "BTC", "-0.1"),
        ("strategy:c", "BTC", "0.06"),
        ("unmanaged", "BTC", "-0.06"),
    ]


# --- inside the account ---------------------------------------------------------------------


def test_a_cross_moves_base_and_no_money() -> None:
    cross = Cross(
        symbol=BTC, seller="a", buyer="b", quantity=Decimal("1.23456"), price=Decimal("9.87")
    )
    with localcontext(Context(prec=3)):
        entry = cross_entry(account="main", plan_id="p", index=2, cross=cross, at=NOON)
    assert entry == Entry(
        id="p#BTC/USDT#cross#2",
        account="main",
        kind=EntryKind.CROSS,
        at=NOON,
        postings=entry.postings,
        executions=(
            execution("a", "-1.23456", "-12.1851072"),
            execution("b", "1.23456", "12.1851072"),
        ),
        reference="p",
    )
    assert legs_of(entry) == [("strategy:a", "BTC", "-1.23456"), ("strategy:b", "BTC", "1.23456")]


def test_drift_is_numbered_by_the_next_entry() -> None:
    with localcontext(Context(prec=3)):
        entry = drift_entry(portfolio=BOOKS, asset="BTC", difference=Decimal("-1.2345"), at=NOON)
    assert entry == Entry(
        id="drift#42#BTC",
        account="main",
        kind=EntryKind.DRIFT,
        at=NOON,
        postings=entry.postings,
        reference="the venue's balance differs from the books",
    )
    assert legs_of(entry) == [("unmanaged", "BTC", "-1.2345"), ("exchange", "BTC", "1.2345")]


ODD = Holding(strategy="a", symbol=BTC, quantity=Decimal("1.23456"), cost=Decimal("4321.09"))


def owners(entry: Entry, identity: str, kind: EntryKind) -> Legs:
    assert (entry.id, entry.account, entry.kind) == (identity, "main", kind)
    assert (entry.at, entry.reference) == (NOON, "my word")
    return legs_of(entry)


def test_the_pool_is_given_and_taken() -> None:
    with localcontext(Context(prec=3)):
        entry = pool_entry(BOOKS, Decimal("1234.5"), reason="my word", at=NOON)
    assert owners(entry, "adoption#42#USDT", EntryKind.ADOPTION) == [
        ("unmanaged", "USDT", "-1234.5"),
        ("pool", "USDT", "1234.5"),
    ]
    assert entry.executions == ()


def test_what_is_adopted_and_what_is_written_off_are_each_others_opposite() -> None:
    with localcontext(Context(prec=3)):
        adopted = adoption_entry(BOOKS, ODD, reason="my word", at=NOON)
        gone = write_off_entry(BOOKS, ODD, reason="my word", at=NOON)
    assert owners(adopted, "adoption#42#BTC", EntryKind.ADOPTION) == [
        ("unmanaged", "BTC", "-1.23456"),
        ("strategy:a", "BTC", "1.23456"),
    ]
    assert owners(gone, "write-off#42#BTC", EntryKind.WRITE_OFF) == [
        ("strategy:a", "BTC", "-1.23456"),
        ("unmanaged", "BTC", "1.23456"),
    ]
    assert adopted.executions == (execution("a", "1.23456", "4321.09"),)
    assert gone.executions == (execution("a", "-1.23456", "-4321.09"),)


@pytest.mark.parametrize(
    ("quantity", "price", "cost"),
    [("0.5", None, "50"), ("2", None, "200"), ("0.5", "7", "3.5"), ("0.5", "0", "0")],
)
def test_a_part_of_a_holding_costs_its_share_or_the_price(
    quantity: str, price: str | None, cost: str
) -> None:
    held = Holding(
        strategy="a", symbol=BTC, quantity=Decimal(2), cost=Decimal(200), realized=Decimal(9)
    )
    part = part_of(held, Decimal(quantity), None if price is None else Decimal(price))
    assert part == Holding(strategy="a", symbol=BTC, quantity=Decimal(quantity), cost=Decimal(cost))


def test_a_part_of_less_than_one_costs_its_share() -> None:
    held = Holding(strategy="a", symbol=BTC, quantity=Decimal("0.5"), cost=Decimal(200))
    assert part_of(held, Decimal("0.25"), None).cost == 100


@pytest.mark.parametrize("owned", ["0", "-1"])
def test_a_part_of_nothing_costs_nothing(owned: str) -> None:
    held = Holding(strategy="a", symbol=BTC, quantity=Decimal(owned), cost=Decimal(5))
    assert part_of(held, Decimal(1), None).cost == 0
    assert isinstance(part_of(held, Decimal(1), None).cost, Decimal)


def test_a_part_is_exact_whatever_the_context() -> None:
    with localcontext(Context(prec=3)):
        assert part_of(ODD, Decimal("1.23456"), None).cost == Decimal("4321.09")
        assert part_of(ODD, Decimal("1.5"), Decimal("4321.09")).cost == Decimal("6481.635")


# --- the fold -------------------------------------------------------------------------------


def moved(*executions: Execution, at: int = 0, **changes: Any) -> Entry:
    usual: dict[str, Any] = {"id": "x", "kind": EntryKind.FILL, "postings": ()}
    return Entry(
        account="main",
        at=NOON + timedelta(days=at),
        executions=executions,
        **{**usual, **changes},
    )


def held_after(*entries: Entry) -> Holding:
    portfolio = Portfolio(account="main", quote="USDT")
    with localcontext(Context(prec=3)):
        for entry in entries:
            portfolio, _ = post(portfolio, entry)
    [holding] = portfolio.holdings
    return holding


def test_purchases_add_quantity_cost_and_fees() -> None:
    bought = moved(execution("a", "2", "200", fee="1"))
    again = moved(execution("a", "1.0001", "100", fee="3", fee_base="0.0001"))
    assert held_after(bought, again) == Holding(
        strategy="a",
        symbol=BTC,
        quantity=Decimal(3),
        cost=Decimal(301),
        fees=Decimal(4),
        realized_on=NOON.date(),
    )


def test_a_sale_realises_its_share_of_the_cost_on_its_day() -> None:
    bought = moved(execution("a", "4", "400"))
    sold = moved(execution("a", "-1", "-130", fee="2"), at=1)
    assert held_after(bought, sold) == Holding(
        strategy="a",
        symbol=BTC,
        quantity=Decimal(3),
        cost=Decimal(300),
        realized=Decimal(28),
        fees=Decimal(2),
        realized_on=(NOON + timedelta(days=1)).date(),
        realized_today=Decimal(28),
        sold_at=NOON + timedelta(days=1),
    )


def test_what_was_realised_today_adds_up_and_begins_anew_with_the_day() -> None:
    entries = [
        moved(execution("a", "4", "400")),
        moved(execution("a", "-2", "-210")),
        moved(execution("a", "-1", "-120")),
    ]
    assert held_after(*entries).realized_today == 30
    bought = moved(execution("a", "1", "9"))
    assert held_after(*entries, bought).realized_today == 30
    tomorrow = moved(execution("a", "1", "9"), at=1)
    assert (held_after(*entries, tomorrow).realized_today, tomorrow.at.day) == (0, 3)
    again = moved(execution("a", "-1", "-105"), at=1)
    after = held_after(*entries, again)
    assert (after.realized, after.realized_today) == (35, 5)


@pytest.mark.parametrize(
    ("sale", "left", "cost", "realized"),
    [
        (execution("a", "-2", "-300", fee="5"), "0", "0", "95"),
        (execution("a", "-1", "-200", fee="5", fee_base="1"), "0", "0", "0"),  # its cost is gone
        (execution("a", "-1", "-100", fee="5", fee_base="0.5"), "0.5", "100", "0"),
        (execution("a", "-3", "-450", fee="5"), "-1", "0", "245"),
    ],
)
def test_what_a_sale_of_two_that_cost_200_leaves(
    sale: Execution, left: str, cost: str, realized: str
) -> None:
    after = held_after(moved(execution("a", "2", "200")), moved(sale))
    assert [after.quantity, after.cost] == [Decimal(left), Decimal(cost)]
    assert (after.realized, after.fees) == (Decimal(realized), 5)


def test_a_sale_of_what_was_never_bought_is_all_profit() -> None:
    after = held_after(moved(execution("a", "-1", "-130", fee="2")))
    assert (after.quantity, after.cost, after.realized) == (-1, 0, 128)


def test_posting_numbers_chains_and_keeps_the_rest() -> None:
    before = replace(BOOKS, head_hash="h", version=3, progress={"o": 1})
    legs = (
        Posting(account="pool", asset="USDT", amount=Decimal("1000.001")),
        Posting(account="pool", asset="USDT", amount=Decimal("0.0009")),
        Posting(account="exchange", asset="USDT", amount=Decimal("-1000.0019")),
    )
    with localcontext(Context(prec=3)):
        after, stored = post(before, moved(execution("b", "1", "1"), postings=legs))
        twice, _ = post(
            after, moved(execution("a", "1", "1"), execution("a", "1", "1", symbol=ETH))
        )
    assert (stored.sequence, stored.previous_hash) == (42, "h")
    assert (after.sequence, after.head_hash) == (42, entry_hash(stored))
    assert (after.version, after.progress) == (3, {"o": 1})
    assert after.cash == Decimal("1000.0019")
    assert before.balances == {}
    assert [(h.strategy, h.symbol) for h in twice.holdings] == [("a", BTC), ("a", ETH), ("b", BTC)]
    assert twice.balances == after.balances


def test_an_entry_is_off_by_the_last_digit_of_any_asset() -> None:
    legs = (
        Posting(account="pool", asset="USDT", amount=Decimal("1000.0001")),
        Posting(account="exchange", asset="USDT", amount=Decimal(-1000)),
        Posting(account="pool", asset="BTC", amount=Decimal(1)),
        Posting(account="exchange", asset="BTC", amount=Decimal(-1)),
    )
    with (
        localcontext(Context(prec=3)),
        pytest.raises(
            LedgerUnbalanced, match=r"entry x of main is off by {'USDT': Decimal\('0.0001'"
        ),
    ):
        post(BOOKS, moved(postings=legs))


def test_the_fold_takes_entries_in_their_order_and_refuses_a_gap() -> None:
    portfolio, stored = Portfolio(account="main", quote="USDT"), []
    for n in range(3):
        portfolio, entry = post(portfolio, moved(execution("a", "1", str(n)), id=f"e{n}"))
        stored.append(entry)
    assert fold("main", "USDT", [stored[2], stored[0], stored[1]]) == portfolio
    with pytest.raises(LedgerUnbalanced, match="entry e2 of main does not follow its predecessor"):
        fold("main", "USDT", [stored[0], stored[2]])


def test_the_hash_is_over_everything_that_an_entry_says() -> None:
    legs = (Posting(account="pool", asset="USDT", amount=Decimal("1.50")),)
    entry = moved(execution("a", "1", "2", fee="3", fee_base="4"), postings=legs, reference="r")
    others = [
        replace(entry, id="y"),
        replace(entry, account="second"),
        replace(entry, kind=EntryKind.CROSS),
        replace(entry, at=NOON + timedelta(seconds=1)),
        replace(entry, postings=()),
        replace(entry, postings=(replace(legs[0], account="fees"),)),
        replace(entry, postings=(replace(legs[0], asset="BTC"),)),
        replace(entry, postings=(replace(legs[0], amount=Decimal("1.51")),)),
        replace(entry, executions=()),
        *(
            replace(entry, executions=(other,))
            for other in (
                replace(entry.executions[0], strategy="b"),
                replace(entry.executions[0], symbol=ETH),
                replace(entry.executions[0], quantity=Decimal(9)),
                replace(entry.executions[0], quote=Decimal(9)),
                replace(entry.executions[0], fee=Decimal(9)),
                replace(entry.executions[0], fee_base=Decimal(9)),
            )
        ),
        replace(entry, reference="s"),
        replace(entry, sequence=1),
        replace(entry, previous_hash="p"),
    ]
    assert len({entry_hash(e) for e in [entry, *others]}) == len(others) + 1
    equal = (replace(legs[0], amount=Decimal("1.5")),)
    assert entry_hash(replace(entry, postings=equal)) == entry_hash(entry)


def test_the_link_of_books_that_are_kept_somewhere_stays_what_it_is() -> None:
    legs = [("pool", "USDT", "-2"), ("strategy:a", "BTC", "1")]
    entry = moved(
        execution("a", "1", "2"),
        execution("b", "-0.50", "-1", fee="0.1", fee_base="0.01"),
        id="fill#t7",
        postings=tuple(Posting(account=a, asset=b, amount=Decimal(c)) for a, b, c in legs),
        reference="p#0",
        sequence=3,
        previous_hash="abc",
    )
    text = (
        "3;fill#t7;main;fill;2026-03-02T12:00:00+00:00;pool,USDT,-2|strategy:a,BTC,1;"
        "a,BTC/USDT,1,2,0,0|b,BTC/USDT,-0.5,-1,0.1,0.01;p#0;abc"
    )
    assert entry_hash(entry) == sha256(text.encode()).hexdigest()


# --- what it is worth -----------------------------------------------------------------------

HELD = (
    Holding(strategy="a", symbol=BTC, quantity=Decimal(2), cost=Decimal(150), realized=Decimal(7)),
    Holding(strategy="a", symbol=ETH, quantity=Decimal(5), cost=Decimal(60), fees=Decimal(3)),
    Holding(strategy="b", symbol="SOL/USDT", realized=Decimal("-4.001"), fees=Decimal(1)),
)
WORTH = replace(BOOKS, holdings=HELD, balances={"pool": {"USDT": Decimal("1000.001")}})
PRICES = {BTC: Decimal(100), ETH: Decimal(10)}


def point(
    strategy: str, equity: str, realized: str, unrealized: str, fees: str
) -> PerformancePoint:
    return PerformancePoint(
        account="main",
        strategy=strategy,
        at=NOON,
        equity=Decimal(equity),
        realized=Decimal(realized),
        unrealized=Decimal(unrealized),
        fees=Decimal(fees),
    )


def test_points_of_each_strategy_and_of_all_of_them() -> None:
    with localcontext(Context(prec=3)):
        assert performance_points(WORTH, PRICES, NOON) == [
            point("a", "250", "7", "40", "3"),
            point("b", "0", "-4.001", "0", "1"),
            point("", "1250.001", "2.999", "40", "4"),
        ]
        assert marked_equity(WORTH, PRICES) == Decimal("1250.001")


def test_without_a_strategy_there_is_only_the_account() -> None:
    [total] = performance_points(replace(WORTH, holdings=()), {}, NOON)
    assert total == point("", "1000.001", "0", "0", "0")
    assert isinstance(total.realized, Decimal)
    assert isinstance(total.fees, Decimal)


def test_what_the_books_say_of_an_asset() -> None:
    amounts = {
        "strategy:a": {"BTC": Decimal(1), "ETH": Decimal(5)},
        "strategy:b": {"BTC": Decimal(2)},
        "strategist": {"BTC": Decimal(99)},
        "fees": {"BTC": Decimal("0.5")},
        "exchange": {"BTC": Decimal("-3.5")},
    }
    books = replace(BOOKS, balances=amounts, holdings=HELD)
    assert books.owned("BTC") == 3
    assert books.owned("XRP") == 0
    assert books.owned_by_strategies("BTC") == 3
    assert books.owned_by_strategies("XRP") == 0
    assert books.amount("nobody", "BTC") == books.amount("strategy:b", "ETH") == 0
    assert books.holding("a", ETH) == HELD[1]
    assert books.holding("b", ETH) == Holding(strategy="b", symbol=ETH)
