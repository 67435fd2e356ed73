"""The same figures kept in memory, for /metrics of the embedded run."""

import re
from collections.abc import Mapping
from threading import Lock
from typing import Final

from chalicelib.domain.operation.figures import FIGURES, FigureKind, FigureName

_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z0-9])")


class Gauges:
    """`Telemetry` that can be read: counts add up, the rest is as the last tick left it."""

    def __init__(self) -> None:
        self._values: dict[FigureName, int] = dict.fromkeys((kind.name for kind in FIGURES), 0)
        self._lock = Lock()

    def ticked(self, figures: Mapping[FigureName, int], _details: Mapping[str, object]) -> None:
        """See `Telemetry.ticked`; the details are in the log."""
        with self._lock:
            for kind in FIGURES:
                value = figures.get(kind.name)
                if value is not None:
                    before = self._values[kind.name] if kind.counts else 0
                    self._values[kind.name] = before + value

    def webhook_failed(self) -> None:
        """See `Telemetry.webhook_failed`."""
        with self._lock:
            self._values[FigureName.WEBHOOK_5XX] += 1

    def exposition(self) -> str:
        """In the text format that Prometheus reads."""
        with self._lock:
            values = dict(self._values)
        return "".join(_exposed(kind, values[kind.name]) for kind in FIGURES)


def _exposed(kind: FigureKind, value: int) -> str:
    name = f"crypto_bot_{_HUMP.sub('_', kind.name.value).lower()}"
    what = "gauge"
    if kind.counts:
        name, what = f"{name}_total", "counter"
    return f"# HELP {name} {kind.meaning}\n# TYPE {name} {what}\n{name} {value}\n"
