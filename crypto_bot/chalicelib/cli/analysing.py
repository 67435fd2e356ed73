"""analyse-instruments, analyse-markets, analyses: what candles and minutes say, and its record."""

from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING

import click

from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show

if TYPE_CHECKING:
    from chalicelib.domain.market.analysis import Analysis


@click.command()
@in_home
def analyse_instruments() -> None:
    """Work out how much each loaded instrument moves, which way, and who pushes it."""
    from chalicelib.bootstrap.market import market_settings, trade_flow
    from chalicelib.bootstrap.series import analyses as opened_analyses
    from chalicelib.bootstrap.series import time_series
    from chalicelib.services.market.analyse_instruments import Analysing
    from chalicelib.services.market.analyse_instruments import analyse_instruments as analyse

    with (
        closing(time_series()) as store,
        closing(trade_flow()) as flows,
        closing(opened_analyses()) as kept,
    ):
        work = Analysing(
            store=store, flows=flows, flow_venue=market_settings().venue, analyses=kept
        )
        _tell(analyse(_instruments(), work))


@click.command()
@in_home
def analyse_markets() -> None:
    """Rank each venue's instruments by what they did, and see which move together."""
    from chalicelib.bootstrap.series import analyses as opened_analyses
    from chalicelib.bootstrap.series import time_series
    from chalicelib.services.market.analyse_markets import analyse_markets as analyse

    with closing(time_series()) as store, closing(opened_analyses()) as kept:
        _tell(analyse(_instruments(), store, kept))


@click.command()
@in_home
@click.argument("venue")
@click.argument("symbol", required=False)
@row_limit(1)
@as_json
def analyses(venue: str, symbol: str | None, limit: int, as_json: bool) -> None:
    """Show the latest analyses of VENUE, or of one SYMBOL there."""
    from chalicelib.bootstrap.series import analyses as opened_analyses
    from chalicelib.domain.market.analysis import instrument_subject

    subject = venue if symbol is None else instrument_subject(venue, symbol)
    with closing(opened_analyses()) as kept:
        found = kept.newest(subject, limit)
    if as_json:
        rows = [{"subject": a.subject, "at": a.at, "figures": a.figures} for a in found]
        show(rows, (), as_json=True, empty="")
        return
    lines = [
        {"at": analysis.at, "figure": name, "value": value}
        for analysis in found
        for name, value in _flat(analysis.figures)
    ]
    empty = f"Nothing is known of {subject} yet."
    show(lines, ("at", "figure", "value"), as_json=False, empty=empty)


def _instruments() -> list[tuple[str, str]]:
    from chalicelib.bootstrap.candles import candle_lake

    return sorted({(series.venue, series.symbol) for series in candle_lake().series()})


def _tell(made: "list[Analysis]") -> None:
    for analysis in made:
        click.echo(f"{analysis.subject}: as of {analysis.at:%Y-%m-%d %H:%M} UTC")
    if not made:
        click.echo("Nothing is loaded yet; crypto-bot load-candles does it.")


def _flat(figures: Mapping[str, object], before: str = "") -> list[tuple[str, object]]:
    lines: list[tuple[str, object]] = []
    for name, value in figures.items():
        if isinstance(value, Mapping):
            lines += _flat(value, f"{before}{name} ")
        else:
            lines.append((f"{before}{name}", value))
    return lines
