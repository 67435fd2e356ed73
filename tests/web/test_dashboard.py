"""What a person does in the dashboard, with the real program behind a real browser.

Whatever the browser complains of (a script's error, a breach of the page's policy) fails the test.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.settings import Settings
from tests.canaries import PATH_TOKEN
from tests.functional.running import JSON, Running, running
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish, old_orders

PAGES = ["/", "/signals", "/orders", "/positions", "/strategies", "/about"]
TITLES = {"/": "Overview"}
HEADINGS = {path: TITLES.get(path, path.strip("/").capitalize()) for path in PAGES}
MORE_THAN_A_PAGE_LOOKS_THROUGH = 260
SELLS = re.compile("everything that strategies (hold is being|held is) sold")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With orders of an account that is gone: one of eth, below many of btc."""
    found = tmp_path_factory.mktemp("home")
    furnish(found)
    old_orders(found, [("eth", "EXPIRED")])
    old_orders(found, [("btc", "DENIED")] * MORE_THAN_A_PAGE_LOOKS_THROUGH)
    old_orders(found, [("btc", "HELD")] * 2)
    return found


@pytest.fixture(scope="module")
def program(home: Path) -> Iterator[Running]:
    with running(home, "--no-demo") as found:
        yield found


def alert(program: Running, strategy: str, position: str, **fields: Any) -> str:
    """Sent as TradingView would; the signal's id."""
    message = {"ticker": f"{strategy.upper()}USDT", "market_position": position, **fields}
    status, body = program.request(
        "POST", f"/hook/{strategy}/{PATH_TOKEN}", json.dumps(message).encode(), JSON
    )
    assert status == 200, body
    return str(json.loads(body)["signal_id"])


def act(program: Running, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """An owner's confirmed act over the API."""
    known = {"Authorization": f"Bearer {program.owner_token}", **JSON, **headers}
    known.setdefault("Idempotency-Key", f"{path} {time.monotonic_ns()}")
    sent = json.dumps(body | {"confirm": True}).encode()
    status, answer = program.request("POST", path, sent, known)
    assert status == 200, answer
    found: dict[str, Any] = json.loads(answer)
    return found


def test_a_wrong_token_is_told_in_place_and_the_right_one_lets_in(
    browser: Browser, program: Running
) -> None:
    with visiting(browser, program) as visit:
        page = visit.page
        page.goto(visit.address)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("This token is not valid.")
        page.get_by_label("Token").fill(program.owner_token)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_the_token_leaves_the_address_at_once_and_stays_in_the_tab(visit: Visit) -> None:
    page = visit.page
    visit.enter("/signals?status=EXECUTED")
    expect(page.get_by_role("heading", level=1)).to_have_text("Signals")
    assert page.url == f"{visit.address}#/signals?status=EXECUTED"
    expect(page.get_by_label("Outcome")).to_have_value("EXECUTED")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signals")
    assert page.context.cookies() == []
    assert program_token(visit) not in page.evaluate("JSON.stringify(localStorage)")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def program_token(visit: Visit) -> str:
    return visit.program.owner_token


def test_an_alert_shows_with_its_outcome_and_its_whole_story(visit: Visit) -> None:
    page = visit.page
    visit.go("/signals", "Signals")
    alert(visit.program, "btc", "long", order_comment="breakout")
    row = page.get_by_role("row").filter(has_text="breakout")
    expect(row).to_contain_text("executed")
    row.click()
    story = page.get_by_role("dialog")
    expect(story).to_contain_text("bought")
    for moment in ("fired", "received", "planned", "sent", "filled", "ended"):
        expect(story.locator(".timeline")).to_contain_text(moment)
    story.get_by_role("link", name=re.compile("^buy ")).click()
    order = page.get_by_role("dialog")
    expect(order).to_contain_text("Venue's order id")
    expect(order).to_contain_text("Fills")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    visit.go("/", "Overview")
    expect(page.get_by_role("region", name="Open positions").first).to_contain_text("BTC/USDT")


def test_what_stands_in_an_alert_is_shown_as_text(visit: Visit) -> None:
    page = visit.page
    evil = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
    identity = alert(visit.program, "eth", "flat", order_comment=evil)
    visit.go(f"/signals/{identity}", "Signals")
    expect(page.get_by_role("dialog")).to_contain_text(evil)
    expect(page.get_by_role("row").filter(has_text=evil)).to_have_count(1)
    page.get_by_text("The alert as it was received").click()
    received = page.get_by_label("The alert as it was received")
    expect(received).to_have_text(
        f'{{"ticker": "ETHUSDT", "market_position": "flat", "order_comment": "{evil}"}}'
    )
    assert page.evaluate("window.hacked") is None


def test_a_halt_shows_first_what_it_does_and_then_nothing_is_bought(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Halt", exact=True).click()
    page.get_by_label("Reason").fill("for the test")
    page.get_by_role("button", name="Halt entries").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("No strategy enters any more")
    assert visit.program.request("GET", "/overview", b"", bearer(visit))[0] == 200
    question.get_by_role("button", name="Halt now").click()
    expect(page.get_by_text("Trading is halted: nothing is bought")).to_be_visible()
    try:
        identity = alert(visit.program, "eth", "long", order_comment="too late")
        visit.go(f"/signals/{identity}", "Signals")
        story = page.get_by_role("dialog")
        expect(story).to_contain_text("denied")
        expect(story.get_by_role("link", name=re.compile("^buy "))).to_have_count(0)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Resume trading").click()
        page.get_by_role("dialog").get_by_role("button", name="Resume").click()
        expect(page.get_by_role("button", name="Halt", exact=True)).to_be_visible()
    finally:
        act(visit.program, "/resume", {})


def test_an_act_whose_end_is_not_known_is_pressed_again_and_done_once(visit: Visit) -> None:
    page, sent = visit.page, lose_first_answer(visit, "**/halt")
    visit.expected.add(503)
    page.route("**/overview", lambda route: route.fulfill(status=503, body=""))
    page.reload()
    try:
        page.get_by_role("button", name="Halt", exact=True).click()
        page.get_by_role("button", name="Halt entries").click()
        page.get_by_role("button", name="Halt now").click()
        expect(page.get_by_role("dialog")).to_contain_text("pressing again cannot do it twice")
        page.unroute("**/overview")
        page.get_by_role("button", name="Halt now").click()
        expect(page.get_by_text("Trading is halted: nothing is bought")).to_be_visible()
        assert len(sent) == 2
        assert sent[0] == sent[1]
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        expect(page.get_by_role("button", name="Sell everything…")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name="Sell everything…").click()
        page.get_by_role("dialog").get_by_role("button", name="Sell everything").click()
        expect(page.get_by_text(SELLS)).to_be_visible()
        expect(page.get_by_role("button", name="Sell everything…")).to_have_count(0)
        assert sent[2] not in sent[:2]
    finally:
        act(visit.program, "/resume", {})


def lose_first_answer(visit: Visit, where: str) -> list[str]:
    """As a gateway does that gives up just before it; the keys of the acts that were sent."""
    sent: list[str] = []
    visit.expected.add(504)

    def gateway(route: Route) -> None:
        key = route.request.headers.get("idempotency-key")
        sent.extend([key] if key else [])
        if key is None or len(sent) > 1:
            return route.continue_()
        assert route.fetch().ok
        return route.fulfill(status=504, body="")

    visit.page.route(where, gateway)
    return sent


def bearer(visit: Visit) -> dict[str, str]:
    return {"Authorization": f"Bearer {visit.program.owner_token}"}


def test_an_edited_weight_is_checked_while_typing_and_changes_the_target(visit: Visit) -> None:
    page = visit.page
    visit.go("/strategies", "Strategies")
    page.get_by_role("button", name="Weights and limits").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Weight of btc").fill("1.7")
    expect(form.get_by_role("alert")).to_contain_text("at most 1")
    expect(form.get_by_role("button", name="Change")).to_be_disabled()
    form.get_by_label("Weight of btc").fill("0.25")
    expect(form.locator(".dry")).to_contain_text("0.25")
    form.get_by_role("button", name="Change").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    visit.go("/positions", "Positions")
    row = page.get_by_role("row").filter(has_text="btc")
    expect(row).to_contain_text("25.0 %")


def test_somebody_elses_change_is_not_lost_and_neither_is_mine(visit: Visit) -> None:
    page = visit.page
    visit.go("/strategies", "Strategies")
    page.get_by_role("button", name="Weights and limits").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Weight of eth").fill("0.1")
    expect(form.locator(".dry")).to_contain_text("0.1")
    act(visit.program, "/strategies/eth/pause", {})
    form.get_by_role("button", name="Change").click()
    expect(form).to_contain_text("Somebody changed the configuration meanwhile")
    expect(form.get_by_label("Weight of eth")).to_have_value("0.1")
    page.keyboard.press("Escape")
    expect(page.locator(".card", has_text="eth").last).to_contain_text("paused")
    act(visit.program, "/strategies/eth/resume", {})


def test_a_test_signal_goes_the_whole_way_and_trades_nothing(visit: Visit) -> None:
    page = visit.page
    sent = lose_first_answer(visit, "**/test-signal")
    visit.go("/signals", "Signals")
    page.get_by_role("button", name="Send a test signal").click()
    page.get_by_role("dialog").get_by_label("Strategy").select_option("eth")
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("504")
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page).to_have_url(re.compile("#/signals/."))
    assert sent == [sent[0]] * 2
    story = page.get_by_role("dialog")
    expect(story).to_contain_text("nothing is traded")


def test_a_list_lets_go_of_what_leaves_its_filter_and_is_saved_whole(
    visit: Visit, home: Path
) -> None:
    page = visit.page
    count = page.locator(".bar .count")
    visit.go("/orders?status=HELD", "Orders")
    expect(count).to_have_text("2 orders")
    resolve_one(home)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # asks again at once
    expect(count).to_have_text("1 order")
    visit.go("/orders?strategy=eth&account=former", "Orders")
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert "former" in lines[1]


def resolve_one(home: Path) -> None:
    """The older of those that wait for the owner's word, as a command beside the program does."""
    bootstrap.use(Choices(settings=Settings(), home=home))
    orders = bootstrap.trading().orders
    orders.save(replace(orders.held(1)[0], status=OrderStatus.CANCELED))
    bootstrap.reset()


def test_money_is_never_rounded_until_it_is_wrong(visit: Visit) -> None:
    written = {
        "0.0749": "0.0749",
        "0.0123": "0.0123",
        "-0.0149": "−0.0149",  # noqa: RUF001 - the sign of minus
        "0.05": "0.05",
        "0.005": "0.005",
        "0.1": "0.10",
        "0": "0.00",
        "1234.567": "1,234.57",
    }
    shown = visit.page.evaluate(
        """async (texts) => {
          const { money } = await import("lib/format.js");
          return texts.map((each) => money(each));
        }""",
        list(written),
    )
    assert dict(zip(written, shown, strict=True)) == written


def test_the_message_for_an_alert_is_ready_to_copy_and_one_of_ones_own_is_checked(
    visit: Visit,
) -> None:
    page = visit.page
    visit.go("/strategies", "Strategies")
    page.get_by_role("button", name="Alert message").first.click()
    window = page.get_by_role("dialog")
    expect(window).to_contain_text("/hook/btc/TOKEN")
    window.get_by_role("button", name="Copy").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "{{strategy.market_position}}" in copied
    held: list[Route] = []
    page.route("**/check", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/check"):
        window.get_by_label("A message to try").fill(copied + "\n")
    window.get_by_label("A message to try").fill('{"ticker": "DOGEUSDT"}')
    expect(window.locator(".note.bad").first).to_be_visible()
    held[0].continue_()  # about what stood there before, and later than the answer about this
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert window.locator(".note.bad").first.is_visible()


def test_the_keyboard_goes_everywhere(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main.work")).to_be_focused()
    page.keyboard.type("gs")
    expect(page.get_by_role("heading", level=1)).to_have_text("Signals")
    expect(page.get_by_label("Search signals")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search signals")).to_be_focused()
    page.keyboard.type("nothing has this in it")
    expect(page.get_by_text("No signal fits")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_label("Search signals")).to_have_value("")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_can_be_used_without_seeing_it(
    browser: Browser, program: Running, theme: str
) -> None:
    with visiting(browser, program, theme=theme) as visit:
        visit.enter()
        found: list[str] = []
        for path in PAGES:
            visit.go(path, HEADINGS[path])
            visit.settled()
            found += [f"{path} {offence}" for offence in visit.offences()]
        assert not found, "\n".join(found)


def test_a_phone_shows_every_page_without_scrolling_sideways(
    browser: Browser, program: Running
) -> None:
    with visiting(browser, program, size=PHONE) as visit:
        visit.enter()
        page = visit.page
        for path in PAGES:
            visit.go(path, HEADINGS[path])
            visit.settled()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE["width"], path
        page.get_by_role("button", name="More").click()
        menu = page.get_by_role("navigation", name="Pages", exact=True)
        menu.get_by_role("link", name="Strategies").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Strategies")
        expect(menu).to_be_hidden()


def test_an_address_that_nothing_has_leads_back(visit: Visit) -> None:
    visit.go("/nowhere", "Nothing here")
    visit.page.get_by_role("link", name="Go to the overview").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Overview")
