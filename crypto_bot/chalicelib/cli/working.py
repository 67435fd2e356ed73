"""worker, sweep-summaries, summaries: the stages of market data as processes, and their table."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from threading import Event

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.minute_summary import MinuteSummary

_once = click.option("--once", is_flag=True, help="End when everything there is has been done.")


@click.group()
def worker() -> None:
    """Run one stage of the market data until Ctrl-C. It may be killed and started at any time."""


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


@click.command()
@in_home
@click.option("--since", metavar="TIME", help="From here on, in UTC [default: three hours ago].")
def sweep_summaries(since: str | None) -> None:
    """Sum up again what the lake has and the table has not, or not all of."""
    from chalicelib.bootstrap.market import lake, trade_flow
    from chalicelib.services.market.sweep_summaries import sweep_summaries as sweep
    from chalicelib.worker.summarise import SWEPT, tell

    now = bootstrap.clock().now()
    with _stopped_in_order(), closing(trade_flow()) as table:
        start = now - SWEPT if since is None else _instant(since)
        report = sweep(lake(), table, start=start, end=now)
        for mended in report.mended:
            tell(mended)
    done = [mended for mended in report.mended if not mended.withheld]
    click.echo(
        f"{report.checked} minutes looked at, {len(done)} summed up again,"
        f" {len(report.mended) - len(done)} withheld"
    )


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


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"--since is {text!r}; it must be a time such as 2024-08-10T02:30Z"
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
