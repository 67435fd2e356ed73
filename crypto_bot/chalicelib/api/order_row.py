"""An order as one line of a CSV file."""

from decimal import Decimal
from typing import Final

from chalicelib.api.answers import value_of
from chalicelib.domain.money import plain
from chalicelib.domain.trading.order import Order

COLUMNS: Final = (
    "created_at",
    "updated_at",
    "account",
    "strategies",
    "side",
    "symbol",
    "quantity",
    "limit_price",
    "stop_price",
    "filled",
    "status",
    "code",
    "reason",
    "id",
    "client_order_id",
    "venue_order_id",
    "plan_id",
)

# A spreadsheet takes a text that begins so for a formula: what a stranger wrote would be run.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def order_row(order: Order) -> list[str]:
    """The values of COLUMNS."""
    intent = order.intent
    values = (
        order.created_at,
        order.updated_at,
        intent.account,
        " ".join(share.strategy for share in intent.shares),
        intent.side.value,
        intent.symbol,
        intent.quantity,
        intent.limit_price,
        intent.stop_price,
        order.filled,
        order.status.value,
        order.code,
        order.reason or intent.because,
        intent.id,
        intent.client_order_id,
        order.venue_order_id,
        order.plan_id,
    )
    return [_cell(value) for value in values]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULAS) else value
    return plain(value) if isinstance(value, Decimal) else str(value_of(value))
