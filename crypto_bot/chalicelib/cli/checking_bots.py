"""check-bot: whether a bot does live what it does on the past, before anything depends on it."""

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.trials import download_line, setup_of, venue_of
from chalicelib.cli.options import in_home
from chalicelib.cli.trial_words import of_a_bot, one_setup
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant

if TYPE_CHECKING:
    from chalicelib.domain.bots.candles import Candles
    from chalicelib.domain.bots.checks.finding import BotCheck
    from chalicelib.domain.bots.setup import Setup

_MOST: Final = 2_000


@click.command()
@in_home
@click.argument("bot")
@click.option(
    "--contained", is_flag=True, help="Run its code in a process that can do nothing else."
)
@of_a_bot
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="Such as threshold=1")
@click.option("--since", metavar="TIME", help="From this candle on [default: the newest 2,000].")
@click.option("--until", metavar="TIME", help="Up to before this candle [default: now].")
@click.option("--venue", metavar="NAME", help="Whose candles [default: the only one with them].")
def check_bot(bot: str, contained: bool, **words: Any) -> None:
    """Run BOT again and again on candles of the lake: it must always do the same.

    BOT is one that comes with the program, or such as mine.py:MyBot. Exit code 1 where it does not.
    """
    from chalicelib.bootstrap.sandbox import sandbox
    from chalicelib.bootstrap.sweeps import bot_named, file_of, source_of
    from chalicelib.cli.deployments import parameter
    from chalicelib.domain.bots.checks.check import check_bot as check

    parameters = dict(map(parameter, words["params"]))
    with closing(sandbox()) as box:

        def load() -> "Setup":
            kind = box(source_of(bot), str(file_of(bot) or bot)) if contained else bot_named(bot)
            return setup_of(kind, words, parameters)

        setup = load() if contained else one_setup(bot, words, parameters)
        venue, candles = _candles(setup, words)
        source = source_of(bot) if file_of(bot) else ""
        _show(f"{setup.name} on {venue}", check(load, candles, source=source))


def _candles(setup: "Setup", words: dict[str, Any]) -> "tuple[str, dict[str, Candles]]":
    from chalicelib.bootstrap.candles import candle_lake
    from chalicelib.domain.market.candle_series import CandleSeries
    from chalicelib.services.bots.backtest_bot import CandlesMissing, candles_kept

    lake = candle_lake()
    venue = venue_of(lake, setup, words["venue"])
    until = None if words["until"] is None else read_instant("--until", words["until"])
    if words["since"] is not None:
        since = read_instant("--since", words["since"])
    else:
        series = [CandleSeries(venue, symbol, setup.interval) for symbol in setup.instruments]
        ends = [found.start for found in map(lake.last, series) if found]
        end = min([*ends, *([until] if until else [])], default=bootstrap.clock().now())
        since = end - (_MOST - 1) * setup.interval.length
    try:
        return venue, candles_kept(
            setup, lake, venue=venue, since=since, until=until or bootstrap.clock().now()
        )
    except CandlesMissing as error:
        raise SettingsError(
            f"{error}; to fetch them: {download_line(error.series, None)}"
        ) from None


def _show(title: str, check: "BotCheck") -> None:
    for sentence in check.unchecked:
        click.echo(f"Not seen: {sentence}")
    for finding in check.findings:
        click.echo(f"Wrong, {finding.cause}: {finding.text}")
    if check.findings:
        raise SystemExit(1)
    click.echo(
        f"{title} does the same however it is run, on {check.candles} candles with {check.orders}"
        " orders."
    )
