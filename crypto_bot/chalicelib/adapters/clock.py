"""Where the time comes from: the machine, or a replay that moves it forward."""

from datetime import UTC, datetime
from threading import Lock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant."""
        return datetime.now(UTC)


class ReplayClock:
    """Stands still until its runner moves it; shared by threads, never goes backwards."""

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)
        self._lock = Lock()

    def now(self) -> datetime:
        """The instant the replay has reached."""
        return self._now

    def advance_to(self, instant: datetime) -> datetime:
        """Move to `instant` unless it has passed already; returns the time that now is."""
        with self._lock:
            self._now = max(self._now, _aware(instant))
            return self._now


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"the time {instant.isoformat()} has no zone; give an aware one, in UTC")
    return instant.astimezone(UTC)
