"""A table that counts what it is asked, around a real one."""

from collections import Counter
from typing import Any

READS = ("get", "query", "shelf")


class CountedTable:
    """The Table port over `table`; `asked` counts the calls by name, `take` starts anew.

    `partitions` counts those that name a partition or a shelf by both.
    """

    def __init__(self, table: Any) -> None:
        self._table = table
        self.asked: Counter[str] = Counter()
        self.partitions: Counter[tuple[str, str]] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._table, name)
        if not callable(found):
            return found

        def counted(*arguments: Any, **options: Any) -> Any:
            self.asked[name] += 1
            if name in READS:
                self.partitions[name, arguments[0]] += 1
            return found(*arguments, **options)

        return counted

    @property
    def reads(self) -> int:
        return sum(self.asked[name] for name in READS)

    def take(self) -> dict[str, int]:
        """Since the last time."""
        taken, self.asked = dict(self.asked), Counter()
        self.partitions.clear()
        return taken
