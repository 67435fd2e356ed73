"""What the pages about markets are drawn from. Reading makes no file where there is none."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import SUMMARIES_FILE, lake, market_settings, trade_flow
from chalicelib.bootstrap.series import (
    SERIES_FILE,
    STAGE_RUNS_FILE,
    analyses,
    series_settings,
    stage_runs,
    time_series,
)
from chalicelib.bootstrap.venues import SYNTHETIC, VIRTUAL
from chalicelib.domain.errors import ActionRefused, SettingsError

if TYPE_CHECKING:
    from chalicelib.domain.market.ranking import Ranking
    from chalicelib.domain.trading.account import Account
    from chalicelib.market_ports.candles import CandleLake
    from chalicelib.market_ports.charts import ChartSource
    from chalicelib.market_ports.series import Analyses
    from chalicelib.market_ports.stage_runs import StageRuns
    from chalicelib.market_ports.trades import TradeFlowTable
    from chalicelib.services.market.list_markets import ListedMarket

MADE_UP: Final = SYNTHETIC


@contextmanager
def chart_sources(venue: str, account: str) -> "Iterator[Sequence[ChartSource]]":
    """Of a venue; `account` says whose prices are meant where they are made up."""
    from chalicelib.services.market.read_chart import LakeChart, SeriesChart

    if venue == MADE_UP:
        yield [_made_up(account)]
        return
    check_rights()
    with ExitStack() as stack:
        sources: list[ChartSource] = [LakeChart(_candle_lake)]
        if _is_there(SERIES_FILE):
            store = time_series()
            stack.callback(store.close)
            sources.append(SeriesChart(store))
        yield sources


def listed_markets() -> "list[ListedMarket]":
    """Those of which there are candles in the lake."""
    from chalicelib.adapters.candles.listing import listed_series
    from chalicelib.services.market.list_markets import list_markets

    check_rights()
    return list_markets(listed_series(lake()), series_settings().intervals)


def made_up_markets() -> list[tuple[str, str]]:
    """Account and symbol of the virtual accounts whose prices are synthetic."""
    configuration = bootstrap.strategies().configuration()
    return [
        (name, symbol)
        for name, account in sorted(configuration.accounts.items())
        if _is_made_up(account)
        for symbol in configuration.symbols_of(name)
    ]


@contextmanager
def kept_flow() -> "Iterator[TradeFlowTable | None]":
    """None where no minute was ever summed up."""
    check_rights()
    if not (market_settings().trade_flow or _has(SUMMARIES_FILE)):
        yield None
        return
    table = trade_flow()
    try:
        yield table
    finally:
        table.close()


@contextmanager
def read_analyses() -> "Iterator[Analyses | None]":
    """None where nothing was ever analysed."""
    check_rights()
    if not _is_there(SERIES_FILE):
        yield None
        return
    kept = analyses()
    try:
        yield kept
    finally:
        kept.close()


@contextmanager
def read_stage_runs() -> "Iterator[StageRuns | None]":
    """None where no stage ever ran."""
    check_rights()
    runs = stage_runs() if _is_there(STAGE_RUNS_FILE) else None
    try:
        yield runs
    finally:
        if runs is not None:
            runs.close()


def last_ranked() -> "Ranking | None":
    """None where nothing was ever ranked."""
    from chalicelib.services.market.rank_markets import last_ranking

    check_rights()
    return last_ranking(lake())


def check_rights() -> None:
    """ActionRefused in a function: the whole world reaches it, and it may not read market data."""
    if bootstrap.is_function():
        stage = bootstrap.settings().stage
        raise ActionRefused(
            "the API on AWS has no right to market data; open this page on your own machine, as"
            f" crypto-bot run --stage {stage} serves it"
        )


def _is_there(file: str) -> bool:
    return bool(series_settings().table) or (not bootstrap.is_deployed() and _has(file))


def _has(file: str) -> bool:
    return (bootstrap.home() / file).exists()


def _candle_lake() -> "CandleLake":
    from chalicelib.bootstrap.candles import candle_lake

    return candle_lake()


def _is_made_up(account: "Account") -> bool:
    return account.exchange == VIRTUAL and account.prices_from == SYNTHETIC


def _made_up(name: str) -> "ChartSource":
    from chalicelib.adapters.venues.virtual.options import parse_options
    from chalicelib.adapters.venues.virtual.synthetic import SyntheticPrices
    from chalicelib.adapters.venues.virtual.synthetic_chart import SyntheticChart

    account = bootstrap.strategies().configuration().accounts.get(name)
    if account is None or not _is_made_up(account):
        raise SettingsError(
            f"account is {name!r}; it must be a virtual account whose prices are {MADE_UP}"
        )
    own, clock = parse_options(account).prices, bootstrap.clock()
    prices = SyntheticPrices(own.seed or SYNTHETIC, clock, own.volatility, base=own.base)
    return SyntheticChart(prices, clock)
