"""Orders beside the plan that they belong to, each saved by compare-and-set."""

from dataclasses import replace
from datetime import datetime

from chalicelib.adapters.stores.keys import earlier_than, key, moment
from chalicelib.adapters.stores.pages import newest_rows
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

ORDERS_SHELF = "orders"
HELD_SHELF = "orders.held"

_PREFIX = "order#"


class TableOrderStore:
    """`OrderStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_plan(self, plan_id: str) -> tuple[Order, ...]:
        """See `OrderStore.of_plan`."""
        orders = _orders(self._table.query(key("plan", plan_id), _PREFIX))
        return tuple(sorted(orders, key=lambda order: (order.intent.symbol, order.leg)))

    def get(self, order_id: str) -> Order | None:
        """See `OrderStore.get`."""
        plan_id, _, leg = order_id.partition("#")
        row = self._table.get(key("plan", plan_id), _PREFIX + leg)
        return None if row is None else decode(Order, row.document)

    def save(self, order: Order) -> Order:
        """See `OrderStore.save`."""
        saved = replace(order, version=order.version + 1)
        self._table.write([_row(saved)])
        return saved

    def recent(self, limit: int, before: datetime | None = None) -> list[Order]:
        """See `OrderStore.recent`."""
        last = earlier_than(before)
        rows = [
            row
            for shelf in (HELD_SHELF, ORDERS_SHELF)
            for row in self._table.shelf(shelf, up_to=last, descending=True, limit=limit)
        ]
        # One that left a shelf between the two readings is in both: the later reading counts.
        found = {order.intent.id: order for order in _orders(rows)}
        newest = sorted(
            found.values(), key=lambda order: (order.created_at, order.intent.id), reverse=True
        )
        return newest[:limit]

    def page(
        self,
        limit: int,
        before: str | None = None,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
    ) -> list[tuple[str, Order]]:
        """See `OrderStore.page`."""
        shelves = (HELD_SHELF, ORDERS_SHELF)
        rows = newest_rows(self._table, shelves, limit, before=before, first=first, last=last)
        return [(str(row.at), decode(Order, row.document)) for row in rows]

    def held(self, limit: int) -> list[Order]:
        """See `OrderStore.held`."""
        return _orders(self._table.shelf(HELD_SHELF, limit=limit))


def _row(order: Order) -> Row:
    # The order's id is <plan id>#<symbol>#<leg>: its tail tells it from the plan's other orders.
    plan_id, _, leg = order.intent.id.partition("#")
    return Row(
        partition=key("plan", plan_id),
        sort=_PREFIX + leg,
        document=encode(order),
        version=order.version,
        shelf=HELD_SHELF if order.status is OrderStatus.HELD else ORDERS_SHELF,
        at=moment(order.created_at, order.intent.id),
    )


def _orders(rows: list[Row]) -> list[Order]:
    return [decode(Order, row.document) for row in rows]
