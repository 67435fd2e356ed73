"""Accounts, pipelines, settings and logs in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.functional.running import Running, running
from tests.web.altered import changed
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish

PAGES = {
    "/accounts": "Accounts",
    "/pipelines": "Pipelines",
    "/settings": "Settings",
    "/logs": "Logs",
}


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of one test, which changes it."""
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    with running(home, "--no-demo") as found:
        yield found


def test_an_account_is_added_with_keys_that_are_never_seen_again(browser: Browser, fresh: Running):
    with visiting(browser, fresh) as visit:
        visit.enter("/accounts")
        page = visit.page
        page.get_by_role("button", name="Add account").click()
        page.get_by_label("Name").fill("main")
        page.get_by_label("Mode").select_option("sandbox")
        page.get_by_label("Exchange").fill("binance")
        page.get_by_label("api-key").fill(EXCHANGE_KEY)
        page.get_by_label("api-secret").fill(EXCHANGE_SECRET)
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("would store api-key, api-secret")).to_be_visible()
        page.get_by_role("button", name="Store").click()
        expect(page.get_by_text("account main on binance in mode sandbox would be")).to_be_visible()
        page.get_by_role("button", name="Add", exact=True).click()

        card = page.get_by_role("region", name="main")
        expect(card).to_contain_text("present")
        card.get_by_role("button", name="Unlink keys").click()
        page.get_by_role("button", name="Unlink", exact=True).click()
        expect(card).to_contain_text("missing")
        for secret in (EXCHANGE_KEY, EXCHANGE_SECRET):
            assert secret not in page.content()


def test_where_no_keys_are_taken_the_page_asks_for_none_and_says_why(visit: Visit):
    """As a stage on AWS answers that has no function for keys."""

    def refusing(route: Route) -> None:
        changed(route, lambda _: {"keys_refusal": "no right to any"})

    visit.page.route("**/accounts", refusing)
    visit.go("/accounts", "Accounts")
    expect(visit.page.get_by_text("no right to any")).to_be_visible()
    expect(visit.page.get_by_role("button", name="Test")).to_have_count(0)
    visit.page.get_by_role("button", name="Add account").click()
    visit.page.get_by_label("Mode").select_option("sandbox")
    visit.page.get_by_label("Exchange").fill("binance")
    dialog = visit.page.get_by_role("dialog")
    expect(dialog.get_by_text("no right to any")).to_be_visible()
    visit.settled()
    expect(dialog.get_by_label("api-key")).to_have_count(0)


def test_a_paper_account_is_tried(visit: Visit):
    visit.go("/accounts", "Accounts")
    card = visit.page.get_by_role("region", name="paper")
    card.get_by_role("button", name="Test").click()

    expect(card.get_by_label("What the venue answered")).to_contain_text("10000 USDT free")


def test_a_stage_that_never_ran_tells_the_command_that_runs_it(visit: Visit):
    visit.go("/pipelines", "Pipelines")
    visit.page.get_by_role("row", name="load candles").click()

    expect(visit.page.get_by_text("crypto-bot pipeline run load_candles")).to_be_visible()


def test_the_log_is_searched(visit: Visit, program: Running):
    program.alert("long")
    visit.go("/logs?level=DEBUG", "Logs")
    expect(visit.page.locator(".logs-lines li").first).to_be_visible()
    visit.page.get_by_label("Only lines with").fill("no such words anywhere")

    expect(visit.page.get_by_text("No such line")).to_be_visible()


def test_they_can_be_used_without_eyes_or_mouse(browser: Browser, program: Running):
    with visiting(browser, program, theme="light") as visit:
        visit.enter()
        for where, title in PAGES.items():
            visit.go(where, title)
            visit.settled()
            assert visit.offences() == []


def test_a_phone_needs_no_scrolling_sideways(browser: Browser, program: Running):
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    with visiting(browser, program, size=PHONE) as visit:
        visit.enter()
        for where, title in PAGES.items():
            visit.go(where, title)
            visit.settled()
            assert (where, visit.page.evaluate(wide)) == (where, 0)
