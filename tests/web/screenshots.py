"""Pictures of the dashboard over the demonstration, for the README and docs.

`make screenshots` writes them: every page of the menu in dark and light colours and on a phone.
"""

import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from tests.functional.running import Running, running
from tests.web.browser import PHONE, Visit, chromium, visiting

SIZE: Final = {"width": 1120, "height": 700}
_HOW: Final = ("", " light", " phone")
LARGEST: Final = 150_000  # bytes of one picture
_STORY_MS: Final = 45_000  # until the demonstration has something to tell


def main(folder: Path) -> None:
    """Write all pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        chromium() as browser,
        running(Path(home)) as program,
    ):
        with visiting(browser, program, size=SIZE) as visit:
            visit.enter()
            visit.page.wait_for_timeout(_STORY_MS)
            pages = _pages(visit)
        _take(browser, program, folder, pages, theme="dark")
        _take(browser, program, folder, pages, theme="light", suffix="-light")
        _take(browser, program, folder, pages, theme="dark", suffix="-phone", size=PHONE)
    _list(folder, pages)


def _list(folder: Path, pages: Iterable[str]) -> None:
    """A page that shows all of them."""
    lines = ["# The dashboard's pages", "", "| dark | light | phone |", "|---|---|---|"]
    for name in pages:
        title = name.capitalize()
        cells = [f"![{title}{how}]({name}{how.replace(' ', '-')}.png)" for how in _HOW]
        lines.append(f"| {' | '.join(cells)} |")
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pages(visit: Visit) -> dict[str, str]:
    """Title, as a file is named, -> address, of everything in the menu."""
    found: list[list[str]] = visit.page.eval_on_selector_all(
        "nav.menu a", "links => links.map(link => [link.textContent, link.hash])"
    )
    return {re.sub(r"\W+", "-", title.strip().lower()): hash_[1:] for title, hash_ in found}


def _take(  # noqa: PLR0913 - what a picture is of
    browser: Browser,
    program: Running,
    folder: Path,
    pages: dict[str, str],
    *,
    theme: str,
    suffix: str = "",
    size: dict[str, int] | None = None,
) -> None:
    shape = size or SIZE
    with visiting(browser, program, size=shape, theme=theme) as visit:
        visit.enter()
        for name, where in pages.items():
            visit.page.evaluate("where => { location.hash = where }", where)
            visit.page.wait_for_timeout(700)
            visit.settled()
            visit.page.wait_for_timeout(700)
            picture = visit.page.screenshot()
            if len(picture) > LARGEST:
                sys.exit(f"{name}{suffix}.png has {len(picture)} bytes; at most {LARGEST}")
            (folder / f"{name}{suffix}.png").write_bytes(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
