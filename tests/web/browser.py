"""The real program and a real Chromium beside it.

A `Visit` is one tab with a fresh profile. It remembers what the browser complained of: errors of
scripts, violations of the page's policy, files that are not there, failures of the program.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.functional.running import Running

AXE = Path(__file__).parent / "axe" / "axe.min.js"
PATIENCE_MS = 60_000  # several times what the slowest step takes beside other work
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}

_FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_REFUSED = 400
_SERVER_ERROR = 500
_COMPLAIN = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


def chromium_path() -> str:
    """Debian's, or what else is installed; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on this machine: apt install chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser, without windows."""
    path = chromium_path()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(kw_only=True)
class Visit:
    """A tab that looks at one program."""

    page: Page
    program: Running
    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)  # failures that the test itself makes

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.program.port}/ui"

    def enter(self, where: str = "/", token: str | None = None) -> None:
        """Open a page with the token in the address, as the program prints it."""
        offered = self.program.owner_token if token is None else token
        self.page.goto(f"{self.address}#token={offered}&to={where}")
        self.page.wait_for_selector("main.work h1")

    def go(self, where: str, heading: str) -> None:
        """By the address, without loading anything anew."""
        self.page.evaluate("where => { location.hash = where }", where)
        expect(self.page.locator("main.work h1").first).to_have_text(heading)

    def settled(self) -> None:
        """Nothing is being loaded any more."""
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def offences(self) -> list[str]:
        """What axe finds wrong for who cannot see or use a mouse; each with where it is."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"
        )
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]


@contextmanager
def visiting(
    browser: Browser,
    program: Running,
    *,
    size: dict[str, int] | None = None,
    theme: str = "dark",
) -> Iterator[Visit]:
    """A tab of its own; nothing may have been complained of when it is closed."""
    context = browser.new_context(
        viewport=size or DESK,  # type: ignore[arg-type]
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    visit = Visit(page=page, program=program)
    page.add_init_script(_COMPLAIN)
    page.on("pageerror", lambda error: visit.complaints.append(f"script: {error}"))
    page.on("console", lambda said: _hear(visit, said.type, said.text))
    page.on("response", lambda answer: _judge(visit, answer.url, answer.status))
    try:
        yield visit
    finally:
        page.unroute_all(behavior="ignoreErrors")
        context.close()
    assert not visit.complaints, "\n".join(visit.complaints)


def _hear(visit: Visit, kind: str, text: str) -> None:
    """A refusal of the program is an answer like another; `_judge` says which ones are not."""
    if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
        visit.complaints.append(f"{kind}: {text}")


def _judge(visit: Visit, url: str, status: int) -> None:
    if status in visit.expected:
        return
    if status >= _SERVER_ERROR or (status >= _REFUSED and "/ui/" in url):
        visit.complaints.append(f"answered {status}: {url}")
