"""Under inverse volatility an account sizes by what was analysed, else by the venue's candles."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.adapters.series.analyses_sqlite import SqliteAnalyses
from chalicelib.adapters.series.volatilities import RECENT, AnalysedVolatilities
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.analysis import Analysis
from chalicelib.market_ports.series import Analyses
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "100", "ETH/USDT": "10"}
NEVER_MOVED = {"cannot be sized (VOLATILITY_UNKNOWN)"}  # as the candles of this floor say


@pytest.fixture
def floor() -> TradingFloor:
    account = virtual_account(policy="inverse_volatility", reserve=Decimal(0))
    return TradingFloor(PRICES, {"btc": "0", "eth": "0"}, account=account)


def analysed(floor: TradingFloor, path: Path, **figures: object) -> None:
    """Of both instruments, an hour ago."""
    kept = SqliteAnalyses(path)
    at = floor.clock.now() - timedelta(hours=1)
    for coin, figure in figures.items():
        kept.add([Analysis(f"virtual {coin.upper()}/USDT", at, {"volatility_day": figure})])
    kept.close()


def enter(floor: TradingFloor, volatilities: AnalysedVolatilities) -> set[str]:
    """Both strategies do; the reasons of their outcomes."""
    floor.ports = replace(floor.ports, volatilities=lambda: volatilities)
    signals = [floor.alert(name, "long") for name in ("btc", "eth")]
    for _ in range(3):
        floor.next_minute()
    return {floor.outcome(signal)[1] for signal in signals}


def test_the_calmer_of_the_analysed_gets_more(floor: TradingFloor, tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite3"
    analysed(floor, path, btc=0.02, eth=0.06)
    assert not NEVER_MOVED & enter(floor, AnalysedVolatilities(lambda: SqliteAnalyses(path)))
    btc, eth = floor.value("btc"), floor.value("eth")
    assert 0 <= Decimal(10000) - btc - eth < Decimal(20)  # what the limits of the orders leave
    assert btc / eth == pytest.approx(Decimal(3), rel=Decimal("0.001"))


def test_an_analysis_grows_too_old_to_size_by(floor: TradingFloor, tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite3"
    analysed(floor, path, btc=0.02, eth=0.06)
    known = AnalysedVolatilities(lambda: SqliteAnalyses(path))
    hour = timedelta(hours=1)
    last = floor.clock.now() - hour + RECENT
    assert known.of_day("virtual", "BTC/USDT", last) == Decimal("0.02")
    assert known.of_day("virtual", "BTC/USDT", last + timedelta(seconds=1)) is None
    assert known.of_day("virtual", "BTC/USDT", floor.clock.now() - 2 * hour) is None


def a_store_that_is_away() -> Analyses:
    raise StoreUnavailable("the table cannot be reached")


@pytest.mark.parametrize("figures", [{}, {"btc": None, "eth": 0}])
def test_what_is_not_known_is_asked_of_the_venue(
    floor: TradingFloor, tmp_path: Path, figures: dict[str, object]
) -> None:
    path = tmp_path / "series.sqlite3"
    analysed(floor, path, **figures)
    assert enter(floor, AnalysedVolatilities(lambda: SqliteAnalyses(path))) == NEVER_MOVED


@pytest.mark.parametrize("opened", [lambda: None, a_store_that_is_away])
def test_sizing_does_not_need_the_analyses(floor: TradingFloor, opened: object) -> None:
    assert enter(floor, AnalysedVolatilities(opened)) == NEVER_MOVED  # type: ignore[arg-type]
