"""rank-markets, collect-candles, candles: which markets are worth watching, and their candles."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval

if TYPE_CHECKING:
    from chalicelib.market_ports.candles import CandleLake
    from chalicelib.services.market.collect_candles import CandleReport

_INTERVALS: Final = [str(interval) for interval in Interval]
_COLUMNS: Final = ("start", "open", "high", "low", "close", "volume")
_RANKED: Final = ("rank", "symbol", "market", "market_cap", "price", "volume_24h", "id")
_DEFAULT: Final = "1h"
_interval = click.option(
    "--interval", type=click.Choice(_INTERVALS), default=_DEFAULT, show_default=True
)
_venue = click.option("--venue", metavar="VENUE", required=True, help="Such as binance.")
_symbol = click.option("--symbol", metavar="SYMBOL", required=True, help="Such as BTC/USDT.")


@click.command()
@in_home
@as_json
def rank_markets(as_json: bool) -> None:
    """Rank the venue's markets by the market capitalisation of their coins."""
    from chalicelib.bootstrap import candles as given
    from chalicelib.bootstrap.market import lake
    from chalicelib.services.market.rank_markets import rank_markets as rank

    with closing(given.public_markets(given.candle_settings().venue)) as venue:
        report = rank(
            given.ranking_sources(), venue, lake(), given.ranking_rules(), bootstrap.clock()
        )
    for trouble in report.trouble:
        click.echo(f"crypto-bot: {trouble}", err=True)
    ranking = report.ranking
    if ranking is None:
        raise SettingsError("there is no ranking yet, and none could be made; see above")
    if not as_json:
        age = "" if report.is_new else ", the last good list"
        click.echo(f"by {ranking.source}, {ranking.as_of:%Y-%m-%d %H:%M} UTC{age}")
    rows = [{name: getattr(item, name) for name in _RANKED} for item in ranking.items]
    show(rows, _RANKED, as_json=as_json, empty="No markets are ranked.")


@click.command()
@in_home
def collect_candles() -> None:
    """Bring the configured or ranked markets' candles up to now."""
    from chalicelib.bootstrap import candles as given
    from chalicelib.services.market.collect_round import collect_round

    with closing(given.public_markets(given.candle_settings().venue)) as source:
        found = collect_round(given.candle_round(source))
    for report in found.reports:
        _tell(report)
    for trouble in found.trouble:
        click.echo(f"crypto-bot: {trouble}", err=True)
    if found.trouble:
        raise SystemExit(1)


@click.group()
def candles() -> None:
    """Candles in the lake: download, import, show them, and see what is missing."""


@candles.command()
@in_home
@click.argument("venue")
@click.argument("symbols", metavar="SYMBOL...", nargs=-1, required=True)
@_interval
@click.option("--since", metavar="TIME", help="From here on [default: thirty days ago].")
def download(venue: str, symbols: tuple[str, ...], interval: str, since: str | None) -> None:
    """Fetch from an exchange what the lake has not yet, such as: binance BTC/USDT ETH/USDT."""
    from chalicelib.bootstrap import candles as given
    from chalicelib.domain.instant import read_instant
    from chalicelib.services.market.collect_candles import Collecting, collect_candles

    wanted = [_series(venue, symbol, interval) for symbol in symbols]
    now = bootstrap.clock().now()
    start = now - given.LOOK_BACK if since is None else read_instant("--since", since)
    with closing(given.public_markets(venue)) as source:
        unknown = sorted(set(symbols) - source.existing(symbols))
        if unknown:
            raise SettingsError(f"{venue} has no spot market {', '.join(unknown)}")
        lake = given.candle_lake()
        for series in wanted:
            with _progress(str(series), start, now) as moved:
                work = Collecting(
                    source=source, lake=lake, clock=bootstrap.clock(), since=start, on_page=moved
                )
                report = collect_candles(series, work)
            _tell(report)


@candles.command(name="import")
@in_home
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_venue
@_symbol
@click.option(
    "--interval",
    type=click.Choice(_INTERVALS),
    help=f"[default: what the candles show; of trades {_DEFAULT}]",
)
def import_(file: Path, venue: str, symbol: str, interval: str | None) -> None:
    """Take candles from a Parquet or CSV file; a file of trades becomes candles.

    Candles of another length than --interval are refused, and nothing is kept of them.
    """
    from chalicelib.adapters.candles.files import MarketFile
    from chalicelib.bootstrap import candles as given
    from chalicelib.services.market.import_candles import import_candles, settle_interval

    series = _series(venue, symbol, interval or _DEFAULT)  # misspelt names are said before all else
    source = MarketFile(file)
    if source.has_candles:
        asked = None if interval is None else series.interval
        found, portions = settle_interval(str(file), source.candles(), asked)
        series = _series(venue, symbol, found)
    else:
        portions = source.candles_of_trades(series.interval)
    report = import_candles(series, portions, given.candle_lake())
    for flaw in report.flaws:
        click.echo(f"crypto-bot: {flaw}", err=True)
    missing = sum(gap.missing(series.interval) for gap in report.gaps)
    click.echo(
        f"{series}: {report.written} candles kept, {report.refused} refused; {len(report.gaps)}"
        f" gaps, {missing} candles missing"
    )


@candles.command()
@in_home
@_venue
@_symbol
@click.option("--archived", metavar="NAME", help="What the trades call it [default: BTCUSDT].")
@click.option("--since", metavar="TIME", required=True, help="From here on.")
def build(venue: str, symbol: str, archived: str | None, since: str) -> None:
    """Make minute candles of the trades that the lake has."""
    from chalicelib.bootstrap import candles as given
    from chalicelib.bootstrap.market import lake
    from chalicelib.domain.instant import read_instant
    from chalicelib.services.market.build_candles import candles_of_archive
    from chalicelib.services.market.import_candles import import_candles

    series = _series(venue, symbol, Interval.M1)
    name = archived or symbol.replace("/", "")
    start, end = read_instant("--since", since), bootstrap.clock().now() - timedelta(minutes=2)
    portions = candles_of_archive(name, lake(), start=start, end=end)
    report = import_candles(series, portions, given.candle_lake())
    click.echo(f"{series}: {report.written} candles made; {len(report.gaps)} gaps")


@candles.command(name="show")
@in_home
@click.argument("venue", required=False)
@click.argument("symbol", required=False)
@_interval
@row_limit(48)
@as_json
def show_(venue: str | None, symbol: str | None, interval: str, limit: int, as_json: bool) -> None:
    """Show the latest candles of VENUE and SYMBOL; without them, what there is."""
    from chalicelib.bootstrap.candles import candle_lake

    lake = candle_lake()
    if venue is None or symbol is None:
        _show_series(lake, as_json=as_json)
        return
    series = _series(venue, symbol, interval)
    last = lake.last(series)
    found = []
    if last is not None:
        end = last.start + series.interval.length
        found = lake.read(series, end - limit * series.interval.length, end)
    rows = [dict(zip(_COLUMNS, candle, strict=True)) for candle in reversed(found)]
    show(rows, _COLUMNS, as_json=as_json, empty=f"There are no candles of {series} yet.")


@candles.command()
@in_home
@click.argument("venue")
@click.argument("symbol")
@_interval
@click.option("--search", is_flag=True, help="Look through all candles for what is missing.")
@as_json
def gaps(venue: str, symbol: str, interval: str, search: bool, as_json: bool) -> None:
    """Show where candles are missing, and how often the venue was asked for them."""
    from chalicelib.bootstrap.candles import candle_lake
    from chalicelib.services.market.import_candles import search_gaps

    series = _series(venue, symbol, interval)
    lake = candle_lake()
    found = search_gaps(series, lake) if search else lake.gaps(series)
    rows = [
        {
            "start": gap.start,
            "end": gap.end,
            "missing": gap.missing(series.interval),
            "asked": gap.asked,
        }
        for gap in found
    ]
    columns = ("start", "end", "missing", "asked")
    show(rows, columns, as_json=as_json, empty=f"Nothing is missing of {series}.")


def _show_series(lake: "CandleLake", *, as_json: bool) -> None:
    rows = []
    for series in lake.series():
        first, last = lake.first(series), lake.last(series)
        rows.append(
            {
                "venue": series.venue,
                "symbol": series.symbol,
                "interval": str(series.interval),
                "first": first and first.start,
                "last": last and last.start,
                "gaps": len(lake.gaps(series)),
            }
        )
    columns = ("venue", "symbol", "interval", "first", "last", "gaps")
    show(rows, columns, as_json=as_json, empty="There are no candles yet.")


def _series(venue: str, symbol: str, interval: str) -> CandleSeries:
    from chalicelib.domain.market.candle_series import candle_series

    try:
        return candle_series(venue, symbol, interval)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _tell(report: "CandleReport") -> None:
    more = "" if report.finished else "; time was up, the next run goes on"
    click.echo(f"{report.series}: {report.written} candles, {report.missing} missing in gaps{more}")
    for flaw in report.flaws:
        click.echo(f"crypto-bot: {report.series}: {flaw}", err=True)


@contextmanager
def _progress(what: str, start: datetime, end: datetime) -> Iterator[Callable[[datetime], None]]:
    """A bar on a terminal, and nothing anywhere else."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=(end - start).total_seconds())

        def moved(at: datetime) -> None:
            progress.update(task, completed=(at - start).total_seconds())

        yield moved
