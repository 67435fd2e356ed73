"""A line on which answers come late, in another order, or never."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import access_tokens
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.settings import Settings
from tests.functional.running import Running, running
from tests.web.browser import Visit, visiting
from tests.web.floor import furnish, old_orders
from tests.web.test_dashboard import act

MORE_THAN_A_PAGE_LOOKS_THROUGH = 260
MORE_THAN_A_PAGE = 230
ALL = MORE_THAN_A_PAGE_LOOKS_THROUGH + 1 + MORE_THAN_A_PAGE
OF_THE_PHONE = "of-the-phone"
NEXT_PAGE = re.compile(r"/orders\?.*cursor=")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With orders of an account that is gone: one of eth, below many of btc."""
    found = tmp_path_factory.mktemp("home")
    furnish(found)
    old_orders(found, [("eth", "EXPIRED")])
    old_orders(found, [("btc", "DENIED")] * MORE_THAN_A_PAGE_LOOKS_THROUGH)
    return found


@pytest.fixture(scope="module")
def program(home: Path) -> Iterator[Running]:
    with running(home, "--no-demo") as found:
        yield found


def hold(page: Page, where: str | re.Pattern[str]) -> list[Route]:
    """Nothing is answered there; what is asked, in its order."""
    held: list[Route] = []
    page.route(where, lambda route: held.append(route))  # noqa: PLW0108 - called with one
    return held


def look_again(page: Page) -> None:
    """As when the tab comes to the front: everything shown is asked for at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_list_comes_although_the_page_of_another_filter_is_never_answered(visit: Visit) -> None:
    page = visit.page
    hold(page, re.compile(r"/orders\?.*status=EXPIRED.*cursor="))
    with page.expect_request(NEXT_PAGE):
        visit.go("/orders?status=EXPIRED", "Orders")
    visit.go("/orders?strategy=eth", "Orders")
    expect(page.locator(".bar .count")).to_have_text("1 order")
    expect(page.get_by_role("row").filter(has_text="eth")).to_be_visible()


def test_what_went_wrong_with_one_filter_is_not_told_of_another(visit: Visit) -> None:
    page = visit.page
    visit.expected.add(503)
    where = re.compile(r"/orders\?.*status=EXPIRED.*cursor=")
    page.route(where, lambda route: route.fulfill(status=503, body=""))
    visit.go("/orders?status=EXPIRED", "Orders")
    expect(page.get_by_role("alert")).to_contain_text("503")
    visit.go("/orders?status=DENIED", "Orders")
    expect(page.get_by_role("row").filter(has_text="denied").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_that_comes_after_its_list_began_anew_leaves_no_rows_out(
    visit: Visit, home: Path
) -> None:
    page = visit.page
    count = page.locator(".bar .count")
    held: list[Route] = []
    page.route(NEXT_PAGE, lambda route: route.continue_() if held else held.append(route))
    visit.go("/orders", "Orders")
    expect(count).to_have_text("200+ orders")
    with page.expect_request(NEXT_PAGE):
        to_the_end(page)
    old_orders(home, [("btc", "REJECTED")] * MORE_THAN_A_PAGE)
    look_again(page)
    page.get_by_role("region", name="Orders").evaluate("box => { box.scrollTop = 0; }")
    expect(page.get_by_role("row").filter(has_text="rejected").first).to_be_visible()
    held[0].continue_()
    expect(count).not_to_have_text("200+ orders")
    to_the_end(page)
    expect(count).to_have_text(re.compile(r"\d orders"))
    expect(count).to_have_text(f"{ALL} orders")


def to_the_end(page: Page) -> None:
    page.get_by_role("region", name="Orders").evaluate(
        "box => { box.scrollTop = box.scrollHeight; }"
    )


def change_phone(home: Path, *tokens: AccessToken) -> None:
    """As `tokens new` and `tokens revoke` do beside the program."""
    bootstrap.use(Choices(settings=Settings(), home=home))
    access_tokens().change(lambda _: tokens)
    bootstrap.reset()


def test_a_late_refusal_of_the_token_before_does_not_end_the_new_one(
    browser: Browser, program: Running, home: Path
) -> None:
    token = AccessToken(name="phone", role=Role.OWNER, hash=hash_token(OF_THE_PHONE))
    change_phone(home, token)
    with visiting(browser, program) as visit:
        page = visit.page
        visit.enter("/signals", token=OF_THE_PHONE)
        expect(page.get_by_role("banner").get_by_text("paper")).to_be_visible()
        with page.expect_request("**/overview"):
            held = hold(page, "**/overview")
            look_again(page)
        change_phone(home)
        look_again(page)
        page.get_by_label("Token").fill(program.owner_token)
        page.keyboard.press("Enter")
        expect(page.get_by_label("Token")).to_have_count(0)
        held[0].fulfill(status=401, json={"error": "of the token before"})
        expect(page.locator(".offline")).to_be_visible()
        assert page.get_by_label("Token").count() == 0
        assert page.evaluate("sessionStorage.getItem('crypto-bot-token')") == program.owner_token


def test_the_window_for_a_new_token_cannot_be_closed_for_ever(visit: Visit) -> None:
    page = visit.page
    old = {"authorization": "Bearer of-yesterday"}
    page.route("**/overview", lambda route: route.continue_(headers=old))
    look_again(page)
    expect(page.get_by_label("Token")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Escape")
    page.evaluate("new Promise((done) => setTimeout(done))")
    expect(page.get_by_label("Token")).to_be_visible()
    page.unroute("**/overview")
    page.get_by_label("Token").fill(visit.program.owner_token)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Token")).to_have_count(0)


def test_who_never_answers_is_said_not_to_and_asked_again(visit: Visit) -> None:
    """A minute of patience passes within a second here."""
    page = visit.page
    expect(page.get_by_role("banner").get_by_text("paper")).to_be_visible()
    page.evaluate(
        """() => {
          const real = AbortSignal.timeout.bind(AbortSignal);
          AbortSignal.timeout = (wait) => real(wait / 60);
        }"""
    )
    hold(page, "**/overview")
    expect(page.locator(".offline")).to_contain_text("No answer from the program")
    page.unroute("**/overview")
    look_again(page)
    expect(page.locator(".offline")).to_have_count(0)


def test_limits_can_be_changed_while_the_page_is_asked_for_again(visit: Visit) -> None:
    page = visit.page
    visit.go("/strategies", "Strategies")
    expect(page.get_by_role("button", name="Weights and limits")).to_be_visible()
    hold(page, "**/strategies")
    try:
        page.get_by_role("button", name="Halt", exact=True).click()
        page.get_by_role("button", name="Halt entries").click()
        page.get_by_role("button", name="Halt now").click()
        expect(page.get_by_text("Trading is halted: nothing is bought")).to_be_visible()
        page.get_by_role("button", name="Weights and limits").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Weights and limits").click()
        form = page.get_by_role("dialog")
        form.get_by_label("Weight of eth").fill("0.1")
        expect(form.locator(".dry")).to_contain_text("0.1")
    finally:
        act(visit.program, "/resume", {})
