"""backtest: a bot over the candles of the lake, as a table, a JSON file and an HTML page."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chalicelib import bootstrap
from chalicelib.cli.options import in_home
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.market.interval import Interval

if TYPE_CHECKING:
    from chalicelib.domain.bots.backtest import Terms
    from chalicelib.domain.bots.backtest_report import BacktestReport
    from chalicelib.domain.bots.setup import Setup
    from chalicelib.domain.market.candle_series import CandleSeries
    from chalicelib.market_ports.candles import CandleLake

_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


@click.command()
@in_home
@click.argument("bot")
@click.option(
    "--instrument", "instruments", multiple=True, metavar="NAME", help="[default: the bot's own]"
)
@click.option(
    "--interval",
    type=click.Choice([interval.value for interval in Interval]),
    help="[default: the bot's own]",
)
@click.option("--since", metavar="TIME", help="From this candle on [default: the first there is].")
@click.option("--until", metavar="TIME", help="Up to before this candle [default: now].")
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="Such as threshold=1")
@click.option("--venue", metavar="NAME", help="Whose candles [default: the only one with them].")
@click.option("--cash", metavar="AMOUNT", help="In quote, at the beginning [default: 10000].")
@click.option("--fee", metavar="FRACTION", help="Of the notional, such as 0.001 [default: 0.001].")
@click.option("--slippage", metavar="BPS", help="Hundredths of a percent [default: 0].")
@click.option("--step", metavar="AMOUNT", help="Of quantities [default: 0.00000001].")
@click.option("--tick", metavar="AMOUNT", help="Of prices [default: 0.00000001].")
@click.option("--minimum", metavar="AMOUNT", help="In quote, of an order [default: 0].")
@click.option("--ask-venue", is_flag=True, help="Ask the venue for step, tick, minimum and fee.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write all of it as JSON.")
@click.option("--html", "html_file", type=_FILE, metavar="FILE", help="Write a page to look at.")
def backtest(bot: str, json_file: Path | None, html_file: Path | None, **words: Any) -> None:
    """Try BOT on the candles of the lake: one that comes with it, or such as mine.py:MyBot."""
    from chalicelib.bootstrap.candles import candle_lake
    from chalicelib.cli.backtest_terms import terms_of

    for file in (json_file, html_file):
        if file and not file.parent.is_dir():
            raise SettingsError(f"{file} cannot be written: there is no folder {file.parent}")
    since = None if words["since"] is None else read_instant("--since", words["since"])
    until = None if words["until"] is None else read_instant("--until", words["until"])
    setup = _setup(bot, words)
    lake = candle_lake()
    venue = _venue(lake, setup, words["venue"])
    report = _tested(setup, terms_of(setup, venue, words), lake, (venue, since, until))
    _show(report, since, until)
    if json_file:
        from chalicelib.domain.bots.report_document import document

        _write(json_file, json.dumps(document(report), indent=1, ensure_ascii=False) + "\n")
    if html_file:
        from chalicelib.reports.backtest_page import backtest_page

        _write(html_file, backtest_page(report))


def _setup(bot: str, words: dict[str, Any]) -> "Setup":
    from chalicelib.cli.deployments import parameter
    from chalicelib.domain.bots.bot import set_up
    from chalicelib.domain.bots.ready_made import ready_made
    from chalicelib.domain.bots.refusals import BotRefused

    path, _, name = bot.rpartition(":") if not bot.endswith(".py") else (bot, "", "")
    try:
        if path.endswith(".py"):
            from chalicelib.adapters.bot_files import bot_in

            click.echo(
                f"crypto-bot: {path} runs in this process, with all that you may do: only run what"
                " you trust.",
                err=True,
            )
            kind = bot_in(Path(path), name)
        else:
            kind = ready_made(bot)
        setups = set_up(
            kind,
            instruments=words["instruments"],
            interval=words["interval"] or "",
            parameters=dict(parameter(text) for text in words["params"]),
        )
    except BotRefused as error:
        raise SettingsError(str(error)) from None
    if len(setups) > 1:
        symbols = [setup.instruments[0] for setup in setups]
        raise SettingsError(
            f"{kind.__name__} is a bot for each of {', '.join(symbols)}: say which, such as"
            f" --instrument {symbols[0]}"
        )
    return setups[0]


def _venue(lake: "CandleLake", setup: "Setup", named: str | None) -> str:
    from chalicelib.bootstrap.candles import candle_settings
    from chalicelib.domain.market.candle_series import candle_series
    from chalicelib.services.bots.backtest_bot import venues_with

    found = [named] if named else venues_with(lake, setup)
    if len(found) > 1:
        raise SettingsError(
            f"there are candles of {', '.join(found)}: say which, such as --venue {found[0]}"
        )
    venue = found[0] if found else candle_settings().venue
    try:
        for symbol in setup.instruments:
            candle_series(venue, symbol, setup.interval)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return venue


def _tested(
    setup: "Setup",
    terms: "Terms",
    lake: "CandleLake",
    of: tuple[str, datetime | None, datetime | None],
) -> "BacktestReport":
    from chalicelib.services.bots.backtest_bot import CandlesMissing, backtest_bot

    venue, since, until = of
    try:
        return backtest_bot(
            setup, terms, lake, venue=venue, since=since, until=until or bootstrap.clock().now()
        )
    except CandlesMissing as error:
        whence = "" if since is None else f" from {since:%Y-%m-%d %H:%M} on"
        fetch = _download(error.series, since)
        raise SettingsError(f"{error}{whence}; to fetch them: {fetch}") from None


def _download(series: "CandleSeries", since: datetime | None) -> str:
    words = f"crypto-bot candles download {series.venue} {series.symbol}"
    words += f" --interval {series.interval}"
    return words if since is None else f"{words} --since {since:%Y-%m-%dT%H:%M}"


def _show(report: "BacktestReport", since: datetime | None, until: datetime | None) -> None:
    from chalicelib.domain.bots.fill_model import ASSUMPTIONS
    from chalicelib.reports.figures import figure, minute

    setup, start = report.setup, report.test.start
    click.echo(
        f"{setup.name} on {', '.join(report.candles)} {setup.interval} of {report.venue},"
        f" {minute(start[0])} to {minute(start[-1])} UTC, {len(start)} candles"
    )
    if setup.parameters:
        click.echo(", ".join(f"{name}={value:g}" for name, value in setup.parameters.items()))
    for line in _shortcomings(report, since, until):
        click.echo(f"crypto-bot: {line}", err=True)
    click.echo()
    _table((name, figure(name, value)) for name, value in report.metrics._asdict().items())
    click.echo("\nHow orders were filled:")
    _table(ASSUMPTIONS)
    click.echo(f"\n{_terms_line(report)}")


def _shortcomings(
    report: "BacktestReport", since: datetime | None, until: datetime | None
) -> Iterator[str]:
    """What of the candles that were asked for is not there."""
    from chalicelib.domain.bots.candles import moment
    from chalicelib.domain.market.candle_series import CandleSeries

    length = report.setup.interval.length
    for symbol, candles in report.candles.items():
        series = CandleSeries(report.venue, symbol, report.setup.interval)
        first, last = moment(candles.start[0]), moment(candles.start[-1])
        if since is not None and first >= since + length:
            yield (
                f"the candles of {series} begin at {first:%Y-%m-%d %H:%M}; to fetch earlier ones:"
                f" {_download(series, since)}"
            )
        if until is not None and last + length < report.setup.interval.start_of(until):
            yield (
                f"the candles of {series} end at {last:%Y-%m-%d %H:%M}; to fetch later ones:"
                f" {_download(series, last)}"
            )
        gaps = report.gaps[symbol]
        if gaps:
            missing = sum(gap.missing(series.interval) for gap in gaps)
            longest = max(gaps, key=lambda gap: gap.end - gap.start)
            yield (
                f"{missing} candles of {series} are missing, in {len(gaps)} gaps; the longest is"
                f" from {longest.start:%Y-%m-%d %H:%M} to {longest.end:%Y-%m-%d %H:%M}"
            )


def _terms_line(report: "BacktestReport") -> str:
    from chalicelib.domain.money import plain

    terms = report.terms
    filters = "; ".join(
        f"{symbol} in steps of {plain(held.quantity_step)}, ticks of {plain(held.price_tick)}, from"
        f" {plain(held.minimum_notional)} {held.quote}"
        for symbol, held in terms.instruments.items()
    )
    return (
        f"With {plain(terms.cash)} in cash, a fee of {plain(terms.costs.taker_fee)} and a slippage"
        f" of {plain(terms.costs.slippage_bps)} hundredths of a percent; {filters}."
    )


def _table(rows: Iterable[tuple[str, str]]) -> None:
    held = list(rows)
    width = max(len(name) for name, _ in held)
    for name, value in held:
        click.echo(f"  {name:<{width}}  {value}")


def _write(file: Path, content: str) -> None:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file} is written")
