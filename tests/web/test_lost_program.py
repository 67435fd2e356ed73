"""A program that is gone, and a token that is not valid any more: told in place, nothing lost."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.functional.running import running
from tests.web.browser import visiting
from tests.web.floor import furnish


def test_what_was_shown_stays_and_is_called_old_when_the_program_is_gone(
    browser: Browser, tmp_path: Path
) -> None:
    furnish(tmp_path)
    with (
        running(tmp_path, "--no-demo") as program,
        visiting(browser, program) as visit,
    ):
        visit.enter("/strategies")
        page = visit.page
        expect(page.get_by_role("heading", name="btc", exact=True)).to_be_visible()
        program.kill()
        expect(page.locator(".offline")).to_contain_text("No answer from the program")
        expect(page.get_by_role("heading", name="btc", exact=True)).to_be_visible()
        page.get_by_role("button", name="Weights and limits").click()
        form = page.get_by_role("dialog")
        form.get_by_label("Weight of btc").fill("0.3")
        expect(form.get_by_role("alert")).to_contain_text("does not answer")
        expect(form.get_by_label("Weight of btc")).to_have_value("0.3")


def test_a_token_that_is_not_valid_any_more_is_asked_for_over_the_page(
    browser: Browser, tmp_path: Path
) -> None:
    furnish(tmp_path)
    with (
        running(tmp_path, "--no-demo") as program,
        visiting(browser, program) as visit,
    ):
        visit.enter("/signals")
        page = visit.page
        page.get_by_label("Search signals").fill("half a thought")
        old = {"authorization": "Bearer of-yesterday"}
        page.route("**/overview", lambda route: route.continue_(headers=old))
        expect(page.get_by_label("Token")).to_be_visible()
        page.unroute("**/overview")
        page.get_by_label("Token").fill(program.owner_token)
        page.keyboard.press("Enter")
        expect(page.get_by_label("Token")).to_have_count(0)
        expect(page.get_by_label("Search signals")).to_have_value("half a thought")
