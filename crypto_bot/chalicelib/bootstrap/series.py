"""The time series: candles with what was derived from them, and what makes them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.market import lake
from chalicelib.market_ports.klines import Klines
from chalicelib.market_ports.series import Analyses, SeriesCopy, TimeSeries
from chalicelib.market_ports.stage_runs import StageRuns

if TYPE_CHECKING:
    from chalicelib.drivers.dynamodb_table import DynamoDbTable
    from chalicelib.series_settings import SeriesSettings
    from chalicelib.services.market.load_candles import Loading

SERIES_FILE: Final = "series.sqlite3"
KLINES_FILE: Final = "klines.sqlite3"
_KLINES_KEPT: Final = 10_080  # a week of minutes, more than a year of hours
STAGE_RUNS_FILE: Final = "stages.sqlite3"
# A table of few units says for minutes that it is busy.
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 5.0, "read_timeout": 30.0, "attempts": 8}
# What is not copied is copied by the next load, which must not wait for it long.
_COPY_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 3.0, "read_timeout": 10.0}


@bootstrap.made_once
def series_settings() -> "SeriesSettings":
    """The environment, read once."""
    from chalicelib.series_settings import SeriesSettings, read_series_environment

    given = bootstrap.choices().environment
    return read_series_environment() if given is None else SeriesSettings.from_environment(given)


def time_series() -> TimeSeries:
    """DynamoDB where a table is named, else a file. The caller closes it."""
    if series_settings().table:
        from chalicelib.adapters.series.dynamodb import DynamoDbTimeSeries

        return DynamoDbTimeSeries(_market_table())
    from chalicelib.adapters.series.sqlite import SqliteTimeSeries

    return SqliteTimeSeries(bootstrap.home() / SERIES_FILE)


def analyses() -> Analyses:
    """Beside the time series. The caller closes it."""
    if series_settings().table:
        from chalicelib.adapters.series.analyses_dynamodb import DynamoDbAnalyses

        return DynamoDbAnalyses(_market_table())
    from chalicelib.adapters.series.analyses_sqlite import SqliteAnalyses

    return SqliteAnalyses(bootstrap.home() / SERIES_FILE)


def kept_analyses() -> Analyses | None:
    """For the trading, which does not wait long; None where nothing is analysed. Caller closes."""
    if bootstrap.is_deployed():
        return _deployed_analyses()
    if series_settings().table or (bootstrap.home() / SERIES_FILE).exists():
        return analyses()
    return None


@bootstrap.made_once
def _deployed_analyses() -> Analyses | None:
    """Only where instruments are analysed the tick may look: `rights_of` says the same."""
    if "analyse_instruments" not in bootstrap.settings().market_functions:
        return None
    from chalicelib.adapters.series.analyses_dynamodb import DynamoDbAnalyses
    from chalicelib.drivers.dynamodb_table import DynamoDbTable

    return DynamoDbAnalyses(DynamoDbTable(bootstrap.aws("dynamodb"), series_settings().table))


def klines() -> Klines:
    """The bus's candles, in the table of the time series or in a file. The caller closes it."""
    from chalicelib.adapters.stores.klines import TableKlines

    if series_settings().table:
        return TableKlines(_market_table(), lambda: None, kept=_KLINES_KEPT)
    from chalicelib.drivers.sqlite_table import SqliteTable

    table = SqliteTable(bootstrap.home_folder() / KLINES_FILE)
    return TableKlines(table, table.close, kept=_KLINES_KEPT)


def stage_runs() -> StageRuns | None:
    """Beside the time series; None where a function has no table for it. The caller closes it."""
    from chalicelib.adapters.stores.stage_runs import TableStageRuns

    if series_settings().table:
        return TableStageRuns(_market_table(), lambda: None)
    if bootstrap.is_deployed():
        return None
    from chalicelib.drivers.sqlite_table import SqliteTable

    table = SqliteTable(bootstrap.home_folder() / STAGE_RUNS_FILE)
    return TableStageRuns(table, table.close)


@bootstrap.made_once
def _market_table() -> "DynamoDbTable":
    from chalicelib.drivers.dynamodb_table import DynamoDbTable

    return DynamoDbTable(bootstrap.aws("dynamodb", **_PATIENCE), series_settings().table)


def loading(store: TimeSeries, until: datetime | None = None) -> "Loading":
    """From the lake into `store`, as the settings say. Nothing more is looked at after `until`."""
    from chalicelib.services.market.load_candles import Loading

    settings, clock = series_settings(), bootstrap.clock()
    return Loading(
        candles=candle_lake(),
        lake=lake(),
        store=store,
        intervals=settings.intervals,
        indicators=settings.indicators,
        is_over=lambda: until is not None and clock.now() >= until,
        copy=_series_copy(),
    )


def _series_copy() -> SeriesCopy | None:
    if not series_settings().timestream:
        return None
    from chalicelib.adapters.series.timestream import TimestreamCopy

    client = bootstrap.aws("timestream-write", **_COPY_PATIENCE)
    return TimestreamCopy(client, *series_settings().timestream, now=bootstrap.clock().now)
