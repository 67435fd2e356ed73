"""Figures over time per account and strategy; the latest word on an instant stands."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.adapters.stores.keys import just_before, key, time_key
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table


class TableAnalyticsStore:
    """`AnalyticsStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, points: Sequence[PerformancePoint]) -> None:
        """See `AnalyticsStore.add`."""
        self._table.overwrite([_row(point) for point in points])

    def performance(
        self,
        account: str,
        strategy: str,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[PerformancePoint]:
        """See `AnalyticsStore.performance`."""
        rows = self._table.shelf(
            _series(account, strategy),
            up_to=None if until is None else time_key(until),
            above=None if since is None else just_before(since),
            descending=True,
            limit=limit,
        )
        return [decode(PerformancePoint, row.document) for row in rows]


def _row(point: PerformancePoint) -> Row:
    series, at = _series(point.account, point.strategy), time_key(point.at)
    return Row(partition=series, sort=at, document=encode(point), version=1, shelf=series, at=at)


def _series(account: str, strategy: str) -> str:
    return key("performance", account, strategy)
