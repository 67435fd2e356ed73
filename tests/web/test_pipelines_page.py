"""Stages of market data, run from a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import access_tokens
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.local.home import locked
from chalicelib.settings import Settings
from tests.functional.running import Running, running
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish

VIEWER = "a-viewer-s-token"
WHERE = "/pipelines?stage=analyse_markets"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a viewer may look, too."""
    found = tmp_path_factory.mktemp("home")
    furnish(found)
    bootstrap.use(Choices(settings=Settings(), home=found))
    viewer = AccessToken(name="anna", role=Role.VIEWER, hash=hash_token(VIEWER))
    access_tokens().change(lambda _: (viewer,))
    bootstrap.reset()
    return found


@pytest.fixture(scope="module")
def program(home: Path) -> Iterator[Running]:
    with running(home, "--no-demo") as found:
        yield found


def stage(visit: Visit) -> Locator:
    return visit.page.get_by_role("region", name="analyse markets")


def test_an_owner_runs_a_stage_and_sees_how_it_went(visit: Visit) -> None:
    looks: list[Route] = []
    visit.page.route("**/jobs/*", lambda look: looks.append(look))  # noqa: PLW0108
    visit.go(WHERE, "Pipelines")
    stage(visit).get_by_role("button", name="Run it now").click()
    expect(stage(visit).get_by_role("button", name="Abort")).to_be_visible()
    visit.page.unroute("**/jobs/*")
    for look in looks:
        look.continue_()
    expect(stage(visit)).to_contain_text("All done last")
    expect(stage(visit).get_by_role("button", name="Run it now")).to_be_enabled()
    assert visit.offences() == []


def test_a_run_that_could_not_be_says_why(visit: Visit, home: Path) -> None:
    visit.go(WHERE, "Pipelines")
    with locked(home / "stages.lock") as is_ours:
        assert is_ours
        stage(visit).get_by_role("button", name="Run it now").click()
        expect(stage(visit).get_by_role("alert")).to_contain_text("another process runs stages")


def test_a_viewer_is_told_the_command_and_offered_no_button(
    browser: Browser, program: Running
) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    with visiting(browser, program, size=PHONE, theme="light") as visit:
        visit.enter(WHERE, VIEWER)
        expect(stage(visit)).to_contain_text("crypto-bot pipeline run analyse_markets")
        expect(visit.page.get_by_role("button", name="Run it now")).to_have_count(0)
        assert visit.offences() == []
        assert visit.page.evaluate(wide) == 0
