"""The analyses in the table of the time series, one item each."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from chalicelib.domain.market.analysis import Analysis
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.drivers.table import Row

_MOMENT: Final = "%Y-%m-%dT%H:%M:%S"
_LAST: Final = "9999"


class DynamoDbAnalyses:
    """`Analyses` in the `market` table."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def add(self, analyses: Sequence[Analysis]) -> None:
        """See `Analyses.add`."""
        self._table.overwrite([_row(analysis) for analysis in analyses])

    def newest(self, subject: str, limit: int, until: datetime | None = None) -> list[Analysis]:
        """See `Analyses.newest`."""
        last = _LAST if until is None else until.astimezone(UTC).strftime(_MOMENT)
        rows = self._table.between(_partition(subject), "", last, descending=True, limit=limit)
        return [
            Analysis(subject, datetime.fromisoformat(f"{row.sort}+00:00"), json.loads(row.document))
            for row in rows
        ]

    def close(self) -> None:
        """See `Analyses.close`; there is nothing to let go of."""


def _partition(subject: str) -> str:
    return f"analysis#{subject}"


def _row(analysis: Analysis) -> Row:
    return Row(
        partition=_partition(analysis.subject),
        sort=analysis.at.astimezone(UTC).strftime(_MOMENT),
        document=json.dumps(analysis.figures, allow_nan=False),
        version=1,
    )
