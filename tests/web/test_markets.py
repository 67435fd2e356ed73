"""The page about markets in a real browser: candles drawn, the past fetched, minutes, ranking."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.functional.running import Running, running
from tests.market.shown import HOUR, analyse, candles, collect, load, rank, sum_up
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish

CHART = ".markets-canvas canvas"
COUNT = 1_200


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
