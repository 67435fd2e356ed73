"""The page about markets in a real browser: candles drawn, the past fetched, minutes, ranking."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.functional.running import Running, running
from tests.market.shown import HOUR, analyse, candles, collect, load, rank, sum_up
from tests.web.altered import changed
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish

CHART = ".markets-canvas canvas"
COUNT = 1_200
FIRST = 1_000  # candles that a chart begins with
PAGE = 5_000  # that are asked for as one goes to the left
MISSED = 5
COLUMNS = ("start", "open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A program whose home has candles of fifty days, minutes, a ranking and an analysis."""
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # noqa: TID251 - shown ages
    collect(home, candles(COUNT, now - COUNT * HOUR))
    load(home, "sma:20", "rsi:14", "macd:12:26:9")
    sum_up(home, 90, start=now - timedelta(minutes=90))
    rank(home)
    analyse(home)
    with running(home, "--no-demo") as found:
        yield found


@pytest.fixture
def visit(browser: Browser, market: Running) -> Iterator[Visit]:
    with visiting(browser, market) as found:
        found.enter("/markets?venue=binance&symbol=BTC/USDT&interval=1h")
        yield found


def drawn(visit: Visit) -> int:
    """How many candles the chart has, as it says to who cannot see it."""
    told = visit.page.locator(".markets-canvas").get_attribute("aria-label") or ""
    return int(told.partition(": ")[2].partition(",")[0])


def test_candles_are_drawn_and_the_past_is_fetched_as_one_goes_there(visit):
    expect(visit.page.locator(CHART).first).to_be_visible()
    assert drawn(visit) in {1_000, 1_001}
    visit.page.get_by_role("button", name="All", exact=True).click()

    expect(visit.page.locator(f".markets-canvas[aria-label*=': {COUNT},']")).to_be_visible()
    assert visit.page.locator("#tv-attr-logo").count() == 1


def test_an_indicator_is_chosen_and_stays_in_the_address(visit):
    visit.page.get_by_role("button", name="RSI 14").click()

    expect(visit.page.get_by_role("button", name="RSI 14")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert "show=rsi_14" in visit.page.url
    expect(visit.page.locator(CHART).first).to_be_visible()


def test_minutes_the_ranking_and_the_analysis_are_beside_it(visit):
    page = visit.page
    expect(page.get_by_text("Trades of BTCUSDT, by the minute")).to_be_visible()
    expect(page.locator(".markets-plot canvas")).to_be_visible()
    expect(page.get_by_role("region", name="Largest coins").first).to_contain_text("ETH")
    expect(page.get_by_text("volatility day")).to_be_visible()


def test_a_market_of_made_up_prices_says_so_and_marks_own_trades(visit, market):
    market.alert("long")
    visit.go("/markets?venue=synthetic&symbol=BTC/USDT&account=paper&interval=1m", "Markets")

    expect(visit.page.get_by_text("These prices are made up")).to_be_visible()
    expect(visit.page.get_by_text("Own trades (1)")).to_be_visible()
    expect(visit.page.locator(CHART).first).to_be_visible()


def test_it_can_be_used_without_eyes_or_mouse(browser, market):
    with visiting(browser, market) as visit:
        visit.enter("/markets?show=rsi_14,sma_20")
        expect(visit.page.locator(CHART).first).to_be_visible()
        visit.settled()
        assert visit.offences() == []


def test_a_phone_shows_the_same_without_scrolling_sideways(browser, market):
    with visiting(browser, market, size=PHONE) as visit:
        visit.enter("/markets")
        expect(visit.page.locator(CHART).first).to_be_visible()
        visit.settled()
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert visit.page.evaluate(wide) == 0


def test_where_there_is_nothing_the_next_step_can_be_copied(browser, tmp_path):
    with running(tmp_path / "home", "--no-demo") as program, visiting(browser, program) as visit:
        visit.enter("/markets")

        expect(visit.page.get_by_text("No market data yet")).to_be_visible()
        expect(
            visit.page.get_by_text("crypto-bot candles download binance BTC/USDT")
        ).to_be_visible()


def asked(limit: int) -> re.Pattern[str]:
    """Addresses of so many candles."""
    return re.compile(rf"/markets/candles\?.*limit={limit}(&|$)")


def earlier(body: dict[str, Any], hours: int) -> dict[str, Any]:
    """The same candles as if they were of so many hours before."""
    starts = [datetime.fromisoformat(at) - hours * HOUR for at in body["start"]]
    return {"start": [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in starts]}


def without_newest(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name][:-MISSED] for name in COLUMNS}


def chart_of(count: int, rest: str = ",") -> str:
    return f".markets-canvas[aria-label*=': {count}{rest}']"


def test_what_was_kept_of_an_earlier_look_takes_no_candles_away(visit: Visit) -> None:
    """First the newest two of a day ago, as they are kept; then those that there are."""
    page = visit.page
    answers: list[Route] = []

    def newest(route: Route) -> None:
        answers.append(route)
        if len(answers) == 1:
            changed(route, lambda body: earlier(body, 22))
        else:
            changed(route, lambda body: {"close": [*body["close"][:-1], "12345"]})

    page.route(asked(2), newest)
    page.reload()
    expect(page.locator(chart_of(FIRST, ", the last closed at 12345."))).to_be_visible()


def test_candles_that_were_missed_are_fetched_and_the_past_stays(visit: Visit) -> None:
    """The newest few are there only once the chart has been seen without them."""
    page = visit.page
    held: list[Route] = []
    seen: list[str] = []

    def first(route: Route) -> None:
        if seen:
            held.append(route)
        else:
            changed(route, without_newest)

    def newest(route: Route) -> None:
        if seen:
            route.continue_()
        else:
            changed(route, lambda body: earlier(body, MISSED))

    page.route(asked(FIRST), first)
    page.route(asked(2), newest)
    page.reload()
    expect(page.locator(chart_of(FIRST - MISSED))).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator(chart_of(COUNT - MISSED))).to_be_visible()
    with page.expect_request(asked(FIRST)):
        seen.append("without them")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert drawn(visit) == COUNT - MISSED
    held[0].continue_()
    expect(page.locator(chart_of(COUNT))).to_be_visible()


def test_a_chart_that_could_not_be_loaded_is_tried_again(visit: Visit) -> None:
    page = visit.page
    visit.expected.add(503)
    page.route(asked(FIRST), lambda route: route.fulfill(status=503, body=""))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("503")
    page.unroute(asked(FIRST))
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(chart_of(FIRST))).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_past_that_could_not_be_loaded_is_tried_again(visit: Visit) -> None:
    page = visit.page
    visit.expected.add(503)
    expect(page.locator(chart_of(FIRST))).to_be_visible()
    page.route(asked(PAGE), lambda route: route.fulfill(status=503, body=""))
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("503")
    page.unroute(asked(PAGE))
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(chart_of(COUNT))).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_past_comes_although_that_of_the_chart_before_is_never_answered(visit: Visit) -> None:
    page = visit.page
    held: list[Route] = []
    expect(page.locator(chart_of(FIRST))).to_be_visible()
    page.route(asked(PAGE), lambda route: route.continue_() if held else held.append(route))
    with page.expect_request(asked(PAGE)):
        page.get_by_role("button", name="All", exact=True).click()
    with page.expect_response(re.compile(r"columns=rsi_14&limit=2$")):
        page.get_by_role("button", name="RSI 14").click()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator(chart_of(COUNT))).to_be_visible()
