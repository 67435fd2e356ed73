"""One browser for all tests of the dashboard, one program for those of a file."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.functional.running import Running, running
from tests.web.browser import Visit, chromium, visiting
from tests.web.floor import furnish


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two strategies on paper, and nothing that trades by itself."""
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    with running(home, "--no-demo") as found:
        yield found


@pytest.fixture
def visit(browser: Browser, program: Running) -> Iterator[Visit]:
    """An owner's tab, on the overview."""
    with ExitStack() as stack:
        found = stack.enter_context(visiting(browser, program))
        found.enter()
        yield found
