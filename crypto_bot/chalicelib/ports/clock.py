"""When it is."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, always aware and UTC."""

    def now(self) -> datetime:
        """The current instant."""
        ...
