"""Windows over the page: the keyboard's way in and back out, and what was entered in them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.functional.running import Running, running
from tests.web.browser import Visit, visiting
from tests.web.floor import furnish
from tests.web.test_bots_pages import SOURCE, write
from tests.web.test_dashboard import act, alert


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    with running(home, "--no-demo") as found:
        yield found


def opened_from(visit: Visit, place: Locator) -> Locator:
    """By the keyboard."""
    place.focus()
    visit.page.keyboard.press("Enter")
    window = visit.page.get_by_role("dialog")
    expect(window).to_be_visible()
    return window


def test_the_keyboard_is_back_where_it_was_when_a_window_closes(visit: Visit) -> None:
    page = visit.page
    identity = alert(visit.program, "btc", "flat", order_comment="for the keyboard")
    visit.go("/signals", "Signals")
    button = page.get_by_role("button", name="Send a test signal")
    for end in ("Escape", "Cancel", "Close"):
        window = opened_from(visit, button)
        if end == "Escape":
            page.keyboard.press("Escape")
        else:
            window.get_by_role("button", name=end, exact=True).click()
        expect(window).to_have_count(0)
        expect(button).to_be_focused()
    row = page.get_by_role("row").filter(has_text="for the keyboard")
    opened_from(visit, row)
    assert page.url.endswith(identity)
    page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_a_window_that_nothing_on_the_page_opened_leaves_the_keyboard_at_the_heading(
    visit: Visit,
) -> None:
    page = visit.page
    identity = alert(visit.program, "btc", "flat", order_comment="by its address")
    visit.enter(f"/signals/{identity}")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("main.work h1")).to_be_focused()


def test_a_page_that_is_opened_for_the_first_time_has_the_keyboard_at_its_heading(
    visit: Visit,
) -> None:
    page = visit.page
    for letter, heading in (("m", "Markets"), ("s", "Signals"), ("m", "Markets")):
        page.keyboard.type(f"g{letter}")
        expect(page.locator("main.work h1")).to_have_text(heading)
        visit.settled()
        expect(page.locator("main.work h1")).to_be_focused()


def test_a_test_signal_is_sent_with_the_ticker_that_is_shown(visit: Visit) -> None:
    page = visit.page
    visit.go("/signals", "Signals")
    page.get_by_role("button", name="Send a test signal").click()
    window = page.get_by_role("dialog")
    ticker = window.get_by_label("Ticker")
    expect(ticker).to_have_value("BTCUSDT")
    ticker.select_option("BTCUSDT")
    window.get_by_label("Strategy").select_option("eth")
    expect(ticker).to_have_value("ETHUSDT")
    window.get_by_role("button", name="Send").click()
    expect(page.get_by_text("A test of eth for ETHUSDT has arrived")).to_be_visible()


def test_somebody_elses_halt_takes_the_window_away_for_good(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Halt", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Halt trading")
    act(visit.program, "/halt", {"flatten": False})
    expect(page.get_by_text("Trading is halted: nothing is bought")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    act(visit.program, "/resume", {})
    expect(page.get_by_role("button", name="Halt", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_nobody_answered_is_told_in_sentences(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Halt", exact=True).click()
    page.get_by_role("button", name="Halt entries").click()
    expect(page.get_by_role("dialog")).to_contain_text("No strategy enters any more")
    page.route("**/halt", lambda route: route.abort())
    page.get_by_role("button", name="Halt now").click()
    told = page.get_by_role("dialog").get_by_role("alert")
    expect(told).to_contain_text("is this machine online? It may have been done or not;")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Halt", exact=True)).to_be_focused()


def test_what_was_refused_is_still_there_to_be_mended(visit: Visit) -> None:
    page = visit.page
    visit.go("/bots/kept?from=template", "kept")
    write(visit, SOURCE)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("version 1.0")).to_be_visible()
    page.get_by_role("button", name="Deploy").click()
    share = page.get_by_label("Share of it")
    page.get_by_label("Cash it reckons with").fill("777")
    for wrong in ("NaN", "-1", "5", "abc", ""):
        share.fill(wrong)
        page.get_by_role("button", name="Next").click()
        question = page.get_by_role("dialog").last
        expect(question.get_by_role("alert")).to_be_visible()
        expect(question.get_by_role("button", name="Try again")).to_have_count(0)
        assert visit.offences() == []
        question.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("dialog")).to_have_count(1)
        expect(page.get_by_role("button", name="Next")).to_be_focused()
        expect(share).to_have_value(wrong)
    share.fill("0.1")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Deploy").click()
    expect(page.get_by_text("it waits for its first candle")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("main.work h1")).to_be_focused()
    look_back_at_an_update(visit)


def look_back_at_an_update(visit: Visit) -> None:
    """From the question to the form and out of it."""
    page = visit.page
    page.get_by_role("button", name="Update").click()
    page.get_by_role("dialog").get_by_label("above").fill("120")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("above: 100 -> 120")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog").get_by_label("above")).to_have_value("120")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Update")).to_be_focused()


def test_a_channel_inside_a_network_is_refused_and_its_form_kept(visit: Visit) -> None:
    page = visit.page
    visit.go("/settings", "Settings")
    page.get_by_role("button", name="Add channel").click()
    page.get_by_label("Name").fill("desk")
    page.get_by_label("Over").select_option("webhook")
    page.get_by_label("url").fill("http://10.0.0.1/x")
    page.get_by_role("button", name="Next").click()
    told = page.get_by_role("dialog").last.get_by_role("alert")
    expect(told).to_contain_text("has a url that cannot be used")
    expect(told).to_contain_text("https:// and a public host, or http:// to this machine")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(page.get_by_label("url")).to_have_value("http://10.0.0.1/x")
    page.get_by_label("url").fill("http://127.0.0.1:9/x")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="desk")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Add channel")).to_be_focused()


def test_keys_and_an_account_that_are_not_wanted_yet_stay_in_the_form(
    browser: Browser, program: Running
) -> None:
    with visiting(browser, program) as visit:
        visit.enter("/accounts")
        page = visit.page
        page.get_by_role("button", name="Add account").click()
        page.get_by_label("Name").fill("second")
        page.get_by_label("Capital").fill("-1")
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("dialog").last.get_by_role("alert")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_label("Name")).to_have_value("second")
        page.get_by_label("Capital").fill("")
        page.get_by_label("Mode").select_option("sandbox")
        page.get_by_label("Exchange").fill("binance")
        page.get_by_label("api-key").fill(EXCHANGE_KEY)
        page.get_by_label("api-secret").fill(EXCHANGE_SECRET)
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("would store api-key, api-secret")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_label("api-key")).to_have_value(EXCHANGE_KEY)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert EXCHANGE_KEY not in page.content()
