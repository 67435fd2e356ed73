"""The first hour: signing in, what is not known yet, and what goes wrong at first."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.functional.running import Running, running
from tests.web.altered import changed
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish
from tests.web.test_dashboard import act, alert

AIR = 10  # pixels at least between a table and the heading under it
LIST = """Trade #,Type,Date/Time,Signal,Price USDT,Position size (qty)
1,Entry long,2026-03-02 12:00,in,100,1
1,Exit long,2026-03-02 14:00,out,110,1
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    with running(home, "--no-demo") as found:
        yield found


def without_figures(route: Route) -> None:
    """As the program answers between the first purchase and the first figures."""
    changed(
        route,
        lambda body: {
            "accounts": [{**account, "equity": None} for account in body["accounts"]],
            "totals": [],
        },
    )


def after_a_busy_tick(route: Route) -> None:
    """As the program answers until the next one."""
    outcome = "paper worked: 1 plans, 1 orders, 1 entries"
    changed(route, lambda body: {"tick": {**body["tick"], "outcome": outcome}})


def test_figures_come_with_the_first_purchase_and_a_share_is_unknown_before(
    browser: Browser, tmp_path: Path
) -> None:
    furnish(tmp_path)
    with running(tmp_path, "--no-demo") as untraded, visiting(browser, untraded) as visit:
        visit.enter()
        page = visit.page
        expect(page.get_by_text("taken once something has been traded")).to_be_visible()
        page.route("**/overview", without_figures)
        alert(untraded, "btc", "long")
        visit.go("/positions", "Positions")
        row = page.get_by_role("row").filter(has_text="btc")
        expect(row).to_contain_text("– of 40.0 %")  # noqa: RUF001 - as the page writes it
        expect(row.locator(".share-bar")).to_have_count(0)
        page.unroute("**/overview")
        expect(row).to_contain_text(re.compile(r"4\d\.\d % of 40\.0 %"))
        expect(row.locator(".share-bar .actual")).to_be_visible()
        visit.go("/", "Overview")
        expect(page.get_by_role("region", name="Equity")).to_contain_text("figures of")


def test_a_page_that_comes_after_it_was_left_takes_nobody_back(
    browser: Browser, program: Running
) -> None:
    """On a slow line: the reader has gone on before the first page's file is there."""
    held: list[Route] = []
    with visiting(browser, program) as visit:
        page = visit.page
        page.route("**/ui/pages-overview.*", lambda route: held.append(route))  # noqa: PLW0108
        visit.enter()
        visit.go("/accounts", "Accounts")
        account = page.get_by_role("region", name="paper")
        expect(account).to_be_visible()
        held.pop().continue_()
        page.evaluate("import('pages/overview.js').then(() => true)")
        page.evaluate("new Promise((done) => setTimeout(done))")
        assert account.is_visible()


@pytest.mark.parametrize("pasted", ["“abc”", "пароль", "a b"])
def test_what_can_be_no_token_is_refused_and_not_kept(
    browser: Browser, program: Running, pasted: str
) -> None:
    with visiting(browser, program) as visit:
        page = visit.page
        page.goto(visit.address)
        page.get_by_label("Token").fill(pasted)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("has a character that no token has")
        assert page.evaluate("sessionStorage.length") == 0
        page.get_by_label("Token").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("This token is not valid.")
        assert page.evaluate("sessionStorage.length") == 0


def test_when_everything_is_sold_the_halt_does_not_say_that_it_is_being_sold(visit: Visit) -> None:
    page = visit.page
    alert(visit.program, "eth", "long")
    expect(page.get_by_role("region", name="Open positions")).to_contain_text("ETH/USDT")
    act(visit.program, "/halt", {"flatten": True})
    try:
        expect(page.get_by_text("everything that strategies held is sold")).to_be_visible()
        expect(page.get_by_text("Nothing is held")).to_be_visible()
    finally:
        act(visit.program, "/resume", {})


@pytest.mark.parametrize(("path", "back"), [("bots", "All bots"), ("deployments", "All deploy")])
def test_what_does_not_exist_leads_back_to_the_list(visit: Visit, path: str, back: str) -> None:
    visit.expected.add(404)
    visit.go(f"/{path}/nobody", "nobody")
    visit.page.get_by_role("link", name=back).click()
    expect(visit.page.locator("main.work h1")).to_have_text(path.capitalize())


def test_a_replay_is_begun_once_and_a_failed_one_does_not_leave_the_result_before(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit.page
    listed = tmp_path / "trend BTCUSDT.csv"
    listed.write_text(LIST, encoding="utf-8")
    book = tmp_path / "trades BTCUSDT.xlsx"
    book.write_bytes(b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00")
    visit.go("/replay", "Replay")
    chosen = page.locator("input[type=file]")
    chosen.set_input_files(book)
    expect(page.get_by_role("alert")).to_contain_text("trades BTCUSDT.xlsx is a spreadsheet")
    expect(page.get_by_role("alert")).to_contain_text("export it as CSV")
    expect(page.get_by_label("Strategy")).to_have_count(0)
    chosen.set_input_files(listed)
    begun: list[str] = []
    page.on("request", lambda asked: begun.extend([asked.url] if asked.method == "POST" else []))
    page.get_by_role("button", name="Replay", exact=True).dblclick()
    figures = page.get_by_role("group", name="Figures of each policy")
    expect(figures).to_be_visible()
    assert begun == [visit.address.replace("/ui", "/replays")]
    page.get_by_label("Cash").fill("-1")
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("cash")
    expect(figures).to_have_count(0)


def test_a_phone_shows_what_came_of_a_replay_and_the_overview_without_overprinting(
    browser: Browser, program: Running, tmp_path: Path
) -> None:
    listed = tmp_path / "trend BTCUSDT.csv"
    listed.write_text(LIST, encoding="utf-8")
    with visiting(browser, program, size=PHONE) as visit:
        visit.enter("/replay")
        page = visit.page
        page.locator("input[type=file]").set_input_files(listed)
        page.get_by_role("button", name="Replay", exact=True).click()
        tabs = page.get_by_role("group", name="Policy", exact=True)
        expect(tabs).to_be_visible()
        visit.settled()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert visit.offences() == []
        above = page.get_by_role("group", name="What each strategy came to").bounding_box()
        heading = page.get_by_role("heading", name="Alerts", exact=True).bounding_box()
        assert above
        assert heading
        assert heading["y"] - above["y"] - above["height"] >= AIR
        page.route("**/overview", after_a_busy_tick)
        visit.go("/", "Overview")
        expect(page.get_by_text("paper worked: 1 plans")).to_be_visible()
        visit.settled()
        for row in page.locator("ul.plain > li").all():
            name, told = (row.locator(f":scope > :nth-child({n})").bounding_box() for n in (1, 2))
            assert name
            assert told
            assert name["x"] + name["width"] <= told["x"]
            for part in (row, row.locator(":scope > :nth-child(1)")):
                assert part.evaluate("part => part.scrollWidth <= part.clientWidth")
