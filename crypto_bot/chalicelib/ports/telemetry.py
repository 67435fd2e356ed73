"""Where figures go that somebody or something watches."""

from collections.abc import Mapping
from typing import Protocol

from chalicelib.domain.operation.figures import FigureName


class Telemetry(Protocol):
    """Where figures go that somebody or something watches."""

    def ticked(self, figures: Mapping[FigureName, int], details: Mapping[str, object]) -> None:
        """After each tick; `details` are for the log only."""
        ...

    def webhook_failed(self) -> None:
        """An alert was answered with an error of ours."""
        ...
