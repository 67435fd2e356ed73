"""Figures for CloudWatch: a line on standard output that it turns into metrics by itself.

One dimension and ten names, because each pair of them is a metric that is paid for monthly. What
else is known about a tick stands in the same line as plain fields, for searching the logs.
"""

import json
import sys
from collections.abc import Mapping
from typing import Final

from chalicelib.adapters.telemetry.correlation import correlation
from chalicelib.domain.operation.figures import FIGURES, FigureName
from chalicelib.ports import Clock

NAMESPACE: Final = "crypto-bot"
DIMENSION: Final = "stage"

_UNITS: Final = {kind.name: kind.unit for kind in FIGURES}


class EmbeddedMetrics:
    """`Telemetry` in CloudWatch's embedded metric format.

    Without `are_metered` the same lines are for searching the logs alone, and cost nothing.
    """

    def __init__(self, stage: str, clock: Clock, *, are_metered: bool) -> None:
        self._stage = stage
        self._clock = clock
        self._are_metered = are_metered

    def ticked(self, figures: Mapping[FigureName, int], details: Mapping[str, object]) -> None:
        """See `Telemetry.ticked`."""
        self._write(figures, details)

    def webhook_failed(self) -> None:
        """See `Telemetry.webhook_failed`."""
        self._write({FigureName.WEBHOOK_5XX: 1}, {"message": "an alert was answered 5xx"})

    def _write(self, figures: Mapping[FigureName, int], details: Mapping[str, object]) -> None:
        line = {
            **(self._directive(figures) if self._are_metered else {}),
            DIMENSION: self._stage,
            "correlation": correlation(),
            **details,
            **{name.value: value for name, value in figures.items()},
        }
        # One write: lines of several threads must not run into each other.
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def _directive(self, figures: Mapping[FigureName, int]) -> Mapping[str, object]:
        metrics = [{"Name": name.value, "Unit": _UNITS[name]} for name in figures]
        return {
            "_aws": {
                "Timestamp": int(self._clock.now().timestamp() * 1000),
                "CloudWatchMetrics": [
                    {"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics}
                ],
            }
        }
