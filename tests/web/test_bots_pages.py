"""A trader's way from an empty page to a bot's signal, in a real browser."""

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock, SystemClock
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.market import bus
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.settings import Settings
from chalicelib.worker.deployed_bots import deployed_bots
from tests.functional.running import Running, running
from tests.market.klines import FIRST, MINUTE, kline
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish

SOURCE = """from chalicelib.domain.bots import Bot, Param


class Mine(Bot):
    instruments = ("BTC/USDT",)
    interval = "1m"
    above = Param(100, 1, 1000)

    def on_candle(self, ctx):
        if ctx.close > self.above and not ctx.position:
            ctx.target(0.5)
            ctx.log("<script>alert(1)</script>")
        elif ctx.close < self.above and ctx.position:
            ctx.target(0)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With an hour of candles, up and down."""
    found = tmp_path_factory.mktemp("home")
    furnish(found)
    closes = [Decimal(100 + (n % 20 if n % 40 < 20 else -(n % 20))) for n in range(200)]
    rows = [Candle(FIRST + n * MINUTE, p, p, p, p, Decimal(1)) for n, p in enumerate(closes)]
    bootstrap.use(Choices(settings=Settings(), home=found))
    candle_lake().write(candle_series("binance", "BTC/USDT", "1m"), rows)
    bootstrap.reset()
    return found


@pytest.fixture(scope="module")
def program(home: Path) -> Iterator[Running]:
    with running(home, "--no-demo") as found:
        yield found


def show_candles(home: Path, *closes: str) -> None:
    """To all deployments, as the worker beside the program does some minutes later."""
    now = SystemClock().now()
    clock = ReplayClock(now + 10 * MINUTE)
    bootstrap.use(Choices(settings=Settings(), home=home, clock=clock))
    first = (now - FIRST) // MINUTE + 1
    with closing(bus()) as opened:
        messages = [kline(first + n, close) for n, close in enumerate(closes)]
        opened.publish("klines", [Record(b"BTCUSDT@1m", each) for each in messages])
    deployed_bots(Event(), once=True)
    bootstrap.reset()


def write(visit: Visit, text: str) -> None:
    """In place of all that is there; pasted, so that nothing is indented by itself."""
    editor = visit.page.get_by_label("Source of the bot")
    editor.click()
    visit.page.keyboard.press("Control+a")
    visit.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    visit.page.keyboard.press("Control+v")


def test_from_a_text_to_a_backtest_to_a_deployment_to_its_signal(visit: Visit, home: Path) -> None:
    visit.go("/bots", "Bots")
    begin(visit)
    mend(visit)
    try_it(visit)
    deploy(visit)
    show_candles(home, "100", "102")
    signals = visit.page.get_by_role("group", name="Signals")
    expect(signals.get_by_role("row").nth(1)).to_contain_text("BTC/USDT")
    assert visit.offences() == []
    update(visit)
    signals.get_by_role("link").click()
    expect(visit.page.locator("main.work h1")).to_have_text("Signals")


def test_where_nothing_can_be_tried_the_page_says_what_to_set(visit: Visit) -> None:
    """As the API of a stage answers that has no function for it, and not at once."""
    sentence = "stage prod has no function for this: name work_on_job in BOT_FUNCTIONS"
    waiting: list[Any] = []
    page = visit.page
    page.route("**/candle_series", lambda route: waiting.append(route))  # noqa: PLW0108
    visit.go("/bots", "Bots")
    page.get_by_role("button", name="New bot").click()
    page.get_by_label("Name").fill("untried")
    page.get_by_role("button", name="Write it").click()
    run = page.get_by_role("button", name="Run backtest")
    expect(run).to_be_disabled()
    expect(page.get_by_text("There are no such candles yet")).to_have_count(0)
    while not waiting:
        page.wait_for_timeout(20)
    waiting.pop().fulfill(status=409, json={"status": "refused", "error": sentence})
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    for name in ("Run backtest", "Check"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    page.unroute("**/candle_series")
    page.get_by_role("alert").get_by_role("button").click()
    expect(run).to_be_enabled()


def begin(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="New bot").click()
    page.get_by_label("Name").fill("mine")
    page.get_by_role("button", name="Write it").click()


def mend(visit: Visit) -> None:
    page = visit.page
    write(visit, SOURCE.replace("class Mine(Bot):", "class Mine(Bot)"))
    problem = page.get_by_role("list", name="Problems").get_by_role("button")
    expect(problem).to_have_text("line 4 expected ':'")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("mine 1.0, line 4: expected ':'")
    write(visit, SOURCE)
    expect(page.get_by_text("No problems")).to_be_visible()


def try_it(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("above").fill("105")
    page.get_by_role("button", name="Run and keep").click()
    result = page.get_by_role("region", name="Backtest of mine 1.0")
    expect(result.locator(".chart.fills canvas").first).to_be_visible()
    expect(result).to_contain_text("200 candles, above 105")
    result.get_by_role("button", name="Log").click()
    expect(result.locator("pre")).to_contain_text("<script>alert(1)</script>")
    expect(page.get_by_text("was run, and stays as it is")).to_be_visible()
    assert visit.offences() == []


def deploy(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_label("Account")).to_have_value("paper")
    page.get_by_role("dialog").get_by_label("above").fill("101")
    page.get_by_role("button", name="Next").click()
    asked = page.get_by_role("dialog").last
    expect(asked).to_contain_text("a new one that account paper (virtual) follows")
    asked.get_by_role("button", name="Deploy").click()
    expect(page.locator("main.work h1")).to_have_text("mine")
    expect(page.get_by_text("it waits for its first candle")).to_be_visible()


def update(visit: Visit) -> None:
    """Back to what the bot says by itself."""
    page = visit.page
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_role("dialog").get_by_label("above")).to_have_value("101")
    page.get_by_role("dialog").get_by_label("above").fill("100")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Update").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert read(visit.program, "/deployments/mine")["parameters"] == {"above": 100}


def read(program: Running, path: str) -> Any:
    headers = {"Authorization": f"Bearer {program.owner_token}"}
    status, body = program.request("GET", path, b"", headers)
    assert status == 200, body
    return json.loads(body)


def test_who_saves_after_somebody_else_is_told_and_loses_nothing(
    visit: Visit, browser: Browser, program: Running
) -> None:
    page = visit.page
    visit.go("/bots/both?from=template", "both")
    expect(page.locator(".cm-content")).to_contain_text("class")
    visit.settled()
    assert visit.offences() == []
    write(visit, SOURCE)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("version 1.0")).to_be_visible()
    with visiting(browser, program) as other:
        other.enter()
        other.go("/bots/both", "both")
        expect(other.page.get_by_text("version 1.0")).to_be_visible()
        write(visit, SOURCE + "# first\n")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("changed")).to_have_count(0)
        write(other, SOURCE + "# second\n")
        other.page.get_by_role("button", name="Save", exact=True).click()
        expect(other.page.get_by_role("alert")).to_contain_text("after you had opened it")
        other.page.reload()
        expect(other.page.locator(".cm-content")).to_contain_text("# second")
        other.page.get_by_role("button", name="Save", exact=True).click()
        other.page.get_by_role("button", name="Save mine after it").click()
        expect(other.page.get_by_text("changed")).to_have_count(0)
    newest, older = (one["version"] for one in read(program, "/bots/both")["versions"])
    assert "# second" in read(program, f"/bots/both/source?version={newest}")["source"]
    assert "# first" in read(program, f"/bots/both/source?version={older}")["source"]


def test_the_pages_are_usable_on_a_phone_and_by_everybody(
    browser: Browser, program: Running
) -> None:
    with visiting(browser, program, size=PHONE, theme="light") as visit:
        visit.enter()
        for path, heading in (
            ("/bots", "Bots"),
            ("/bots/sma-cross?view=ready", "sma-cross"),
            ("/deployments", "Deployments"),
            ("/replay", "Replay"),
        ):
            visit.go(path, heading)
            visit.settled()
            assert visit.offences() == [], path
            wide = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, path


def test_lists_are_replayed_from_their_files(visit: Visit, tmp_path: Path) -> None:
    list_of_trades = tmp_path / "trend BTCUSDT.csv"
    list_of_trades.write_text(
        "Trade #,Type,Date/Time,Signal,Price USDT,Position size (qty)\n"
        "1,Entry long,2026-03-02 12:00,in,100,1\n"
        "1,Exit long,2026-03-02 14:00,out,110,1\n"
    )
    page = visit.page
    visit.go("/replay", "Replay")
    page.locator("input[type=file]").set_input_files(list_of_trades)
    expect(page.get_by_label("Trades", exact=True)).to_have_value("BTC/USDT")
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_role("group", name="Figures of each policy")).to_contain_text("boost")
    expect(page.get_by_role("group", name="What each strategy came to")).to_contain_text("trend")
