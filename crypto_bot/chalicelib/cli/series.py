"""load-candles, series: candles with what is derived from them, made and shown."""

from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import click

from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval

if TYPE_CHECKING:
    from chalicelib.domain.market.candle_series import CandleSeries
    from chalicelib.domain.market.series_day import SeriesRow
    from chalicelib.market_ports.series import TimeSeries

_INTERVALS: Final = [str(interval) for interval in Interval]


@click.command()
@in_home
@click.option("--symbol", metavar="SYMBOL", help="Only this one, such as BTC/USDT.")
@click.option("--since", metavar="TIME", help="Again from here on [default: what is new].")
def load_candles(symbol: str | None, since: str | None) -> None:
    """Bring the time series up to the lake's candles, with returns and indicators."""
    from chalicelib.bootstrap.series import loading, time_series
    from chalicelib.domain.instant import read_instant
    from chalicelib.services.market.load_candles import load_candles as load

    start = None if since is None else read_instant("--since", since)
    failed = False
    with closing(time_series()) as store:
        work = loading(store)
        for series in work.candles.series():
            if symbol not in {None, series.symbol}:
                continue
            try:
                reports = load(series, work, since=start)
            except StoreUnavailable as error:  # the others may be well
                click.echo(f"crypto-bot: {series}: {error}", err=True)
                failed = True
                continue
            for report in reports:
                refused = f", {report.rejected} refused" if report.rejected else ""
                days = f"{report.days} days from {report.since} on"
                click.echo(f"{report.series}: {report.rows} rows, {days}{refused}")
                if report.not_copied:
                    click.echo(f"crypto-bot: {report.series}: {report.not_copied}", err=True)
                    failed = True
    if failed:
        raise SystemExit(1)


@click.command()
@in_home
@click.argument("venue")
@click.argument("symbol")
@click.option("--interval", type=click.Choice(_INTERVALS), default="1h", show_default=True)
@row_limit(24)
@as_json
def series(venue: str, symbol: str, interval: str, limit: int, as_json: bool) -> None:
    """Show the latest candles of VENUE and SYMBOL with their derived columns."""
    from chalicelib.bootstrap.series import time_series
    from chalicelib.domain.market.candle_series import candle_series

    try:
        wanted = candle_series(venue, symbol, interval)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    with closing(time_series()) as store:
        found = _newest(store, wanted, limit)
    columns = [*Candle._fields, *(found[0].derived if found else ())]
    rows = [{**row.candle._asdict(), **row.derived} for row in reversed(found)]
    show(rows, columns, as_json=as_json, empty=f"Nothing is loaded of {wanted} yet.")


def _newest(store: "TimeSeries", series: "CandleSeries", limit: int) -> "list[SeriesRow]":
    last = store.last(series)
    if last is None:
        return []
    end = datetime.combine(last.day, time(), UTC) + timedelta(days=1)
    start = end - (limit + 1) * series.interval.length - timedelta(days=1)
    return store.read(series, start, end)[-limit:]
