"""Everything in one process: HTTP server, schedule, demonstration and replay."""

from chalicelib.local.embedded import run
from chalicelib.local.view import RunOptions, RunSummary, Snapshot, View

__all__ = ["RunOptions", "RunSummary", "Snapshot", "View", "run"]
