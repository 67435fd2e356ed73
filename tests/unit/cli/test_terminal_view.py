"""What a run looks like: tables on a terminal, lines in a log, a picture in the README."""

import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from chalicelib.cli.draw import MOST_ROWS, cents, draw, rows_for
from chalicelib.cli.screenshot import Photographer, write_picture
from chalicelib.cli.terminal_view import PlainView, TerminalView, view_for
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.performance import performance_points
from chalicelib.local import RunSummary, Snapshot
from chalicelib.local.view import AccountView
from tests.trading_floor import TradingFloor

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
SUMMARY = RunSummary(
    home=Path("home"),
    seconds=3,
    alerts=2,
    refused=0,
    ticks=4,
    plans=2,
    orders=2,
    fills=2,
    failures=0,
)


def snapshot_of(floor: TradingFloor, notice: str = "") -> Snapshot:
    points = performance_points(
        floor.portfolio, {s: Decimal(p) for s, p in PRICES.items()}, floor.clock.now()
    )
    view = AccountView(account=floor.account, portfolio=floor.portfolio, performance=points[-1])
    return Snapshot(
        at=floor.clock.now(),
        signals=tuple(floor.ports.signals.recent(30)),
        orders=tuple(floor.ports.orders.recent(30)),
        accounts=(view,),
        ticks=4,
        last_tick="idle",
        notice=notice,
    )


@pytest.fixture
def floor() -> TradingFloor:
    floor = TradingFloor(PRICES, {"btc": "0.2", "eth": "0.25"})
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=1)
    floor.alert("eth", "short")
    floor.tick()
    return floor


def test_the_picture_has_signals_with_outcomes_orders_positions_and_equity(
    floor: TradingFloor,
) -> None:
    console = Console(file=io.StringIO(), width=118, record=True)
    console.print(draw(snapshot_of(floor, "Only a demonstration."), "crypto-bot"))
    text = console.export_text()
    for words in (
        "10,000.00 USDT",
        "8,000.00 USDT",
        "bought 0.04 BTC at 50000",
        "short denied, already flat (SHORT_NOT_ENABLED)",
        "BTC/USDT",
        "Only a demonstration.",
        "08:01:00 UTC | 4 ticks, last: idle",
    ):
        assert words in text


def test_an_account_without_figures_shows_its_cash(floor: TradingFloor) -> None:
    snapshot = snapshot_of(floor)
    [view] = snapshot.accounts
    bare = AccountView(account=view.account, portfolio=view.portfolio, performance=None)
    console = Console(file=io.StringIO(), width=118, record=True)
    empty = Snapshot(at=snapshot.at, signals=(), orders=(), accounts=(bare,), ticks=0, last_tick="")
    console.print(draw(empty, "crypto-bot"))
    text = console.export_text()
    assert "8,000.00 USDT" in text
    assert "no tick yet" in text


@pytest.mark.parametrize(("height", "rows"), [(10, 2), (24, 3), (60, MOST_ROWS)])
def test_a_small_terminal_shows_fewer_rows(floor: TradingFloor, height: int, rows: int) -> None:
    assert rows_for(height, snapshot_of(floor)) == rows


def test_the_market_has_one_line_and_a_log_has_one_a_change(floor: TradingFloor) -> None:
    line = "market: BTCUSDT 08:00 30 bought, 31 sold"
    with_market = replace(snapshot_of(floor), market=line)
    assert rows_for(25, with_market) == rows_for(24, snapshot_of(floor))
    console = Console(file=io.StringIO(), width=60, record=True)
    console.print(draw(replace(with_market, market=f"{line} | {line}"), "crypto-bot"))
    [shown] = [text for text in console.export_text().splitlines() if "market:" in text]
    assert line in shown
    assert "…" in shown
    stream = io.StringIO()
    view = PlainView(stream)
    for _ in range(2):
        view.snapshot(with_market)
    view.snapshot(replace(with_market, market=f"{line}!"))
    told = [text for text in stream.getvalue().splitlines() if text.startswith("market:")]
    assert told == [line, f"{line}!"]


def test_amounts_are_for_the_eye() -> None:
    assert cents(Decimal("1234567.891")) == "1,234,567.89"


def test_a_log_has_one_line_per_change_in_the_order_of_events(floor: TradingFloor) -> None:
    stream = io.StringIO()
    view = PlainView(stream)
    view.started(
        url="http://127.0.0.1:8000/hook/btc/x",
        dashboard="http://127.0.0.1:8000/ui#token=owner",
        token="owner",
        curl="curl ...",
    )
    view.snapshot(snapshot_of(floor, "Only a demonstration."))
    view.snapshot(snapshot_of(floor, "Only a demonstration."))
    view.stopped(SUMMARY)
    assert stream.getvalue().splitlines() == [
        "Webhook: http://127.0.0.1:8000/hook/btc/x",
        "Dashboard: http://127.0.0.1:8000/ui#token=owner",
        "Owner's token: owner",
        "Try it: curl ...",
        "Only a demonstration.",
        "2026-03-02T08:00:00Z signal btc BTCUSDT long EXECUTED: bought 0.04 BTC at 50000",
        "2026-03-02T08:00:00Z order paper buy 0.04 BTC/USDT at 50050 FILLED, filled 0.04",
        "2026-03-02T08:01:00Z signal eth ETHUSDT short DENIED: short denied, already flat "
        "(SHORT_NOT_ENABLED)",
        "2026-03-02T08:01:00Z equity paper 10,000.00 USDT",
        SUMMARY.sentence(),
    ]


def test_a_log_tells_what_changed_later(floor: TradingFloor) -> None:
    stream = io.StringIO()
    view = PlainView(stream)
    view.snapshot(snapshot_of(floor))
    before = stream.getvalue()
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "flat")
    view.snapshot(snapshot_of(floor))
    floor.tick()
    view.snapshot(snapshot_of(floor))
    assert stream.getvalue().removeprefix(before).splitlines() == [
        "2026-03-02T08:02:00Z signal btc BTCUSDT flat RECEIVED",
        "2026-03-02T08:02:00Z signal btc BTCUSDT flat EXECUTED: sold 0.04 BTC at 50000",
        "2026-03-02T08:02:00Z order paper sell 0.04 BTC/USDT at 49950 FILLED, filled 0.04",
    ]


def test_tables_replace_each_other_on_a_terminal(floor: TradingFloor) -> None:
    stream = io.StringIO()
    view = TerminalView(Console(file=stream, force_terminal=True, width=100, height=40))
    view.started(
        url="http://127.0.0.1:8000/hook/btc/x",
        dashboard="http://127.0.0.1:8000/ui#token=owner",
        token="owner",
        curl="curl ...",
    )
    view.snapshot(snapshot_of(floor))
    view.snapshot(snapshot_of(floor))
    view.stopped(SUMMARY)
    shown = stream.getvalue()
    assert shown.count("crypto-bot at http://127.0.0.1:8000 ") >= 2
    assert "\x1b[1A" in shown  # back up over the first tables
    assert shown.rstrip().endswith(SUMMARY.sentence())


def test_what_is_no_terminal_gets_lines() -> None:
    assert isinstance(view_for(io.StringIO()), PlainView)


def test_a_picture_is_left_of_what_was_shown_last(floor: TradingFloor, tmp_path: Path) -> None:
    stream = io.StringIO()
    target = tmp_path / "terminal.svg"
    view = Photographer(PlainView(stream), target)
    view.started(
        url="http://127.0.0.1/hook/btc/secret-token",
        dashboard="http://127.0.0.1/ui#token=owner-token",
        token="owner-token",
        curl="",
    )
    view.stopped(SUMMARY)
    assert not target.exists()
    view.snapshot(snapshot_of(floor))
    view.stopped(SUMMARY)
    picture = target.read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "secret-token" not in picture
    assert "owner-token" not in picture
    assert "url(" not in picture.replace("url(#", "")  # nothing is loaded from elsewhere
    write_picture(snapshot_of(floor), target)
    assert target.read_text(encoding="utf-8") == picture
    assert SUMMARY.sentence() in stream.getvalue()


def test_a_picture_that_cannot_be_drawn_is_a_sentence(floor: TradingFloor, tmp_path: Path) -> None:
    """A folder that is gone by the end of the run."""
    target = tmp_path / "gone" / "x.svg"
    with pytest.raises(SettingsError, match=r"x\.svg cannot be written: No such file or directory"):
        write_picture(snapshot_of(floor), target)
