"""The bus's file as it was when each message had a row of its own -> bundles.

Every message keeps its offset and its time, and every group the place where it stands.
"""

from itertools import groupby
from typing import Any, Final

from chalicelib.adapters.buses.sqlite_bundles import Bundle, append, set_newest
from chalicelib.drivers.sqlite_file import SqliteFile

_IS_OLD: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'message'"
_FOLLOWING: Final = """
    SELECT topic, partition, "offset", at_ms, key, value FROM message
    WHERE (topic, partition, "offset") > (?, ?, ?)
    ORDER BY topic, partition, "offset" LIMIT 1000
"""
_BEFORE_ALL: Final = ("", -1, -1)


def upgrade(file: SqliteFile) -> None:
    """In one step: whoever is killed in the middle of it begins anew."""
    with file.transaction():
        if not file.select(_IS_OLD):
            return
        last = _BEFORE_ALL
        while rows := file.select(_FOLLOWING, last):
            for (topic, partition, at_ms, _), group in groupby(enumerate(rows), _together):
                together = [row for _, row in group]
                bundle = Bundle(together[0][2], at_ms, [row[5] for row in together])
                append(file, topic, partition, bundle)
                set_newest(file, topic, {row[4]: (partition, row[2]) for row in together})
            last = rows[-1][:3]
        file.write("DROP TABLE message")


def _together(numbered: tuple[int, Any]) -> tuple[str, int, int, int]:
    """Equal for messages of one moment whose offsets follow each other."""
    number, (topic, partition, offset, at_ms, _, _) = numbered
    return topic, partition, at_ms, offset - number
