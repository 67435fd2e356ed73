"""What the venue's lists say of an order, in one sentence and in one report."""

from datetime import timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

from chalicelib.domain.trading.evidence import (
    Activity,
    Evidence,
    OwnTrade,
    RestingOrder,
    contradiction,
    report_of,
    resting_as,
)
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import OrderReport, OrderStatus
from chalicelib.domain.trading.side import Side
from tests.contract.stores.records import NOON, order


def trade(identity: str, quantity: str, *, ours: bool = True) -> OwnTrade:
    fill = Fill(
        trade_id=identity,
        quantity=Decimal(quantity),
        price=Decimal(100),
        fee=Decimal(0),
        fee_asset="USD",
        at=NOON,
    )
    return OwnTrade(venue_order_id=f"v{identity}", side=Side.BUY, fill=fill, asked_for=ours)


def resting(identity: str, *, ours: bool) -> RestingOrder:
    return RestingOrder(
        venue_order_id=identity,
        side=Side.BUY,
        quantity=Decimal("0.1"),
        filled=Decimal(0),
        limit_price=Decimal(100),
        asked_for=ours,
    )


def evidence(**changes: Any) -> Evidence:
    usual: dict[str, Any] = {"found": None, "activity": None, "differences": {}}
    return Evidence(asked_at=NOON, **{**usual, **changes})


def listed(
    orders: tuple[RestingOrder, ...] | None, trades: tuple[OwnTrade, ...] | None
) -> Evidence:
    return evidence(activity=Activity(resting=orders, trades=trades))


FOUND = OrderReport(
    client_order_id="c",
    venue_order_id="v1",
    status=OrderStatus.PARTIALLY_FILLED,
    filled=Decimal("0.050"),
    fills=(),
)
OURS, OTHER = resting("r1", ours=True), resting("r2", ours=False)


def test_all_of_it_in_one_sentence() -> None:
    differences = {"USD": Decimal("-12.50"), "BTC": Decimal("1E-8")}
    seen = Evidence(
        asked_at=NOON + timedelta(milliseconds=7),
        found=FOUND,
        activity=Activity(resting=(OTHER, OURS), trades=(trade("1", "0.1", ours=False),)),
        differences=differences,
    )
    assert seen.sentence() == (
        "asked 2024-08-10T12:00:00Z: found PARTIALLY_FILLED by its id, "
        "2 open orders (1 of it), 1 own trade (none of it), "
        "venue less books: BTC 0.00000001, USD -12.5"
    )


def test_a_list_that_is_empty_differs_from_one_that_is_not_there() -> None:
    assert listed((), None).sentence() == (
        "asked 2024-08-10T12:00:00Z: not found by its id, no open orders, no list of own trades, "
        "venue less books: "
    )
    assert "no list of open orders, no own trades" in listed(None, ()).sentence()
    assert evidence().lists == Activity(resting=None, trades=None)


def test_a_report_is_put_together_from_its_own_trades_alone() -> None:
    trades = (trade("0", "0.5", ours=False), trade("1", "0.04"), trade("2", "0.05999999"))
    report = report_of(order(), listed((OTHER,), trades))
    assert report == OrderReport(
        client_order_id=order().intent.client_order_id,
        venue_order_id="v1",
        status=OrderStatus.CANCELED,
        filled=Decimal("0.09999999"),
        fills=(trades[1].fill, trades[2].fill),
        reason="put together from the venue's list of trades",
    )
    with localcontext(Context(prec=2)):
        assert report_of(order(), listed((OTHER,), trades)) == report


def test_the_whole_quantity_or_more_is_filled_whatever_rests() -> None:
    for quantity in ("0.1", "0.11"):
        report = report_of(order(), listed((OURS,), (trade("1", quantity),)))
        assert report is not None
        assert report.status is OrderStatus.FILLED
    assert report_of(order(), listed((OURS,), (trade("1", "0.099"),))) is None
    assert report_of(order(), listed(None, (trade("1", "0.099"),))) is None


def test_the_first_open_order_that_carries_our_id() -> None:
    assert resting_as(listed((OTHER, OURS), None)) == "r1"
    assert resting_as(listed((OTHER,), None)) == ""
    assert resting_as(evidence()) == ""


def test_a_contradiction_names_the_command_that_fits() -> None:
    identity = order().intent.id
    assert contradiction(order(), evidence(found=FOUND)) == (
        "the venue has it as v1, PARTIALLY_FILLED, filled 0.05: "
        f"crypto-bot resolve {identity} --adopt --yes"
    )
    assert contradiction(order(), listed((OURS,), ())) == (
        "it rests at the venue as r1, where a lookup by its id does not find it: cancel it on the "
        f"venue's own page, then look again: crypto-bot resolve {identity}"
    )
    assert contradiction(order(), listed((OTHER,), ())) == ""
    by_trades = contradiction(order(), listed((), (trade("1", "0.1"),)))
    assert by_trades.startswith("the venue has it as v1, FILLED, filled 0.1: ")
