"""`python -m chalicelib.cli.screenshot FILE` runs the demonstration and draws it as SVG.

The picture shows a real run: a server on a free port, alerts over HTTP, orders on the virtual
exchange.
"""

import re
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from chalicelib.cli.draw import draw
from chalicelib.cli.terminal_view import PlainView
from chalicelib.cli.written_files import write_file
from chalicelib.local import RunOptions, RunSummary, Snapshot, View, run

_SECONDS = 20.0
_WIDTH = 118
# A picture loads nothing from elsewhere: the reader's own monospace font will do.
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


class Photographer:
    """A view that passes everything on, and leaves a picture of what was shown last."""

    def __init__(self, view: View, target: Path) -> None:
        self._view = view
        self._target = target
        self._latest: Snapshot | None = None

    def started(self, *, url: str, dashboard: str, token: str, curl: str) -> None:
        """Passed on; no token comes into the picture."""
        self._view.started(url=url, dashboard=dashboard, token=token, curl=curl)

    def snapshot(self, snapshot: Snapshot) -> None:
        """Passed on, and kept."""
        self._latest = snapshot
        self._view.snapshot(snapshot)

    def stopped(self, summary: RunSummary) -> None:
        """Passed on, and the picture drawn."""
        self._view.stopped(summary)
        if self._latest is not None:
            write_picture(self._latest, self._target)


def take_picture(target: Path, seconds: float = _SECONDS) -> None:
    """Writes the SVG of the last moment of a short demonstration."""
    view = Photographer(PlainView(sys.stdout), target)
    with TemporaryDirectory() as home:
        run(RunOptions(home=Path(home), port=0, seconds=seconds), view)


def write_picture(snapshot: Snapshot, target: Path) -> None:
    """The tables as an SVG file, the same bytes for the same snapshot."""
    console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True)
    console.print(draw(snapshot, "crypto-bot run"))
    svg = console.export_svg(title="crypto-bot run", unique_id="crypto-bot")
    write_file(target, _FONT_FACE.sub("", svg))


if __name__ == "__main__":
    take_picture(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/terminal.svg"))
