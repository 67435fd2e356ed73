"""How loudly a refusal is logged, so that whoever guesses tokens does not fill the log."""

import logging
from datetime import datetime
from threading import Lock

_REFUSALS = range(400, 500)  # a 5xx is our own trouble, and always told


class Refusals:
    """Of a minute's refusals with one status, the 1st, 10th, 100th and so on are worth a line.

    The rest is for DEBUG. What an owner has to know of is in the quarantine, whatever is logged.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute: datetime | None = None
        self._counts: dict[int, int] = {}

    def level(self, status: int, now: datetime) -> int:
        """The level for an answer with that status."""
        if status not in _REFUSALS:
            return logging.INFO
        minute = now.replace(second=0, microsecond=0)
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            count = self._counts[status] = self._counts.get(status, 0) + 1
        is_power_of_ten = str(count).rstrip("0") == "1"
        return logging.INFO if is_power_of_ten else logging.DEBUG
