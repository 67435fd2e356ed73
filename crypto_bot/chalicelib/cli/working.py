"""worker, collect-trades, sweep-summaries, summaries: market data by processes, and its table."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show
from chalicelib.cli.trial_words import of_a_bot
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.domain.market.stream_plan import StreamPlan
from chalicelib.domain.market.trade import AGGREGATED, SINGLE

_once = click.option("--once", is_flag=True, help="End when everything there is has been done.")


@click.group()
def worker() -> None:
    """Run one stage of the market data until Ctrl-C. It may be killed and started at any time."""


@worker.command()
@in_home
@click.option("--market", "markets", multiple=True, metavar="NAME", help="Such as BTC/USDT.")
@click.option(
    "--venue",
    metavar="NAME",
    help="binance, binanceus or a name of ccxt's [default: MARKET_VENUE].",
)
@click.option(
    "--trades",
    type=click.Choice([AGGREGATED, SINGLE]),
    default=AGGREGATED,
    show_default=True,
    help="Which of Binance's trades: those of one order and price together, or each alone.",
)
@click.option(
    "--interval",
    "intervals",
    type=click.Choice([interval.value for interval in Interval]),
    multiple=True,
    default=[Interval.M1.value],
    show_default=True,
    help="Of the closed candles.",
)
@click.option(
    "--replay",
    "files",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Instead of a venue: frames that were recorded, each after its time in ns.",
)
@click.option("--paced", is_flag=True, help="Replay as slowly as it came then.")
def stream(
    markets: tuple[str, ...],
    venue: str | None,
    trades: str,
    intervals: tuple[str, ...],
    files: tuple[Path, ...],
    paced: bool,
) -> None:
    """Put every trade and closed candle of a venue's markets onto the bus."""
    from chalicelib.bootstrap.market import market_settings
    from chalicelib.bootstrap.streaming import live_feed, replay_feed
    from chalicelib.worker.stream import stream as work

    if files:
        open_feed = replay_feed(files, markets, paced=paced)
    else:
        plan = StreamPlan(
            venue=venue or market_settings().venue,
            markets=markets or market_settings().markets,
            trades=trades,
            intervals=tuple(map(Interval, intervals)),
        )
        if not plan.markets:
            raise SettingsError("no market is named; name one such as --market BTC/USDT")
        open_feed = live_feed(plan)
    with _stopped_in_order() as stopping:
        count = work(stopping, open_feed)
    click.echo(f"{count} messages were put onto the bus")


@worker.command()
@in_home
@_once
def archive(once: bool) -> None:
    """Write the trades on the bus into the lake, one object per symbol and minute."""
    from chalicelib.worker.archive import archive as work

    with _stopped_in_order() as stopping:
        work(stopping, once=once)


@worker.command()
@in_home
@_once
def summarise(once: bool) -> None:
    """Sum up each minute of the lake in a row of the SQL table."""
    from chalicelib.worker.summarise import summarise as work

    with _stopped_in_order() as stopping:
        work(stopping, once=once)


@worker.command()
@in_home
@click.option("--bot", metavar="NAME", help="One that comes with it [default: all deployments].")
@click.option("--name", metavar="NAME", help="What its state is kept under [default: the bot's].")
@click.option("--strategy", metavar="NAME", help="Whose signals they are [default: the name].")
@of_a_bot
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="Such as threshold=1")
@click.option("--cash", metavar="AMOUNT", help="In quote, what it reckons with [default: 10000].")
@click.option("--since", metavar="TIME", help="Trade by candles that close later [default: now].")
@_once
def bots(once: bool, **words: Any) -> None:
    """Show bots each closed candle on the bus; what they want becomes signals of a strategy.

    All that are deployed (crypto-bot bots deploy), or with --bot one that comes with it. It may be
    killed and started at any time, and goes on where it was.
    """
    from chalicelib.cli.deployments import deployment_of
    from chalicelib.worker.bots import bots as work
    from chalicelib.worker.deployed_bots import deployed_bots

    deployment = None
    if words["bot"] is not None:
        deployment = deployment_of(now=bootstrap.clock().now(), **words)
    elif given := [name for name, value in words.items() if value]:
        raise SettingsError(
            f"--{given[0].removesuffix('s')} goes with --bot; without it all deployments run by"
            " what they were deployed with"
        )
    with _stopped_in_order() as stopping:
        if deployment is None:
            count = deployed_bots(stopping, once=once)
        else:
            count = work(stopping, deployment, once=once)
    click.echo(f"{count} signals")


@worker.command()
@in_home
@_once
def klines(once: bool) -> None:
    """Keep the closed candles on the bus, the latest 10,080 of each symbol and interval."""
    from chalicelib.worker.klines import klines as work

    with _stopped_in_order() as stopping:
        count = work(stopping, once=once)
    click.echo(f"{count} candles were stored")


@click.command()
@in_home
@click.option("--since", metavar="TIME", help="From here on, in UTC [default: three hours ago].")
def sweep_summaries(since: str | None) -> None:
    """Sum up again what the lake has and the table has not, or not all of."""
    from chalicelib.bootstrap.market import lake, trade_flow
    from chalicelib.drivers.trade_codec import read_trade
    from chalicelib.services.market.sweep_summaries import sweep_summaries as sweep
    from chalicelib.worker.summarise import SWEPT, tell

    now = bootstrap.clock().now()
    with _stopped_in_order(), closing(trade_flow()) as table:
        start = now - SWEPT if since is None else read_instant("--since", since)
        report = sweep(lake(), table, read_trade, start=start, end=now)
        for mended in report.mended:
            tell(mended)
    done = [mended for mended in report.mended if not mended.withheld]
    click.echo(
        f"{report.checked} minutes looked at, {len(done)} summed up again,"
        f" {len(report.mended) - len(done)} withheld"
    )


@click.command()
@in_home
@click.argument("markets", nargs=-1, required=True, metavar="SYMBOL...")
@click.option("--since", metavar="TIME", help="Begin anew, with this minute (UTC).")
@click.option("--follow", is_flag=True, help="Go on, minute by minute, until Ctrl-C.")
def collect_trades(markets: tuple[str, ...], since: str | None, follow: bool) -> None:
    """Bring the lake's trades of each SYMBOL, such as BTC/USDT, up to the last whole minute.

    The first time it begins with the current minute. What is there already is written again as it
    was. No key is needed, and beside a stream it changes no summary.
    """
    from chalicelib.domain.market.collecting import symbol_named
    from chalicelib.worker.collect import collect

    symbols = list(dict.fromkeys(symbol_named(market, "SYMBOL") for market in markets))
    start = None if since is None else read_instant("--since", since)
    with _stopped_in_order() as stopping:
        reports = collect(stopping, symbols, once=not follow, since=start)
    for report in sorted(reports, key=lambda found: symbols.index(found.symbol)):
        click.echo(f"{report.symbol}: {report.trouble or 'up to date'}")
    if any(report.trouble for report in reports):
        raise click.exceptions.Exit(1)


@click.command()
@in_home
@click.option("--symbol", metavar="NAME", help="Only this one, such as BTCUSDT.")
@row_limit(60)
@as_json
def summaries(symbol: str | None, limit: int, as_json: bool) -> None:
    """Show what was bought and sold per minute, newest first."""
    from chalicelib.adapters.tables.columns import PROMISED
    from chalicelib.bootstrap.market import trade_flow

    with closing(trade_flow()) as table:
        found = table.newest(limit, symbol)
    show(
        [dict(zip(PROMISED, _cells(row), strict=True)) for row in found],
        PROMISED,
        as_json=as_json,
        empty="No minutes have been summed up yet.",
    )


@contextmanager
def _stopped_in_order() -> Iterator[Event]:
    """Ctrl-C ends the round that is under way; what there is to say goes to standard error."""
    from chalicelib.adapters.telemetry.log_lines import Words
    from chalicelib.local.stopping import stopped_by_signals

    handler = logging.StreamHandler()
    handler.setFormatter(Words())
    log = logging.getLogger("chalicelib")
    level = log.level
    log.addHandler(handler)
    log.setLevel(bootstrap.settings().log_level)
    try:
        with stopped_by_signals() as stopping:
            yield stopping
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def _cells(row: MinuteSummary) -> tuple[object, ...]:
    from chalicelib.adapters.tables.columns import amounts_of

    return (row.minute.start, row.minute.symbol, *amounts_of(row))
