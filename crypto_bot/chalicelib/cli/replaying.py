"""replay: TradingView's lists of trades through the live allocator, as tables, JSON and a page."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from chalicelib.cli.options import in_home
from chalicelib.cli.progress_lines import teller
from chalicelib.cli.trial_words import check_folders, write, written
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.allocation import POLICIES

if TYPE_CHECKING:
    from decimal import Decimal

    from chalicelib.domain.replay.report import ReplayReport
    from chalicelib.services.replay.compare_policies import OpensDesk

# Without a stop, which lists do not name, risk per trade can size nothing.
_COMPARED: Final = tuple(name for name in POLICIES if name != "risk_per_trade")


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
    type=click.Choice(_COMPARED),
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
    default=0,
    metavar="SECONDS",
    help="How late alerts arrive.",
)
@click.option("--step", metavar="AMOUNT", help="Of quantities [default: 0.00001].")
@click.option("--tick", metavar="AMOUNT", help="Of prices [default: 0.00000001].")
@click.option("--minimum", metavar="AMOUNT", help="In quote, of an order [default: 0].")
@click.option("--since", metavar="TIME", help="Alerts from then on.")
@click.option("--until", metavar="TIME", help="Alerts before then.")
@click.option(
    "--timezone", default="UTC", show_default=True, metavar="NAME", help="The charts' time zone."
)
@click.option("--timeframe", default="1h", show_default=True, help="The charts' interval.")
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
    default="15m",
    show_default=True,
    help="Of the candles, where there are several.",
)
@click.option("--venue", metavar="NAME", help="Whose candles of the lake.")
@click.option("--list-prices", is_flag=True, help="No candles: go by the lists' own prices.")
@click.option("--search", type=click.IntRange(1, 1000), help="Try so many random weights.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the search.")
@click.option(
    "--split",
    type=click.FloatRange(0.1, 0.9),
    default=0.7,
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
    from chalicelib.cli.replay_table import show_report

    check_folders(json_file, html_file)
    report, problems = _replayed(files, words)
    show_report(report)
    if json_file:
        from chalicelib.domain.replay.document import document

        write(json_file, json.dumps(document(report), indent=1, ensure_ascii=False) + "\n")
    if html_file:
        from chalicelib.reports.replay_page import replay_page

        write(html_file, replay_page(report))
    if problems:
        raise SystemExit(1)


def _replayed(files: Sequence[str], words: dict[str, Any]) -> tuple["ReplayReport", list[str]]:
    from chalicelib.bootstrap.replay import replay_desk
    from chalicelib.cli.replay_account import weights_of
    from chalicelib.cli.replay_lists import read_lists
    from chalicelib.cli.replay_portfolio import portfolio_of, priced_by, told_prices
    from chalicelib.cli.replay_prices import candle_files, missing
    from chalicelib.domain.replay.report import ReplayReport, listed_as
    from chalicelib.services.replay.compare_policies import compare_policies

    since, until = (
        None if words[name] is None else read_instant(f"--{name}", words[name])
        for name in ("since", "until")
    )
    known = candle_files(words["candle_paths"], words["interval"])
    lists, problems = read_lists(files, words["symbols"], known, words["timezone"])
    for problem in problems:
        click.echo(f"crypto-bot: left out: {problem}", err=True)
    priced = priced_by(lists, known, words)
    whole, prices = portfolio_of(lists, priced, words)
    portfolio = whole.between(since, until)
    if not portfolio.told:
        raise SettingsError("no alert of the lists lies between --since and --until")
    names = list(portfolio.symbols)
    weights = weights_of(names, words["weights"], portfolio.account, portfolio.subscriptions)
    policies = words["policies"] or _COMPARED

    opens = partial(replay_desk, prices=prices)
    with _progress("replaying", len(policies) * len(portfolio.told), words) as moved:
        results = tuple(compare_policies(portfolio, policies, weights, opens, moved))
    gaps = missing(priced.values())
    notes = [f"left out: {problem}" for problem in problems]
    notes += [f"{gaps} candles are missing; there, nothing was bought"] if gaps else []
    report = ReplayReport(
        portfolio=portfolio,
        lists=tuple(listed_as(each.name, each.symbol, each.listed) for each in lists),
        prices=told_prices(priced),
        notes=tuple(notes),
        results=results,
    )
    return _searched(report, weights, opens, words), problems


def _searched(
    report: "ReplayReport",
    weights: "Mapping[str, Decimal]",
    opens: "OpensDesk",
    words: dict[str, Any],
) -> "ReplayReport":
    if words["search"] is None:
        return report
    from chalicelib.domain.money import ONE
    from chalicelib.services.replay.search_weights import Terms, search_weights

    with _progress("searching", words["search"] + 1, words) as moved:
        terms = Terms(
            whole=ONE - report.portfolio.account.reserve,
            trials=words["search"],
            seed=words["seed"],
            share=words["split"],
        )
        policy = report.results[0].policy
        found = search_weights(report.portfolio, policy, weights, opens, terms, moved)
    return report._replace(search=found)


@contextmanager
def _progress(
    what: str, length: int, words: Mapping[str, Any]
) -> "Iterator[Callable[[int], None]]":
    """A bar on a terminal; what moves it says how many are done since it was told last."""
    if words["progress"]:
        tell, done = teller(), 0

        def moved(more: int) -> None:
            nonlocal done
            done += more
            tell(done, length)

        yield moved
        return
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=length, label=what, file=sys.stderr) as bar:
        yield bar.update
