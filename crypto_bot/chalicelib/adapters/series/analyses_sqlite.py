"""The analyses in the file of the time series."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chalicelib.domain.market.analysis import Analysis
from chalicelib.drivers.sqlite_file import SqliteFile

_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS analysis (
        subject TEXT NOT NULL,
        at TEXT NOT NULL,
        figures TEXT NOT NULL,
        PRIMARY KEY (subject, at)
    ) WITHOUT ROWID
    """,
)
_ADD: Final = "INSERT OR REPLACE INTO analysis (subject, at, figures) VALUES (?, ?, ?)"
_NEWEST: Final = """
    SELECT at, figures FROM analysis WHERE subject = ? AND at <= ? ORDER BY at DESC LIMIT ?
"""
_MOMENT: Final = "%Y-%m-%d %H:%M:%S"
_LAST: Final = "9999"


class SqliteAnalyses:
    """`Analyses`."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _SCHEMA)

    def add(self, analyses: Sequence[Analysis]) -> None:
        """See `Analyses.add`; here all of them or none."""
        with self._file.transaction():
            self._file.write_many(_ADD, [_values(analysis) for analysis in analyses])

    def newest(self, subject: str, limit: int, until: datetime | None = None) -> list[Analysis]:
        """See `Analyses.newest`."""
        last = _LAST if until is None else until.astimezone(UTC).strftime(_MOMENT)
        rows = self._file.select(_NEWEST, (subject, last, limit))
        return [
            Analysis(subject, datetime.fromisoformat(f"{at}+00:00"), json.loads(figures))
            for at, figures in rows
        ]

    def close(self) -> None:
        """See `Analyses.close`."""
        self._file.close()


def _values(analysis: Analysis) -> tuple[str, str, str]:
    at = analysis.at.astimezone(UTC).strftime(_MOMENT)
    return analysis.subject, at, json.dumps(analysis.figures, allow_nan=False)
