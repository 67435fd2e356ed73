"""The owner says what became of an order, or adopts what the venue shows of it after all."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.money import ZERO, Exact, plain
from chalicelib.domain.trading.evidence import Evidence, contradiction, report_of
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order, OrderStatus, apply_report
from chalicelib.domain.trading.side import Side
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.wake_account import wake_account


class Word(StrEnum):
    """What is said of the order: the venue filled it, never had it, or shows it itself."""

    FILLED = "filled"
    ABSENT = "absent"
    ADOPT = "adopt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution(Exact):
    """The amounts go with FILLED: base, quote per base, and the fee in `fee_asset` ('': quote)."""

    word: Word
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    fee: Decimal = ZERO
    fee_asset: str = ""


def resolve_order(
    ports: TradingPorts,
    order_id: str,
    resolution: Resolution,
    evidence: Evidence | None,
    *,
    dry_run: bool,
) -> Order:
    """The order as it is afterwards; `evidence` None says that the owner does without it.

    What was filled is booked by the next tick as any other fill. ActionRefused for a word that does
    not fit the order or that the evidence contradicts. What is left of a sale is tried again; a
    purchase of which the owner spoke ends here, because its alert is old by now.
    """
    order = ports.orders.get(order_id)
    if order is None:
        raise ActionRefused(f"there is no order {order_id}; crypto-bot orders --held lists them")
    now = ports.clock.now()
    if resolution.word is Word.ADOPT:
        after = _adopted(order, evidence, now)
    else:
        after = _as_told(order, resolution, evidence, now)
    if dry_run:
        return after
    saved = ports.orders.save(after)
    wake_account(ports.plans, order.intent.account, now)
    return saved


def _adopted(order: Order, evidence: Evidence | None, now: datetime) -> Order:
    if order.status.is_final or not order.attempts:
        raise ActionRefused(
            f"order {order.intent.id} is {order.status}; there is nothing of it to adopt"
        )
    report = None if evidence is None else report_of(order, evidence)
    if report is None or evidence is None:
        seen = "nobody has looked" if evidence is None else evidence.sentence()
        raise ActionRefused(
            f"the venue shows nothing of order {order.intent.id} that could be adopted ({seen}); "
            "say what its own page shows: --filled QUANTITY --price PRICE, or --absent"
        )
    after = apply_report(order, report, at=now)
    return replace(after, code="ADOPTED", reason=f"the owner adopted it; {evidence.sentence()}")


def _as_told(
    order: Order, resolution: Resolution, evidence: Evidence | None, now: datetime
) -> Order:
    if order.status is not OrderStatus.HELD:
        raise ActionRefused(
            f"order {order.intent.id} is {order.status}; only a HELD order waits for the owner's "
            "word"
        )
    against = "" if evidence is None else contradiction(order, evidence)
    if against:
        raise ActionRefused(against)
    seen = "the venue was not asked" if evidence is None else evidence.sentence()
    if resolution.word is Word.ABSENT:
        after = _absent(order, seen, now)
    else:
        after = _filled(order, resolution, seen, now)
    ends = order.cancel_requested or order.intent.side is Side.BUY
    return replace(after, cancel_requested=ends)


def _absent(order: Order, seen: str, now: datetime) -> Order:
    if order.fills:
        return order.moved_to(
            OrderStatus.CANCELED,
            at=now,
            reason=f"the owner says that nothing more was filled; {seen}",
        )
    return order.moved_to(
        OrderStatus.REJECTED,
        at=now,
        code="RESOLVED_ABSENT",
        reason=f"the owner says that the venue never had it; {seen}",
    )


def _filled(order: Order, resolution: Resolution, seen: str, now: datetime) -> Order:
    if not ZERO < resolution.quantity <= order.remaining:
        raise ActionRefused(
            f"order {order.intent.id} has {plain(order.remaining)} open, and "
            f"{plain(resolution.quantity)} was to be filled; name a quantity above 0 and at most "
            f"{plain(order.remaining)}"
        )
    if resolution.price <= 0:
        raise ActionRefused(
            f"the price of order {order.intent.id} is {plain(resolution.price)}; "
            "name the one the venue shows, above 0"
        )
    filled = order.filled + resolution.quantity
    fill = Fill(
        trade_id=f"resolved#{order.intent.id}",
        quantity=resolution.quantity,
        price=resolution.price,
        fee=resolution.fee,
        fee_asset=resolution.fee_asset or order.intent.symbol.split("/", maxsplit=1)[1],
        at=now,
    )
    whole = filled == order.intent.quantity
    moved = order.moved_to(
        OrderStatus.FILLED if whole else OrderStatus.CANCELED,
        at=now,
        code="RESOLVED_FILLED",
        reason=f"the owner says what was filled; {seen}",
    )
    return replace(moved, filled=filled, fills=(*order.fills, fill))
