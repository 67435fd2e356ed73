"""The books balance to the last digit, whatever is booked and in whatever portions."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.domain.errors import LedgerUnbalanced
from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.entries import (
    cross_entry,
    drift_entry,
    fees_within_means,
    fill_entry,
    filled_shares,
    opening_entry,
)
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.ledger import (
    EXCHANGE,
    FEES,
    POOL,
    UNMANAGED,
    Entry,
    Portfolio,
    fold,
    post,
)
from chalicelib.domain.trading.order import OrderIntent, OrderType, Share, TimeInForce
from chalicelib.domain.trading.plan import Cross
from chalicelib.domain.trading.side import Side
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from tests.situations import BTC, NOON, an_instrument

INSTRUMENT = an_instrument(quantity_step="0.001")
STEP = Decimal("0.001")
NAMES = ("a", "b", "c")
SOME = settings(max_examples=120, deadline=None)


def an_intent(
    side: Side, shares: Sequence[tuple[str, Decimal]], identity: str = "o"
) -> OrderIntent:
    return OrderIntent(
        id=identity,
        client_order_id=identity,
        account="main",
        symbol=BTC,
        side=side,
        quantity=sum((quantity for _, quantity in shares), Decimal(0)),
        limit_price=Decimal(100),
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        shares=tuple(Share(strategy=name, quantity=quantity) for name, quantity in shares),
    )


def a_fill(identity: str, quantity: str | Decimal, price: str, fee: str, asset: str) -> Fill:
    return Fill(
        trade_id=identity,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_asset=asset,
        at=NOON,
    )


SHARES = st.lists(st.integers(1, 4000), min_size=1, max_size=3).map(
    lambda parts: [(NAMES[i], Decimal(n) / 1000) for i, n in enumerate(parts)]
)


@st.composite
def orders(draw: st.DrawFn, number: int = 0) -> tuple[OrderIntent, list[Fill]]:
    """An order, cut anywhere into fills, with fees in any asset; it may end partly filled."""
    side = draw(st.sampled_from(Side)) if number else Side.BUY
    intent = an_intent(side, draw(SHARES), f"order{number}")
    steps = int(intent.quantity / STEP)
    cuts = draw(st.lists(st.integers(1, steps), max_size=4, unique=True).map(sorted))
    fees = st.sampled_from(["USDT", "BNB"] if side is Side.SELL else ["USDT", "BTC", "BNB"])
    fills = [
        a_fill(
            f"{intent.id}-{index}",
            Decimal(late - early) * STEP,
            str(draw(st.integers(1, 90_000))),
            str(Decimal(draw(st.integers(0, 99))) / 100_000_000),
            draw(fees),
        )
        for index, (early, late) in enumerate(zip([0, *cuts], cuts, strict=False))
    ]
    return intent, fills


def entries_of(intent: OrderIntent, fills: Sequence[Fill]) -> list[Entry]:
    before = [Decimal(0), *accumulate(fill.quantity for fill in fills)]
    return [
        fill_entry(intent=intent, fill=fill, filled_before=done, instrument=INSTRUMENT)
        for fill, done in zip(fills, before, strict=False)
    ]


def booked(entries: Sequence[Entry]) -> tuple[Portfolio, list[Entry]]:
    portfolio, numbered = Portfolio(account="main", quote="USDT"), []
    for entry in entries:
        portfolio, stored = post(portfolio, entry)
        numbered.append(stored)
    return portfolio, numbered


OPENING = opening_entry(
    account="main",
    quote="USDT",
    balances=[
        Balance(asset="USDT", free=Decimal(900_000), locked=Decimal(100_000)),
        Balance(asset="BNB", free=Decimal(3)),
        Balance(asset="BTC", free=Decimal(7)),
    ],
    capital=Decimal(400_000),
    at=NOON,
)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    history = [OPENING]
    for number in range(draw(st.integers(1, 4))):
        history += entries_of(*draw(orders(number)))
    if draw(st.booleans()):
        cross = Cross(
            symbol=BTC, seller="a", buyer="b", quantity=STEP * 3, price=Decimal("41234.56")
        )
        history.append(cross_entry(account="main", plan_id="p", index=0, cross=cross, at=NOON))
    return history


@SOME
@given(history=histories())
def test_legs_add_up_to_zero_and_the_parts_to_what_the_venue_holds(history: list[Entry]) -> None:
    portfolio, numbered = booked(history)
    with exact_arithmetic():
        for entry in numbered:
            for asset in {leg.asset for leg in entry.postings}:
                assert sum(leg.amount for leg in entry.postings if leg.asset == asset) == 0
        for asset in ("USDT", "BTC", "BNB"):
            managed = portfolio.amount(POOL, asset) + portfolio.amount(UNMANAGED, asset)
            held = managed + portfolio.owned_by_strategies(asset)
            assert held == portfolio.owned(asset)
            assert held == -portfolio.amount(EXCHANGE, asset) - portfolio.amount(FEES, asset)


@SOME
@given(history=histories())
def test_positions_are_what_the_ledger_accounts_of_the_strategies_hold(
    history: list[Entry],
) -> None:
    portfolio, _ = booked(history)
    for name in NAMES:
        held = portfolio.holding(name, BTC)
        assert held.quantity == portfolio.amount(f"strategy:{name}", "BTC")


@SOME
@given(history=histories())
def test_the_pool_moves_by_what_was_realised_and_is_still_invested(history: list[Entry]) -> None:
    portfolio, _ = booked(history)
    with exact_arithmetic():
        realized = sum((h.realized for h in portfolio.holdings), Decimal(0))
        invested = sum((h.cost for h in portfolio.holdings), Decimal(0))
        assert abs(portfolio.cash - (400_000 + realized - invested)) < Decimal("1E-20")


class Narrow(SqliteTable):
    """Takes few rows in one write, as DynamoDB takes a hundred."""

    write_limit = 3


TABLES = [SqliteTable, Narrow]


@SOME
@given(history=histories(), cut=st.integers(0, 20), kind=st.sampled_from(TABLES))
def test_the_saved_portfolio_is_the_fold_however_the_entries_were_batched(
    history: list[Entry], cut: int, kind: type[SqliteTable]
) -> None:
    store = TableLedgerStore(kind(":memory:"))
    for portion in (history[:cut], history[cut:]):
        portfolio = store.portfolio("main", "USDT")
        numbered = []
        for entry in portion:
            portfolio, stored = post(portfolio, entry)
            numbered.append(stored)
        if numbered:
            store.book(portfolio, numbered)
    saved, whole = store.portfolio("main", "USDT"), fold("main", "USDT", store.entries("main"))
    assert replace(saved, version=0) == whole == booked(history)[0]


@SOME
@given(order=orders())
def test_shares_of_partial_fills_only_grow_and_add_up(
    order: tuple[OrderIntent, list[Fill]],
) -> None:
    intent, fills = order
    done, earlier = Decimal(0), [Decimal(0)] * len(intent.shares)
    for fill in fills:
        done += fill.quantity
        received = filled_shares(intent, done, STEP)
        assert sum(received) == done
        for before, now, share in zip(earlier, received, intent.shares, strict=True):
            assert before <= now <= share.quantity
        earlier = received
    if done == intent.quantity:
        event("complete")
        assert earlier == [share.quantity for share in intent.shares]


@pytest.mark.parametrize("parts", [(1, 1, 1), (1, 2, 1), (7, 1, 1), (1000, 1, 1)])
def test_shares_of_a_few_steps_never_get_more_than_they_are(parts: tuple[int, ...]) -> None:
    shares = [(name, part * STEP) for name, part in zip(NAMES, parts, strict=True)]
    intent = an_intent(Side.BUY, shares)
    earlier = [Decimal(0)] * 3
    for done in range(1, sum(parts) + 1):
        received = filled_shares(intent, done * STEP, STEP)
        for before, now, share in zip(earlier, received, intent.shares, strict=True):
            assert before <= now <= share.quantity
        earlier = received


@SOME
@given(order=orders())
def test_the_shares_are_independent_of_how_the_order_was_cut(
    order: tuple[OrderIntent, list[Fill]],
) -> None:
    intent, fills = order
    free = [replace(fill, fee=Decimal(0), price=Decimal(10)) for fill in fills]
    whole = [replace(free[0], quantity=sum((f.quantity for f in free), Decimal(0)))] if free else []
    assert _owners(entries_of(intent, free)) == _owners(entries_of(intent, whole))


def _owners(entries: Sequence[Entry]) -> dict[str, Decimal]:
    portfolio, _ = booked([OPENING, *entries])
    return {name: portfolio.amount(f"strategy:{name}", "BTC") for name in NAMES}


@pytest.mark.parametrize(
    ("asset", "pays", "strategy", "pool", "unmanaged"),
    [
        ("BTC", "strategy:a", "0.999", "-100", "0"),
        ("USDT", POOL, "1", "-100.001", "0"),
        ("BNB", UNMANAGED, "1", "-100", "-0.001"),
    ],
)
def test_who_pays_a_fee(asset: str, pays: str, strategy: str, pool: str, unmanaged: str) -> None:
    intent = an_intent(Side.BUY, [("a", Decimal(1))])
    fill = a_fill("t", "1", "100", "0.001", asset)
    portfolio, _ = booked(entries_of(intent, [fill]))
    assert portfolio.amount(FEES, asset) == Decimal("0.001")
    assert portfolio.amount("strategy:a", "BTC") == Decimal(strategy)
    assert portfolio.amount(POOL, "USDT") == Decimal(pool)
    assert portfolio.amount(UNMANAGED, "BNB") == Decimal(unmanaged)
    assert portfolio.amount(pays, asset) != 0


TAMPERED = {
    "amount": lambda e: replace(
        e,
        postings=tuple(
            replace(p, amount=p.amount * 2) if p.asset == "USDT" else p for p in e.postings
        ),
    ),
    "execution": lambda e: replace(
        e, executions=tuple(replace(x, quote=Decimal(1)) for x in e.executions)
    ),
    "reference": lambda e: replace(e, reference="another order"),
    "id": lambda e: replace(e, id="fill#BTC/USDT#other"),
    "at": lambda e: replace(e, at=NOON.replace(year=2025)),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_an_entry_changed_afterwards_breaks_the_chain(what: str) -> None:
    intent = an_intent(Side.BUY, [("a", Decimal(1)), ("b", Decimal(2))])
    fills = [a_fill(str(n), "1", "100", "0.1", "USDT") for n in range(3)]
    _, entries = booked([OPENING, *entries_of(intent, fills)])
    assert fold("main", "USDT", entries).sequence == 4
    forged = [*entries[:2], TAMPERED[what](entries[2]), *entries[3:]]
    with pytest.raises(LedgerUnbalanced, match="does not follow"):
        fold("main", "USDT", forged)


def test_a_missing_entry_breaks_the_chain() -> None:
    intent = an_intent(Side.BUY, [("a", Decimal(2))])
    fills = [a_fill(str(n), "1", "100", "0", "USDT") for n in range(2)]
    _, entries = booked([OPENING, *entries_of(intent, fills)])
    with pytest.raises(LedgerUnbalanced, match="does not follow"):
        fold("main", "USDT", [entries[0], entries[2]])


def test_an_entry_that_does_not_add_up_is_refused() -> None:
    lopsided = replace(OPENING, postings=OPENING.postings[:1])
    with pytest.raises(LedgerUnbalanced, match="is off by"):
        post(Portfolio(account="main", quote="USDT"), lopsided)


def test_drift_changes_only_what_is_unmanaged() -> None:
    portfolio, _ = booked([OPENING])
    entry = drift_entry(portfolio=portfolio, asset="BTC", difference=Decimal("-0.5"), at=NOON)
    after, _ = post(portfolio, entry)
    assert after.amount(UNMANAGED, "BTC") == Decimal("6.5")
    assert after.owned("BTC") == Decimal("6.5")
    assert after.cash == portfolio.cash


@pytest.mark.parametrize(
    ("capital", "pool", "unmanaged"),
    [(None, 1_000_000, 0), (400_000, 400_000, 600_000), (2_000_000, 1_000_000, 0)],
)
def test_the_opening_gives_the_pool_at_most_the_capital(
    capital: int | None, pool: int, unmanaged: int
) -> None:
    balances = [
        Balance(asset="USDT", free=Decimal(900_000), locked=Decimal(100_000)),
        Balance(asset="BTC", free=Decimal(2)),
    ]
    entry = opening_entry(
        account="main",
        quote="USDT",
        balances=balances,
        capital=None if capital is None else Decimal(capital),
        at=NOON,
    )
    portfolio, _ = booked([entry])
    assert portfolio.cash == pool
    assert portfolio.amount(UNMANAGED, "USDT") == unmanaged
    assert portfolio.amount(UNMANAGED, "BTC") == 2
    assert portfolio.owned_by_strategies("BTC") == 0


# Side, quantity, price, fee, fee asset -> quantity, cost and realised profit afterwards.
WORKED = [
    ("buy", "1", "100", "1", "USDT", "1", "101", "0"),
    ("buy", "1", "200", "1", "USDT", "2", "302", "0"),
    ("sell", "0.5", "300", "2", "USDT", "1.5", "226.5", "72.5"),
    ("sell", "1.5", "100", "0", "USDT", "0", "0", "-4"),
    ("buy", "2", "50", "0.01", "BTC", "1.99", "100", "-4"),
    ("sell", "1.99", "60", "0.4", "USDT", "0", "0", "15"),
]


def test_realised_profit_by_average_cost_on_a_worked_example() -> None:
    portfolio = Portfolio(account="main", quote="USDT")
    for number, row in enumerate(WORKED):
        side, quantity, price, fee, asset, *expected = row
        intent = an_intent(Side(side), [("a", Decimal(quantity))], str(number))
        entry = entries_of(intent, [a_fill(str(number), quantity, price, fee, asset)])[0]
        portfolio, _ = post(portfolio, entry)
        held = portfolio.holding("a", BTC)
        assert [held.quantity, held.cost, held.realized] == [Decimal(e) for e in expected], row
    assert portfolio.holding("a", BTC).fees == Decimal("4.9")  # 0.01 BTC at 50 among them
    assert portfolio.holding("a", BTC).realized_today == 15


def test_a_cross_realises_for_the_seller_at_mark_and_costs_the_buyer_the_same() -> None:
    intent = an_intent(Side.BUY, [("a", Decimal(1))])
    bought = entries_of(intent, [a_fill("t", "1", "100", "1", "USDT")])
    cross = Cross(symbol=BTC, seller="a", buyer="b", quantity=Decimal("0.4"), price=Decimal(150))
    crossing = cross_entry(account="main", plan_id="p", index=0, cross=cross, at=NOON)
    portfolio, _ = booked([OPENING, *bought, crossing])
    seller, buyer = portfolio.holding("a", BTC), portfolio.holding("b", BTC)
    assert (seller.quantity, seller.realized) == (Decimal("0.6"), Decimal("19.6"))
    assert (buyer.quantity, buyer.cost) == (Decimal("0.4"), Decimal(60))
    assert portfolio.cash == 400_000 - 101


def test_a_strategy_that_sold_everything_does_not_owe_the_fee_in_base() -> None:
    bought = entries_of(
        an_intent(Side.BUY, [("a", Decimal(1))]), [a_fill("t", "1", "100", "0", "USDT")]
    )
    sold = entries_of(
        an_intent(Side.SELL, [("a", Decimal(1))]), [a_fill("u", "1", "100", "0.001", "BTC")]
    )
    portfolio, _ = booked([OPENING, *bought])
    portfolio, _ = post(portfolio, fees_within_means(portfolio, sold[0]))
    assert portfolio.holding("a", BTC).quantity == 0
    assert portfolio.amount("strategy:a", "BTC") == 0
    assert portfolio.amount("unmanaged", "BTC") == Decimal("6.999")


def test_progress_survives_a_booking_in_steps() -> None:
    intent = an_intent(Side.BUY, [("a", Decimal(4))], "plan#BTC/USDT#0")
    fills = [a_fill(str(n), "1", "100", "0", "USDT") for n in range(4)]
    for stop_after in (None, 0, 1):
        table = _Stopping(stop_after)
        store = TableLedgerStore(table)
        portfolio = replace(store.portfolio("main", "USDT"), progress={intent.id: 4})
        numbered = []
        for entry in entries_of(intent, fills):
            portfolio, stored = post(portfolio, entry)
            numbered.append(stored)
        if stop_after is None:
            store.book(portfolio, numbered)
        else:
            with pytest.raises(ConnectionError):
                store.book(portfolio, numbered)
        saved = store.portfolio("main", "USDT")
        assert saved.progress.get(intent.id, 0) == len(store.entries("main"))


class _Stopping(Narrow):
    """The process ends after so many writes."""

    def __init__(self, stop_after: int | None) -> None:
        super().__init__(":memory:")
        self._left = stop_after

    def write(self, rows: Sequence[Row]) -> None:
        if self._left == 0:
            raise ConnectionError("gone")
        if self._left is not None:
            self._left -= 1
        super().write(rows)
