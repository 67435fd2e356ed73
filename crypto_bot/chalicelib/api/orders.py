"""Routes about orders: what was sent and what the venue made of it, as JSON or CSV; taking back."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import CURSOR, INSTANT, LIMIT, Asked, Routes
from chalicelib.api.answers import CSV, JSON, Answer, Refused, as_file, page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chalicelib.domain.trading.order import Order

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_STATUSES: Final = [
    "INITIALIZED",
    "DENIED",
    "SUBMITTED",
    "ACCEPTED",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELED",
    "REJECTED",
    "EXPIRED",
    "HELD",
]
_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_NEXT: Final = {"type": ["string", "null"]}
_FORMATS: Final = {"type": "string", "enum": ["json", "csv"], "default": "json"}
_LONGEST_ID: Final = 200


@routes.reads(
    "/orders",
    query={
        "limit": LIMIT,
        "cursor": CURSOR,
        "account": "Only this account's.",
        "strategy": "Only those in which this strategy has a share.",
        "symbol": "Only those of this instrument, such as BTC/USDT.",
        "status": {"type": "string", "enum": _STATUSES, "description": "Only those that stand so."},
        "since": INSTANT,
        "until": INSTANT,
        "format": _FORMATS | {"description": "csv: as a file, with the cursor in X-Next-Cursor."},
    },
    answer={"properties": {"orders": _ROWS, "next": _NEXT}, "required": ["orders", "next"]},
    kinds=(JSON, CSV),
)
def list_orders(asked: Asked) -> dict[str, Any] | Answer:
    """The orders with their fills, the newest first by creation.

    With a filter a page may hold fewer rows than its limit although there are more: go on until
    `next` is null.
    """
    from functools import partial

    from chalicelib import bootstrap
    from chalicelib.api.listing import found_on_page

    since, until = asked.instant("since"), asked.instant("until")
    read = partial(bootstrap.trading().orders.page, first=since, last=until)
    found, end = found_on_page(read, asked.limit(), asked.cursor(), _wanted(asked.query))
    answer = page("orders", found, end=end)
    if asked.text("format") != "csv":
        return answer
    headers = as_file("orders.csv") | ({"X-Next-Cursor": answer["next"]} if end else {})
    return Answer(_as_csv(found), kind=CSV, headers=headers)


def _wanted(query: "Mapping[str, str]") -> "Callable[[Order], bool] | None":
    account, symbol = query.get("account", ""), query.get("symbol", "")
    status, strategy = query.get("status", ""), query.get("strategy", "")
    if not (account or symbol or status or strategy):
        return None

    def is_wanted(order: "Order") -> bool:
        intent = order.intent
        if account not in {"", intent.account} or symbol not in {"", intent.symbol}:
            return False
        shares = {share.strategy for share in intent.shares}
        return status in {"", order.status} and (not strategy or strategy in shares)

    return is_wanted


def _as_csv(orders: "Sequence[Order]") -> str:
    import csv
    from io import StringIO

    from chalicelib.api.order_row import COLUMNS, order_row

    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(order_row(order) for order in orders)
    return text.getvalue()


@routes.reads(
    "/order",
    query={"id": {"type": "string", "description": "The order's id, as /orders has it."}},
    answer={"properties": {"order": {"type": "object"}, "signals": _ROWS}},
)
def show_order(asked: Asked) -> dict[str, Any]:
    """One order, and the signals that its plan took.

    The id is a parameter, since no part of a path can hold the slash of its symbol.
    """
    from chalicelib import bootstrap

    order = bootstrap.trading().orders.get(_identity(asked.text("id")))
    if order is None:
        raise Refused(404, f"there is no order {asked.text('id')[:_LONGEST_ID]}", field="id")
    plan = bootstrap.trading().plans.get(order.plan_id)
    verdicts = () if plan is None else plan.verdicts
    mine = {share.strategy for share in order.intent.shares}
    signals = [v for v in verdicts if v.symbol == order.intent.symbol and v.strategy in mine]
    return {"order": order, "signals": signals}


@routes.acts(
    "/orders/cancel",
    body={"order_id": {"type": "string", "minLength": 1, "maxLength": _LONGEST_ID}},
    needed=("order_id",),
    answer={"properties": {"would": {"type": "string"}, "done": {"type": "string"}}},
)
def cancel(asked: Asked) -> dict[str, Any]:
    """Take back an order that rests at the venue; the next tick cancels it there."""
    from chalicelib import bootstrap
    from chalicelib.domain.money import plain
    from chalicelib.services.trading.cancel_order import cancel_order

    dry_run = asked.is_dry_run
    identity = _identity(asked.body["order_id"])
    order = cancel_order(bootstrap.trading(), identity, dry_run=dry_run)
    intent = order.intent
    what = (
        f"{intent.side} {plain(intent.quantity)} {intent.symbol} at {plain(intent.limit_price)} on "
        f"{intent.account}, of which {plain(order.filled)} is filled,"
    )
    if dry_run:
        return {"would": f"The next tick takes back {what} at the venue."}
    return {"done": f"{what} is taken back with the next tick."}


def _identity(text: str) -> str:
    """Refused for what cannot be an order's id, so that no store is asked for it."""
    if text.count("#") < 2 or len(text) > _LONGEST_ID:  # noqa: PLR2004 - plan, symbol and leg
        raise Refused(
            400, f"the order's id is {text[:60]!r}; it must be one that /orders lists", field="id"
        )
    return text
