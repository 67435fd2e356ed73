"""`StageRuns` on a table: one row per stage, which each run replaces."""

import json
from collections.abc import Callable
from datetime import datetime

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.stage_run import Outcome, StageRun
from chalicelib.drivers.table import Row, Table

_PARTITION = "stage"


class TableStageRuns:
    """`close` lets go of the table."""

    def __init__(self, table: Table, close: Callable[[], None]) -> None:
        self._table = table
        self.close = close

    def save(self, run: StageRun) -> None:
        """See `StageRuns.save`."""
        self._table.overwrite([_row(run)])

    def last(self, stage: str) -> StageRun | None:
        """See `StageRuns.last`."""
        row = self._table.get(_PARTITION, stage)
        return None if row is None else _run(row)

    def all(self) -> list[StageRun]:
        """See `StageRuns.all`."""
        return [_run(row) for row in self._table.query(_PARTITION)]


def _row(run: StageRun) -> Row:
    document = {
        "began_at": run.began_at.isoformat(),
        "ended_at": run.ended_at.isoformat(),
        "outcome": run.outcome,
        "rows": run.rows,
        "trouble": run.trouble,
        "as_of": _text(run.as_of),
        "done_at": _text(run.done_at),
        "failing_since": _text(run.failing_since),
    }
    return Row(partition=_PARTITION, sort=run.stage, document=json.dumps(document), version=1)


def _run(row: Row) -> StageRun:
    try:
        found = json.loads(row.document)
        return StageRun(
            stage=row.sort,
            began_at=datetime.fromisoformat(found["began_at"]),
            ended_at=datetime.fromisoformat(found["ended_at"]),
            outcome=Outcome(found["outcome"]),
            rows=found["rows"],
            trouble=tuple(found["trouble"]),
            as_of=_instant(found["as_of"]),
            done_at=_instant(found["done_at"]),
            failing_since=_instant(found["failing_since"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreUnavailable(
            f"the record of {row.sort} cannot be read ({error!r}); its next run writes it anew"
        ) from error


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
