"""backtest: a bot over the candles of the lake, as a table, a JSON file and an HTML page."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chalicelib.bootstrap.trials import backtested, download_line, span_of
from chalicelib.cli.options import in_home
from chalicelib.cli.trial_words import FILE, of_a_trial, one_setup, written
from chalicelib.cli.written_files import check_folders, write_then_show

if TYPE_CHECKING:
    from chalicelib.domain.bots.backtest_report import BacktestReport


@click.command()
@in_home
@click.argument("bot")
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="Such as threshold=1")
@of_a_trial
@click.option("--trades", type=FILE, metavar="FILE", help="Write its trades as TradingView does.")
@written
def backtest(
    bot: str,
    trades: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    **words: Any,
) -> None:
    """Try BOT on the candles of the lake: one that comes with it, or such as mine.py:MyBot."""
    from chalicelib.cli.deployments import parameter

    check_folders(trades, json_file, html_file)
    report = backtested(one_setup(bot, words, dict(map(parameter, words["params"]))), words)
    files = _trade_lists(report, trades) if trades else {}
    if json_file:
        from chalicelib.domain.bots.report_document import document

        files[json_file] = json.dumps(document(report), indent=1, ensure_ascii=False) + "\n"
    if html_file:
        from chalicelib.reports.backtest_page import backtest_page

        files[html_file] = backtest_page(report)
    write_then_show(files, lambda: show_backtest(report, words))


def _trade_lists(report: "BacktestReport", file: Path) -> dict[Path, str]:
    """A list has one instrument: of several each has its own file, and its ticker in the name."""
    from chalicelib.domain.replay.backtest_list import trade_list_text

    symbols = report.setup.instruments
    texts = {}
    for symbol in symbols:
        own = f"{file.stem}_{symbol.replace('/', '')}{file.suffix}"
        texts[file if len(symbols) == 1 else file.with_name(own)] = trade_list_text(report, symbol)
    return texts


def show_backtest(report: "BacktestReport", words: Mapping[str, Any]) -> None:
    """Its figures, and what of the candles that were asked for is not there."""
    _show(report, *span_of(words))


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
                f" {download_line(series, since)}"
            )
        if until is not None and last + length < report.setup.interval.start_of(until):
            yield (
                f"the candles of {series} end at {last:%Y-%m-%d %H:%M}; to fetch later ones:"
                f" {download_line(series, last)}"
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
