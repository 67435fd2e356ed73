"""What a venue shows of one order -> lines for people, and the same for programs."""

from collections.abc import Iterator

from chalicelib.cli.rows import Row
from chalicelib.cli.words import moment
from chalicelib.domain.money import plain
from chalicelib.domain.trading.evidence import Evidence, OwnTrade, RestingOrder
from chalicelib.domain.trading.order import Order


def evidence_lines(order: Order, evidence: Evidence) -> Iterator[str]:
    """One answer of the venue a line; rows that carry the order's id are marked."""
    identity, found = order.intent.client_order_id, evidence.found
    if found is None:
        yield f"Looked up by its id {identity}: not found."
    else:
        yield (
            f"Looked up by its id {identity}: order {found.venue_order_id}, {found.status}, "
            f"filled {plain(found.filled)}."
        )
    lists, symbol = evidence.lists, order.intent.symbol
    yield from _listed(f"Open orders of {symbol}", lists.resting)
    since = moment(order.first_sent_at or order.created_at)
    yield from _listed(f"Own trades of {symbol} since {since}", lists.trades)
    for asset, difference in evidence.differences.items():
        more = "more" if difference > 0 else "less"
        apart = f"{plain(abs(difference))} {more} than" if difference else "exactly what is in"
        yield f"{asset}: the venue holds {apart} the books."


def _listed(
    what: str, rows: tuple[RestingOrder, ...] | tuple[OwnTrade, ...] | None
) -> Iterator[str]:
    if rows is None:
        yield f"{what}: this exchange has no such list; look at the venue's own page."
        return
    yield f"{what}: {len(rows) or 'none'}{'.' if not rows else ':'}"
    for row in rows:
        mark = "  <- it carries the order's id" if row.asked_for else ""
        yield f"  {_row(row)}{mark}"


def _row(row: RestingOrder | OwnTrade) -> str:
    if isinstance(row, RestingOrder):
        return (
            f"order {row.venue_order_id}: {row.side} {plain(row.quantity)} at "
            f"{plain(row.limit_price)}, filled {plain(row.filled)}"
        )
    fill = row.fill
    return (
        f"{moment(fill.at)} {row.side} {plain(fill.quantity)} at {plain(fill.price)}, "
        f"trade {fill.trade_id} of order {row.venue_order_id}"
    )


def evidence_row(evidence: Evidence) -> Row:
    """What the venue shows of one order; a list that it does not have is null."""
    found, lists = evidence.found, evidence.lists
    return {
        "asked_at": evidence.asked_at,
        "found": None
        if found is None
        else {
            "venue_order_id": found.venue_order_id,
            "status": found.status.value,
            "filled": found.filled,
        },
        "open_orders": None
        if lists.resting is None
        else [
            {
                "venue_order_id": order.venue_order_id,
                "side": order.side.value,
                "quantity": order.quantity,
                "filled": order.filled,
                "limit_price": order.limit_price,
                "asked_for": order.asked_for,
            }
            for order in lists.resting
        ],
        "trades": None
        if lists.trades is None
        else [
            {
                "at": trade.fill.at,
                "venue_order_id": trade.venue_order_id,
                "trade_id": trade.fill.trade_id,
                "side": trade.side.value,
                "quantity": trade.fill.quantity,
                "price": trade.fill.price,
                "asked_for": trade.asked_for,
            }
            for trade in lists.trades
        ],
        "venue_less_books": evidence.differences,
    }
