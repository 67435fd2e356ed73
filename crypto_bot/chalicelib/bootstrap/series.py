"""The time series: candles with what was derived from them, and what makes them."""

from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.market import lake
from chalicelib.market_ports import Analyses, TimeSeries

if TYPE_CHECKING:
    from chalicelib.drivers.dynamodb_table import DynamoDbTable
    from chalicelib.series_settings import SeriesSettings
    from chalicelib.services.market.load_candles import Loading

SERIES_FILE: Final = "series.sqlite3"
# A table of few units says for minutes that it is busy.
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 5.0, "read_timeout": 30.0, "attempts": 8}


@bootstrap.made_once
def series_settings() -> "SeriesSettings":
    """The environment, read once."""
    from chalicelib.series_settings import read_series_environment

    return read_series_environment()


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
    """Those that there are; None where nothing has been analysed. The caller closes it."""
    if series_settings().table or (bootstrap.home() / SERIES_FILE).exists():
        return analyses()
    return None


def _market_table() -> "DynamoDbTable":
    from chalicelib.drivers.dynamodb_table import DynamoDbTable

    return DynamoDbTable(bootstrap.aws("dynamodb", **_PATIENCE), series_settings().table)


def loading(store: TimeSeries) -> "Loading":
    """From the lake into `store`, as the settings say."""
    from chalicelib.services.market.load_candles import Loading

    settings = series_settings()
    return Loading(
        candles=candle_lake(),
        lake=lake(),
        store=store,
        intervals=settings.intervals,
        indicators=settings.indicators,
    )
