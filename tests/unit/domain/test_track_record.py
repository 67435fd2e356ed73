"""A strategy's record on one account: exits, profits, the deepest fall, and for how long."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

from chalicelib.domain.trading.drift import Tally
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution, Holding
from chalicelib.domain.trading.position import ClosedPosition
from chalicelib.domain.trading.track_record import TrackRecord, track_record
from tests.situations import BTC, ETH, NOON

TALLY = Tally(account="main", strategy="a", alerts=3)
MONTH = NOON + timedelta(days=30, hours=13)


def entry(identity: str, plan: str, at: datetime = NOON, *strategies: str) -> Entry:
    return Entry(
        id=identity,
        account="main",
        kind=EntryKind.FILL,
        at=at,
        postings=(),
        executions=tuple(
            Execution(strategy=name, symbol=BTC, quantity=Decimal(1), quote=Decimal(1))
            for name in strategies or ("a",)
        ),
        reference=f"{plan}#{BTC}#0",
    )


def closed(exit_id: str, profit: str, strategy: str = "a", symbol: str = BTC) -> ClosedPosition:
    return ClosedPosition(
        account="main",
        strategy=strategy,
        symbol=symbol,
        quantity=Decimal(1),
        entry_at=NOON,
        entry_id="in",
        cost=Decimal(100),
        exit_at=NOON,
        exit_id=exit_id,
        proceeds=Decimal(102) + Decimal(profit),
        fees=Decimal(2),
    )


def record(*positions: ClosedPosition, **changes: Any) -> TrackRecord:
    entries = [entry(f"{plan}.{n}", plan) for plan in "pqrst" for n in range(3)]
    usual: dict[str, Any] = {"tally": TALLY, "entries": entries, "holdings": [], "now": MONTH}
    return track_record(closed=positions, **{**usual, **changes})


def test_nothing_done_is_an_empty_record() -> None:
    others = [entry("x", "p", NOON, "b")]
    assert record(closed("x", "9", "b"), entries=others) == TrackRecord(
        account="main",
        strategy="a",
        since=None,
        days=Decimal(0),
        trades=0,
        win_rate=None,
        profit=Decimal(0),
        fees=Decimal(0),
        drawdown=Decimal(0),
        holding=False,
        followed=TALLY,
    )


def test_one_exit_is_one_plan_and_instrument_however_many_fills_it_took() -> None:
    found = record(
        closed("p.0", "10"),
        closed("p.1", "-4"),
        closed("p.2", "1", symbol=ETH),
        closed("q.0", "0"),
        closed("r.0", "-3"),
        closed("r.1", "-4", "b"),
    )
    assert found.trades == 4
    assert found.win_rate == Decimal("0.5")  # 6 and 1 of 6, 1, 0 and -3
    assert found.profit == 4


def test_legs_and_crosses_of_one_plan_are_one_exit() -> None:
    legs = [entry("one", "p"), entry("two", "p"), entry("three", "p")]
    legs[1] = replace(legs[1], reference=f"p#{BTC}#1")
    legs[2] = replace(legs[2], kind=EntryKind.CROSS, reference="p")
    exits = (closed("one", "1"), closed("two", "1"), closed("three", "1"))
    assert record(*exits, entries=legs).trades == 1


def test_a_share_has_three_digits() -> None:
    assert record(closed("p.0", "1"), closed("q.0", "-1"), closed("r.0", "1")).win_rate == Decimal(
        "0.667"
    )


def test_the_deepest_fall_is_below_the_best_so_far() -> None:
    def fall(*profits: str) -> Decimal:
        return record(
            *(closed(f"{p}.0", x) for p, x in zip("pqrst", profits, strict=False))
        ).drawdown

    assert fall("5", "-3", "4", "-7", "1") == 7
    assert fall("-2", "1") == 2
    assert fall("1", "2") == 0
    assert fall("3", "-1", "-1", "5", "-1") == 2


def test_it_counts_from_the_first_own_entry_in_tenths_of_days() -> None:
    entries = [
        entry("x", "p", NOON - timedelta(days=9), "b"),
        entry("y", "p", NOON + timedelta(hours=1), "a"),
        entry("z", "p", NOON, "b", "a"),
    ]
    found = record(entries=entries)
    assert found.since == NOON
    assert found.days == Decimal("30.5")
    assert record(entries=entries, now=NOON + timedelta(days=10_000)).days == 10_000
    assert record(entries=entries, now=NOON + timedelta(hours=3, seconds=0.5)).days == Decimal(
        "0.1"
    )


def test_fees_and_holding_are_its_own() -> None:
    def held(strategy: str, quantity: str, fees: str) -> Holding:
        return Holding(
            strategy=strategy, symbol=BTC, quantity=Decimal(quantity), fees=Decimal(fees)
        )

    out = record(holdings=[held("a", "0", "3"), held("a", "0", "4"), held("b", "9", "9")])
    assert (out.fees, out.holding) == (7, False)
    assert record(holdings=[held("a", "0", "3"), held("a", "0.1", "4")]).holding is True


def test_sums_are_exact_whatever_the_context() -> None:
    fees = [Holding(strategy="a", symbol=symbol, fees=Decimal("1000.01")) for symbol in (BTC, ETH)]
    exits = [closed("p.0", "1000.01"), closed("p.1", "1000.02")]
    with localcontext(Context(prec=3)):
        found = record(*exits, holdings=fees)
    assert found.profit == Decimal("2000.03")
    assert found.fees == Decimal("2000.02")
