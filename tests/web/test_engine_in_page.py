"""The engine in a real browser: what it comes to, how it is ended, what a bot cannot do there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from chalicelib import bootstrap
from chalicelib.adapters.bot_files import bot_of
from chalicelib.api.web_engine import engine_text
from chalicelib.api.web_files import ROOT
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.browser.backtest_in_page import run
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.backtest_report import report_on
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.ready_made import sma_cross
from chalicelib.domain.bots.usual_terms import USUAL_FEE, usual_instruments
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.reports.backtest_chart import backtest_chart
from chalicelib.settings import Settings
from tests.functional.running import Running, running
from tests.market.klines import FIRST, MINUTE
from tests.web.browser import Visit, visiting
from tests.web.floor import furnish
from tests.web.test_bots_pages import SOURCE, write

HOUR_MS = 3_600_000
START_MS = 180_000  # for an interpreter to begin on a busy machine
SYMBOL = "BTC/USDT"
ASKED = {
    "name": "golden",
    "venue": "binance",
    "interval": "1h",
    "instruments": [SYMBOL],
    "parameters": {"fast": 7, "slow": 31},
    "fee": "0.001",
    "cash": "10000",
}
IN_PAGE = """async ({asked, columns}) => {
  const { backtest } = await import("bots/engine.js");
  const arrays = (all) => all.map((one) => Float64Array.from(one));
  const named = Object.entries(columns).map(([name, all]) => [name, arrays(all)]);
  const typed = Object.fromEntries(named);
  const moves = [];
  const answer = await backtest(asked, typed, (done, total) => moves.push([done, total])).answer;
  return JSON.stringify({ answer, moves });
}"""
ATTEMPTS = """from chalicelib.domain.bots import Bot


def the_page(): import js; return js.fetch("/ui")
def its_address(): import js; return js.location.href
def its_script(): from pyodide.code import run_js; return run_js("fetch('/ui')")
def its_functions(): import js; return js.Object.constructor("return self.postMessage")()
def the_runtime(): import pyodide_js; return pyodide_js.loadPackage("https://example.com/x.whl")
def a_connection(): import socket; return socket.create_connection(("203.0.113.7", 443), timeout=1)
def a_page(): from pyodide.http import open_url; return open_url("/ui")
def a_library(): import requests
def an_installer(): import micropip
def the_program(): import chalicelib.bootstrap
def the_keys(): import chalicelib.adapters.stores
def a_process(): import subprocess; return subprocess.run(["ls"])
def all_memory(): return bytearray(1500 * 1024 * 1024)


class Thief(Bot):
    instruments = ("BTC/USDT",)
    interval = "1m"

    def on_candle(self, ctx):
        got = []
        for attempt in (ATTEMPTED):
            try:
                attempt()
                got.append(attempt.__name__)
            except BaseException:
                pass
        raise RuntimeError(f"got {got} of ATTEMPTS")
"""


BANDS = """from chalicelib.domain.bots import Bot, Param

class Bands(Bot):
    fast = Param(7, 2, 50)
    slow = Param(31, 2, 90)

    def start(self, ctx):
        self.inner, self.outer = ctx.bollinger(self.fast, 1), ctx.bollinger(self.slow, 1)

    def on_candle(self, ctx):
        if self.outer.upper.value is not None:
            ctx.log(f"{self.inner.middle.value!r} {self.outer.upper.value!r}")
            ctx.target(1 if ctx.close > self.inner.upper.value else 0, band=0.1)
"""
PORTFOLIO = """from chalicelib.domain.bots import Bot


class Both(Bot):
    instruments = ("BTC/USDT", "ETH/USDT")
    interval = "1h"
    warmup = 20
    together = True

    def start(self, ctx):
        self.lines = {symbol: ctx.rsi(14, symbol=symbol) for symbol in ctx.markets}

    def on_candle(self, ctx):
        for symbol, line in self.lines.items():
            if line.value is not None:
                ctx.plot(symbol, line.value, panel="own")
                ctx.target(0.5 if line.value < 50 else 0, symbol=symbol, band=0.1)
"""


class Numbers(list[float]):
    """A column, as the page's arrays are in its interpreter."""

    def tolist(self) -> list[float]:
        return list(self)


def golden_columns(count: int) -> list[Numbers]:
    """By whole numbers and one division: the same everywhere."""
    seed, price, rows = 20_260_302, 3_000_000, []
    start = 1_767_225_600_000
    for n in range(count):
        steps = []
        for _ in range(3):
            seed = (seed * 1_103_515_245 + 12_345) % 2**31
            steps.append(seed // 65_536 % 20_001 - 10_000)
        opened, price = price, max(100_000, price + steps[0])
        high = max(opened, price) + abs(steps[1]) // 3
        low = min(opened, price) - abs(steps[2]) // 3
        rows.append((start + n * HOUR_MS, opened / 100, high / 100, low / 100, price / 100, n % 97))
    return [Numbers(float(value) for value in column) for column in zip(*rows, strict=True)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With an hour of candles, up and down."""
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    closes = [Decimal(100 + (n % 20 if n % 40 < 20 else -(n % 20))) for n in range(200)]
    rows = [Candle(FIRST + n * MINUTE, p, p, p, p, Decimal(1)) for n, p in enumerate(closes)]
    bootstrap.use(Choices(settings=Settings(), home=home))
    candle_lake().write(candle_series("binance", SYMBOL, "1m"), rows)
    bootstrap.reset()
    with running(home, "--no-demo") as found:
        yield found


@pytest.fixture(scope="module")
def visit(browser: Browser, program: Running) -> Iterator[Visit]:
    """One tab for all: an interpreter that a test has warmed up serves the next one."""
    with visiting(browser, program) as found:
        found.enter()
        yield found


@pytest.mark.parametrize("mine", [Path(sma_cross.__file__).read_text(encoding="utf-8"), BANDS])
def test_a_backtest_in_the_browser_is_the_one_of_the_program(visit: Visit, mine: str) -> None:
    columns = golden_columns(5_000)
    start, *prices = columns
    candles = {SYMBOL: Candles([int(at) for at in start], *prices)}
    [setup] = set_up(
        bot_of(mine, "golden"),
        instruments=[SYMBOL],
        interval="1h",
        parameters=ASKED["parameters"],  # type: ignore[arg-type]
    )
    terms = Terms(
        usual_instruments([SYMBOL]), Decimal(10_000), Costs(USUAL_FEE, USUAL_FEE, Decimal(0))
    )
    native = json.loads(json.dumps(backtest_chart(report_on(setup, "binance", candles, terms))))

    asked = ASKED | {"source": mine}
    found = visit.page.evaluate(IN_PAGE, {"asked": asked, "columns": {SYMBOL: columns}})

    told = json.loads(found)
    chart = told["answer"]["chart"]
    assert chart.pop("summary") == pytest.approx(native.pop("summary"), rel=1e-12)
    assert chart == native
    assert native["trades_in_all"] > 100
    assert told["moves"] == [[done, 5_000] for done in range(0, 5_000, 500)]


def test_the_same_file_says_the_same_outside_of_a_browser() -> None:
    asked = ASKED | {"source": Path(sma_cross.__file__).read_text(encoding="utf-8")}
    moves: list[tuple[int, int]] = []
    columns = golden_columns(1_200)
    whole = run(json.dumps(asked), {SYMBOL: columns}, lambda *move: moves.append(move))
    assert json.loads(whole)["chart"]["candles"][SYMBOL]["count"] == 1_200
    assert moves == [(0, 1_200), (500, 1_200), (1_000, 1_200)]


def test_a_portfolio_in_pieces_is_that_of_the_program() -> None:
    """One of the two begins later, and both have gaps where pieces meet."""
    whole = golden_columns(1_700)
    of_both = {
        SYMBOL: [Numbers(each[:499] + each[502:]) for each in whole],
        "ETH/USDT": [Numbers(each[700:999] + each[1_001:]) for each in whole],
    }
    candles = {name: Candles([int(at) for at in c[0]], *c[1:]) for name, c in of_both.items()}
    [setup] = set_up(bot_of(PORTFOLIO, "both"))
    terms = Terms(
        usual_instruments(of_both), Decimal(5_000), Costs(USUAL_FEE, USUAL_FEE, Decimal(3))
    )
    native = json.dumps(backtest_chart(report_on(setup, "binance", candles, terms)))
    asked = {"name": "both", "source": PORTFOLIO, "venue": "binance"}
    asked |= {"cash": "5000", "slippage": "3"}
    answer = json.loads(run(json.dumps(asked), of_both, lambda *_: None))
    assert answer == {"chart": json.loads(native)}
    assert answer["chart"]["missing"] == 5
    assert answer["chart"]["fills_in_all"] > 50


def test_the_files_that_are_brought_are_all_that_it_loads(tmp_path: Path) -> None:
    brought = json.loads(engine_text() or "{}")
    for name, text in brought.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        assert (ROOT.parent.parent / name).read_text(encoding="utf-8") == text
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import chalicelib.browser.backtest_in_page"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(tmp_path)]
    subprocess.run(command, check=True, timeout=60)
    assert not [name for name in brought if "/services/" in name or "/bootstrap/" in name]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cash": "0"}, {"error": "cash is 0; it must be above zero", "field": "cash"}),
        (
            {"fee": "x"},
            {"error": "fee is 'x'; it must be a number such as 0.5", "field": "fee"},
        ),
        (
            {"slippage": "10000"},
            {
                "error": "slippage is 10000; it must be from 0 to below 10000",
                "field": "slippage",
            },
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_field(
    changes: dict[str, str], told: dict[str, str]
) -> None:
    asked = ASKED | {"source": SOURCE, "parameters": {}} | changes
    answer = json.loads(run(json.dumps(asked), {SYMBOL: golden_columns(10)}, lambda *_: None))
    assert answer == told | {"line": 0}


def test_a_bot_that_asks_for_what_only_the_program_knows_runs_there() -> None:
    source = SOURCE.replace("if ctx.close", "if ctx.ranking and ctx.close", 1)
    asked = json.dumps(ASKED | {"source": source, "parameters": {}})
    answer = json.loads(run(asked, {SYMBOL: golden_columns(10)}, lambda *_: None))
    assert answer == {"elsewhere": "ranking"}


def test_a_bot_in_the_browser_gets_at_nothing(visit: Visit) -> None:
    names = [line[4:].partition("(")[0] for line in ATTEMPTS.splitlines() if line[:4] == "def "]
    source = ATTEMPTS.replace("ATTEMPTED", ", ".join(names)).replace("ATTEMPTS", str(len(names)))
    asked = ASKED | {"source": source, "parameters": {}}
    given = {"asked": asked, "columns": {SYMBOL: golden_columns(10)}}
    told = json.loads(visit.page.evaluate(IN_PAGE, given))
    assert told["answer"]["error"].endswith(f"RuntimeError: got [] of {len(names)}")
    assert visit.complaints == []


def test_a_bot_is_tried_ended_and_kept_on_its_page(visit: Visit) -> None:
    page = visit.page
    visit.go("/bots/tried?from=template", "tried")
    endless = SOURCE.replace("        if ctx", "        while True: pass\n        if ctx", 1)
    write(visit, endless)
    expect(page.get_by_label("Interval")).to_have_value("1m")
    page.get_by_role("button", name="Run backtest").click()
    expect(page.get_by_text("0 of 200")).to_be_visible(timeout=START_MS)
    page.get_by_role("button", name="Abort").click()
    expect(page.get_by_text("The backtest was ended.")).to_be_visible()

    write(visit, SOURCE)
    expect(page.get_by_label("Interval")).to_have_value("1m")
    page.get_by_role("button", name="Run backtest").click()
    result = page.get_by_role("region", name="Backtest of tried in this browser")
    expect(result.locator(".chart.fills canvas").first).to_be_visible(timeout=START_MS)
    expect(result).to_contain_text("200 candles, above 100")
    expect(page.get_by_text("not saved yet")).to_be_visible()
    assert visit.offences() == []

    page.get_by_label("Cash").fill("0")
    page.get_by_role("button", name="Run backtest").click()
    expect(page.locator(".note.bad")).to_contain_text("above zero", timeout=START_MS)
    expect(result).to_have_count(0)
    page.get_by_label("Cash").fill("10000")
    page.get_by_role("button", name="Run backtest").click()
    expect(result).to_be_visible(timeout=START_MS)

    result.get_by_role("button", name="Keep").click()
    kept = page.get_by_role("region", name="Backtest of tried 1.0")
    expect(kept).to_contain_text("200 candles", timeout=START_MS)
    expect(result).to_have_count(0)


def test_where_the_engine_cannot_begin_the_program_runs_the_bot(
    browser: Browser, program: Running
) -> None:
    with visiting(browser, program) as visit:
        page = visit.page
        page.route("**/ui/worker-engine.*", lambda route: route.abort())
        visit.enter("/bots/there?from=template")
        write(visit, SOURCE)
        expect(page.get_by_label("Interval")).to_have_value("1m")
        page.get_by_role("button", name="Run backtest").click()
        expect(page.get_by_text("it runs in the program")).to_be_visible(timeout=START_MS)
        kept = page.get_by_role("region", name="Backtest of there 1.0")
        expect(kept).to_contain_text("200 candles", timeout=START_MS)
