"""replay: TradingView's lists of trades through the live allocator, as tables, JSON and a page."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import click

from chalicelib.bootstrap.replays.report import COMPARED, USUAL, counted, replayed
from chalicelib.cli.options import in_home
from chalicelib.cli.progress_lines import teller
from chalicelib.cli.trial_words import written
from chalicelib.cli.written_files import check_folders, write_then_show
from chalicelib.domain.market.interval import Interval


@click.command()
@in_home
@click.argument("files", nargs=-1, required=True, metavar="[NAME=]FILE...")
@click.option(
    "--symbol", "symbols", multiple=True, metavar="[NAME=]SYMBOL", help="What a list trades."
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Choice(COMPARED),
    help="[default: all, side by side]",
)
@click.option("--weights", metavar="NAME=FRACTION,...", help="[default: equal ones]")
@click.option("--account", metavar="NAME", help="Reserve, limits and weights of this account.")
@click.option("--cash", metavar="AMOUNT", help="In quote, at the beginning [default: 10000].")
@click.option("--fee", metavar="FRACTION", help="Of the notional [default: 0.001].")
@click.option("--slippage", metavar="BPS", help="Hundredths of a percent [default: 0].")
@click.option(
    "--lag",
    type=click.IntRange(0, 86_400),
    default=USUAL["lag"],
    metavar="SECONDS",
    help="How late alerts arrive.",
)
@click.option("--step", metavar="AMOUNT", help="Of quantities [default: 0.00001].")
@click.option("--tick", metavar="AMOUNT", help="Of prices [default: 0.00000001].")
@click.option("--minimum", metavar="AMOUNT", help="In quote, of an order [default: 0].")
@click.option("--since", metavar="TIME", help="Alerts from then on.")
@click.option("--until", metavar="TIME", help="Alerts before then.")
@click.option(
    "--timezone",
    default=USUAL["timezone"],
    show_default=True,
    metavar="NAME",
    help="The charts' time zone.",
)
@click.option("--timeframe", help="The charts' interval [default: what each list's times show].")
@click.option(
    "--candles",
    "candle_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Files named like BTC-USDT.15m.csv, or folders of them [default: the lake].",
)
@click.option(
    "--interval",
    type=click.Choice([interval.value for interval in Interval]),
    default=USUAL["interval"],
    show_default=True,
    help="Of the candles, where there are several.",
)
@click.option("--venue", metavar="NAME", help="Whose candles of the lake.")
@click.option("--list-prices", is_flag=True, help="No candles: go by the lists' own prices.")
@click.option("--search", type=click.IntRange(1, 1000), help="Try so many random weights.")
@click.option("--seed", type=int, default=USUAL["seed"], show_default=True, help="Of the search.")
@click.option(
    "--split",
    type=click.FloatRange(0.1, 0.9),
    default=USUAL["split"],
    show_default=True,
    help="Of the time, that chooses; the rest judges.",
)
@click.option("--progress", is_flag=True, help="Say on stderr how far it is, line by line.")
@written
def replay(
    files: tuple[str, ...], json_file: Path | None, html_file: Path | None, **words: Any
) -> None:
    """What the strategies of exported lists of trades would have come to as one portfolio.

    FILE is TradingView's "List of trades" as CSV; its alerts go through the services that trade, on
    a virtual account. Each policy is tried. Exit code 1 where a list could not be read and was left
    out.
    """
    from chalicelib.bootstrap.replays.lists import read_lists
    from chalicelib.bootstrap.replays.prices import candle_files
    from chalicelib.cli.replay_table import show_report

    check_folders(json_file, html_file)
    known = candle_files(words["candle_paths"], words["interval"])
    asked = _asked if sys.stdin.isatty() else None
    lists, problems = read_lists(files, words["symbols"], known, words["timezone"], asked)
    for problem in problems:
        click.echo(f"crypto-bot: left out: {problem}", err=True)
    progress = _told_progress if words["progress"] else _progress_bar
    report = replayed(lists, problems, known, {**USUAL, **words}, progress)
    texts: dict[Path, str] = {}
    if json_file:
        from chalicelib.domain.replay.document import document

        texts[json_file] = json.dumps(document(report), indent=1, ensure_ascii=False) + "\n"
    if html_file:
        from chalicelib.reports.replay_page import replay_page

        texts[html_file] = replay_page(report)
    write_then_show(texts, lambda: show_report(report))
    if problems:
        raise SystemExit(1)


def _asked(sentence: str) -> str:
    return str(click.prompt(sentence, err=True))


def _told_progress(_: str, length: int) -> AbstractContextManager[Callable[[int], None]]:
    """A line each time, for whoever reads them."""
    return counted(teller(), length)


@contextmanager
def _progress_bar(what: str, length: int) -> Iterator[Callable[[int], None]]:
    """On a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=length, label=what, file=sys.stderr) as bar:
        yield bar.update
