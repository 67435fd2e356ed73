"""The dashboard in Chromium: its first view, and 10,000 signals paged, scrolled and filtered."""

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.bench.figure import Figure, at_most

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

    from tests.functional.running import Running

NAMES: tuple[str, ...] = ("web_first_view", "web_first_view_bytes", "web_signals_longest_frame")

_SIGNALS: Final = 10_000
_ROUNDS: Final = 5
_VIEW_LIMIT_MS: Final = 1000.0
_BYTES_LIMIT_KB: Final = 300.0
_FRAME_LIMIT_MS: Final = 100.0

_TASK: Final = "ThreadControllerImpl::RunTask"
_SCROLL: Final = """async () => {
  const box = document.querySelector(".table");
  for (let step = 0; step < 200; step += 1) {
    box.scrollTop = (box.scrollHeight * step) / 200;
    await new Promise(requestAnimationFrame);
  }
}"""


def figures(only: str | None) -> Iterable[Figure]:
    from tests.web.browser import chromium

    with TemporaryDirectory() as folder, _serving(Path(folder)) as program, chromium() as browser:
        if only in {None, "web_first_view", "web_first_view_bytes"}:
            views = [_first_view(browser, program) for _ in range(_ROUNDS)]
            shown = median(milliseconds for milliseconds, _ in views)
            yield at_most("web_first_view", shown, "ms", limit=_VIEW_LIMIT_MS)
            yield at_most("web_first_view_bytes", views[0][1], "kB gzip", limit=_BYTES_LIMIT_KB)
        if only in {None, "web_signals_longest_frame"}:
            longest = _longest_frame(browser, program)
            yield at_most("web_signals_longest_frame", longest, "ms", limit=_FRAME_LIMIT_MS)


@contextmanager
def _serving(home: Path) -> "Iterator[Running]":
    from tests.functional.running import running
    from tests.web.floor import furnish

    furnish(home)
    _add_signals(home)
    with running(home, "--no-demo") as program:
        yield program


def _add_signals(home: Path) -> None:
    from chalicelib.adapters.stores.signals import TableSignalStore
    from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus
    from chalicelib.drivers.sqlite_table import SqliteTable

    now = datetime.now(UTC)  # noqa: TID251 - as the program's own clock will have it
    with closing(SqliteTable(home / "state.sqlite3")) as table:
        store = TableSignalStore(table)
        for number in range(_SIGNALS):
            at = now - timedelta(minutes=number)
            store.add(
                Signal(
                    id=f"{number:032x}",
                    strategy="eth" if number % 3 else "btc",
                    ticker="BTCUSDT",
                    symbol="BTC/USDT",
                    state=DesiredState.FLAT if number % 2 else DesiredState.LONG,
                    fired_at=at,
                    received_at=at,
                    due_at=at,
                    body_digest="",
                    comment=f"number {number}",
                    status=SignalStatus.SKIPPED,
                    reason="of a benchmark",
                )
            )


def _first_view(browser: "Browser", program: "Running") -> tuple[float, float]:
    """Milliseconds from the address to the overview with its data; kB that came, if packed."""
    context = browser.new_context()
    with closing(context):
        page = context.new_page()
        bodies: list[bytes] = []

        def keep(asked: "Request") -> None:
            answer = asked.response()
            if answer is not None:
                bodies.append(answer.body())

        page.on("requestfinished", keep)
        page.goto(f"http://127.0.0.1:{program.port}/ui#token={program.owner_token}")
        page.wait_for_selector(".cards")
        milliseconds = float(page.evaluate("performance.now()"))
        page.wait_for_load_state("networkidle")
        return milliseconds, sum(len(gzip.compress(body)) for body in bodies) / 1000


def _longest_frame(browser: "Browser", program: "Running") -> float:
    """While all signals are loaded, scrolled through, and filtered.

    CPU time of the longest task: what a busy machine takes for others is no fault of the page.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    with closing(context):
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{program.port}/ui#token={program.owner_token}&to=/signals")
        page.wait_for_selector(".table tbody tr")
        browser.start_tracing(page=page, categories=["toplevel"])
        _load_all(page)
        page.evaluate(_SCROLL)
        page.get_by_label("Search signals").press_sequentially("number 77", delay=60)
        page.get_by_text("number 777", exact=True).wait_for(timeout=60_000)
        events = json.loads(browser.stop_tracing())["traceEvents"]
    tasks = [event["tdur"] for event in events if event["name"] == _TASK and "tdur" in event]
    return float(max(tasks)) / 1000


def _load_all(page: "Page") -> None:
    for _ in range(_SIGNALS):
        if page.locator(".count").inner_text() == f"{_SIGNALS} signals":
            return
        page.evaluate("document.querySelector('.table').scrollTop = 1e9")
        page.wait_for_timeout(30)
    raise AssertionError(f"only {page.locator('.count').inner_text()} were loaded")
