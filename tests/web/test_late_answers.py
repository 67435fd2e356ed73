"""Acts whose answer comes late, twice or never: nobody is moved, nothing is done twice."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.settings import Settings
from tests.functional.running import JSON, Running, eventually, running
from tests.market.klines import FIRST, MINUTE
from tests.web.browser import Visit, visiting
from tests.web.floor import furnish
from tests.web.test_bots_pages import SOURCE, read, write
from tests.web.test_dashboard import lose_first_answer
from tests.web.test_engine_in_page import START_MS
from tests.web.test_first_steps import LIST

SECOND = Account(
    name="second", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT", prices_from="synthetic"
)
TYPES_AT_ONCE = """new MutationObserver((_, seen) => {
  const field = document.querySelector('input[type=search]');
  if (!field) return;
  seen.disconnect();
  field.value = "at once";
  field.dispatchEvent(new Event("input", { bubbles: true }));
}).observe(document.body, { childList: true, subtree: true })"""
TYPES_AFTER_EMPTYING = """() => {
  const replace = history.replaceState.bind(history);
  history.replaceState = (...given) => {
    history.replaceState = replace;
    replace(...given);
    const field = document.querySelector("input[type=search]");
    field.value = "b";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
}"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With a second account and an hour of candles."""
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    bootstrap.use(Choices(settings=Settings(), home=home))
    bootstrap.strategies().apply(expected_version=1, accounts=[SECOND])
    closes = [Decimal(100 + (n % 20 if n % 40 < 20 else -(n % 20))) for n in range(200)]
    rows = [Candle(FIRST + n * MINUTE, p, p, p, p, Decimal(1)) for n, p in enumerate(closes)]
    candle_lake().write(candle_series("binance", "BTC/USDT", "1m"), rows)
    bootstrap.reset()
    with running(home, "--no-demo") as found:
        yield found


class Held:
    """Answers of the first act at an address, until one lets it go; what only asks goes through."""

    def __init__(self, page: Page, where: str) -> None:
        self._page, self._routes, self._is_over = page, list[Route](), False
        page.route(where, self._take)

    def _take(self, route: Route) -> None:
        if "idempotency-key" in route.request.headers and not self._is_over:
            self._routes.append(route)
        else:
            route.continue_()

    def wait(self) -> None:
        while not self._routes:
            self._page.wait_for_timeout(20)

    def release(self, refusal: dict[str, Any] | None = None) -> None:
        self._is_over = True
        for route in self._routes:
            if refusal is None:
                route.continue_()
            else:
                route.fulfill(**refusal)


REFUSED = {"status": 422, "json": {"status": "refused", "error": "there is no room for it"}}
LOST: dict[str, Any] = {"status": 504, "body": ""}


def save_bot(program: Running, name: str) -> None:
    headers = {"Authorization": f"Bearer {program.owner_token}", **JSON, "Idempotency-Key": name}
    body = json.dumps({"source": SOURCE, "major": False}).encode()
    status, answer = program.request("POST", f"/bots/{name}", body, headers)
    assert status == 200, answer


@pytest.mark.parametrize(
    ("name", "answer", "told"),
    [
        ("late", None, "late"),
        ("unwanted", REFUSED, "Deploy unwanted: there is no room for it"),
        ("lost", LOST, "It may have been done or not; look at what there is"),
    ],
)
def test_a_late_answer_leaves_the_next_question_open_and_the_reader_where_he_is(
    visit: Visit, name: str, answer: dict[str, Any] | None, told: str
) -> None:
    page = visit.page
    visit.expected.add(504)
    save_bot(visit.program, name)
    visit.go(f"/bots/{name}", name)
    page.get_by_role("button", name="Deploy").click()
    page.get_by_role("button", name="Next").click()
    held = Held(page, "**/deployments")
    page.get_by_role("dialog").last.get_by_role("button", name="Deploy").click()
    held.wait()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Halt", exact=True).click()
    page.get_by_role("button", name="Halt entries").click()
    question = page.get_by_role("dialog", name="Halt all entries")
    expect(question.locator(".dry")).to_be_visible()
    held.release(answer)
    expect(page.locator(f".toast.{'bad' if answer else 'good'}")).to_contain_text(told)
    expect(question.get_by_role("button", name="Halt now")).to_be_visible()
    assert page.url.endswith(f"#/bots/{name}")


@pytest.mark.parametrize(("answer", "tone"), [(None, "good"), (REFUSED, "bad")])
def test_a_test_signal_that_was_left_takes_nobody_to_it(
    visit: Visit, answer: dict[str, Any] | None, tone: str
) -> None:
    page = visit.page
    visit.go("/signals", "Signals")
    page.get_by_role("button", name="Send a test signal").click()
    held = Held(page, "**/test-signal")
    window = page.get_by_role("dialog")
    window.get_by_role("button", name="Send").click()
    held.wait()
    window.get_by_role("button", name="Cancel").click()
    visit.go("/orders", "Orders")
    held.release(answer)
    expect(page.locator(f".toast.{tone}")).to_be_visible()
    visit.settled()
    assert page.url.endswith("#/orders")
    expect(page.locator("main.work h1")).to_have_text("Orders")


@pytest.mark.parametrize(("answer", "tone"), [(None, "good"), (LOST, "bad")])
def test_limits_that_are_changed_late_leave_another_accounts_form_open(
    visit: Visit, answer: dict[str, Any] | None, tone: str
) -> None:
    page = visit.page
    visit.expected.add(504)
    visit.go("/strategies", "Strategies")
    open_limits(page, "paper")
    page.get_by_label("Weight of eth").fill("0.12")
    expect(page.locator(".dry")).to_be_visible()
    held = Held(page, "**/limits")
    page.get_by_role("button", name="Change").click()
    held.wait()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    open_limits(page, "second")
    page.get_by_label("Reserve").fill("0.2")
    held.release(answer)
    expect(page.locator(f".toast.{tone}")).to_be_visible()
    form = page.get_by_role("dialog", name="Weights and limits of second")
    expect(form.get_by_label("Reserve")).to_have_value("0.2")
    put_back(visit)


def open_limits(page: Page, account: str) -> None:
    card = page.get_by_role("region", name=account, exact=True)
    card.get_by_role("button", name="Weights and limits").click()
    expect(page.get_by_role("dialog", name=f"Weights and limits of {account}")).to_be_visible()


def put_back(visit: Visit) -> None:
    """The weights of the beginning, for the next test."""
    page = visit.page
    page.reload()
    expect(page.locator("main.work h1")).to_have_text("Strategies")
    open_limits(page, "paper")
    weight = page.get_by_label("Weight of eth")
    if weight.input_value() == "0.3":
        return
    weight.fill("0.3")
    expect(page.locator(".dry")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def versions(program: Running) -> int:
    found = read(program, "/configuration/versions?limit=1")["versions"]
    return int(found[0]["version"])


def test_limits_whose_answer_was_lost_are_changed_once_by_pressing_again(visit: Visit) -> None:
    page = visit.page
    visit.go("/strategies", "Strategies")
    before = versions(visit.program)
    sent = lose_first_answer(visit, "**/limits")
    open_limits(page, "paper")
    page.get_by_label("Weight of eth").fill("0.21")
    expect(page.locator(".dry")).to_be_visible()
    change = page.get_by_role("button", name="Change")
    change.click()
    expect(page.get_by_role("alert")).to_contain_text("pressing again cannot do it twice")
    change.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent == [sent[0]] * 2
    assert versions(visit.program) == before + 1
    put_back(visit)


def test_who_goes_on_after_a_lost_change_is_not_told_of_somebody_else(visit: Visit) -> None:
    page = visit.page
    visit.go("/strategies", "Strategies")
    lose_first_answer(visit, "**/limits")
    open_limits(page, "paper")
    page.get_by_label("Weight of eth").fill("0.22")
    expect(page.locator(".dry")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("alert")).to_contain_text("It may have been done or not")
    page.get_by_label("Weight of eth").fill("0.23")
    form = page.get_by_role("dialog")
    expect(form).to_contain_text("perhaps by what you sent before")
    expect(form).not_to_contain_text("Somebody")
    put_back(visit)


def test_a_check_of_limits_that_was_lost_is_tried_again(visit: Visit) -> None:
    page = visit.page
    visit.expected.add(504)
    visit.go("/strategies", "Strategies")
    page.route("**/limits", lambda route: route.fulfill(**LOST))
    open_limits(page, "paper")
    page.get_by_label("Weight of eth").fill("0.24")
    expect(page.get_by_role("alert")).to_contain_text("504")
    page.unroute("**/limits")
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(page.locator(".dry")).to_contain_text("0.24")
    expect(page.get_by_role("button", name="Change")).to_be_enabled()


def test_a_backtest_is_kept_after_its_source_was_saved(visit: Visit) -> None:
    page = visit.page
    try_here(visit, "saved-first")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("version 1.0")).to_be_visible()
    page.get_by_role("button", name="Keep", exact=True).click()
    kept = page.get_by_role("region", name="Backtest of saved-first 1.0")
    expect(kept).to_contain_text("200 candles", timeout=START_MS)
    assert len(read(visit.program, "/bots/saved-first")["versions"]) == 1


def test_keep_pressed_twice_saves_and_keeps_once(visit: Visit) -> None:
    page = visit.page
    try_here(visit, "twice")
    begun: list[str] = []
    page.on("request", lambda asked: begun.extend([asked.url] if asked.method == "POST" else []))
    held = Held(page, "**/bots/twice")
    page.get_by_role("button", name="Keep", exact=True).dblclick()
    held.wait()
    held.release()
    kept = page.get_by_role("region", name="Backtest of twice 1.0")
    expect(kept).to_contain_text("200 candles", timeout=START_MS)
    home = visit.address.removesuffix("/ui")
    assert [url for url in begun if "/bots/" in url] == [
        f"{home}/bots/twice",
        f"{home}/bots/twice/backtests",
    ]


def try_here(visit: Visit, name: str) -> None:
    page = visit.page
    visit.go(f"/bots/{name}?from=template", name)
    expect(page.locator(".cm-content")).to_contain_text("class")
    write(visit, SOURCE)
    expect(page.get_by_label("Interval")).to_have_value("1m")
    page.get_by_role("button", name="Run backtest").click()
    result = page.get_by_role("region", name=f"Backtest of {name} in this browser")
    expect(result).to_be_visible(timeout=START_MS)
    expect(page.get_by_text("not saved yet")).to_be_visible()


def test_mine_is_saved_once_after_theirs_and_a_lost_look_at_theirs_is_told(
    visit: Visit, browser: Browser
) -> None:
    page = visit.page
    save_bot(visit.program, "theirs")
    visit.go("/bots/theirs", "theirs")
    expect(page.get_by_text("version 1.0")).to_be_visible()
    write(visit, SOURCE + "# mine\n")
    with visiting(browser, visit.program) as other:
        other.enter()
        other.go("/bots/theirs", "theirs")
        expect(other.page.get_by_text("version 1.0")).to_be_visible()
        write(other, SOURCE + "# theirs\n")
        other.page.get_by_role("button", name="Save", exact=True).click()
        expect(other.page.get_by_text("changed")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()
    again = page.get_by_role("button", name="Save mine after it")
    visit.expected.add(504)
    page.route("**/bots/theirs/source", lambda route: route.fulfill(**LOST))
    again.click()
    expect(page.get_by_role("alert")).to_contain_text("504")
    page.unroute("**/bots/theirs/source")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(again).to_be_visible()
    posted: list[str] = []
    page.on(
        "request",
        lambda asked: posted.extend(
            [asked.url] if asked.url.endswith("/bots/theirs") and asked.method == "POST" else []
        ),
    )
    again.dblclick()
    expect(page.get_by_text("changed")).to_have_count(0)
    assert len(posted) == 1
    assert "# mine" in read(visit.program, "/bots/theirs/source")["source"]
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_save_that_comes_late_leaves_the_bot_that_is_open_now_alone(visit: Visit) -> None:
    page = visit.page
    visit.go("/bots/left?from=template", "left")
    expect(page.locator(".cm-content")).to_contain_text("class")
    write(visit, SOURCE)
    held = Held(page, "**/bots/left")
    page.get_by_role("button", name="Save", exact=True).click()
    held.wait()
    visit.go("/bots/next?from=template", "next")
    expect(page.locator(".cm-content")).to_contain_text("class")
    held.release()
    expect(page.locator(".toast.good")).to_contain_text("left")
    visit.settled()
    expect(page.get_by_text("not saved yet")).to_be_visible()
    assert page.url.endswith("#/bots/next?from=template")
    assert page.evaluate("sessionStorage.getItem('crypto-bot-draft left')") is None


def test_a_bots_page_that_nobody_answered_is_tried_again(visit: Visit) -> None:
    page = visit.page
    visit.expected.add(504)
    save_bot(visit.program, "unanswered")
    page.route("**/bots/unanswered/source", lambda route: route.fulfill(**LOST))
    visit.go("/bots/unanswered", "unanswered")
    retry = page.get_by_role("alert").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    page.unroute("**/bots/unanswered/source")
    retry.click()
    expect(page.locator(".cm-content")).to_contain_text("class Mine")


def test_a_replay_that_is_over_when_it_is_to_be_ended_shows_its_figures(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit.page
    listed = tmp_path / "trend BTCUSDT.csv"
    listed.write_text(LIST, encoding="utf-8")
    visit.go("/replay", "Replay")
    page.locator("input[type=file]").set_input_files(listed)
    looks: list[Route] = []
    page.route("**/jobs/*", lambda route: looks.append(route))  # noqa: PLW0108
    with page.expect_response("**/replays") as begun:
        page.get_by_role("button", name="Replay", exact=True).click()
    job = begun.value.json()["id"]
    eventually(lambda: read(visit.program, f"/jobs/{job}")["state"] == "done")
    page.get_by_role("button", name="Abort").click()
    expect(page.get_by_role("group", name="Figures of each policy")).to_be_visible()
    expect(page).to_have_url(re.compile(f"id={job}"))


def test_what_is_typed_as_soon_as_the_field_is_there_stays(visit: Visit) -> None:
    page = visit.page
    expect(page.locator("main.work h1")).to_have_text("Overview")
    page.evaluate(TYPES_AT_ONCE)
    visit.go("/signals", "Signals")
    expect(page).to_have_url(re.compile("text=at(\\+|%20)once"))
    expect(page.get_by_label("Search signals")).to_have_value("at once")


def test_a_letter_that_follows_the_emptied_field_at_once_stays(visit: Visit) -> None:
    page = visit.page
    visit.go("/signals", "Signals")
    field = page.get_by_label("Search signals")
    field.fill("a")
    expect(page).to_have_url(re.compile("text=a$"))
    page.evaluate(TYPES_AFTER_EMPTYING)
    field.fill("")
    expect(page).to_have_url(re.compile("text=b$"))
    expect(field).to_have_value("b")
