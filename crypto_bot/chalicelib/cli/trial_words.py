"""What verbs that run a bot have in common: options, and the bot that is named."""

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from chalicelib.bootstrap.trials import setup_of
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.interval import Interval

if TYPE_CHECKING:
    from chalicelib.domain.bots.setup import Setup

F = TypeVar("F", bound=Callable[..., Any])

FILE: Final = click.Path(path_type=Path, dir_okay=False, writable=True)
_Options = tuple[Callable[[Any], Any], ...]
_OF_A_BOT: Final[_Options] = (
    click.option(
        "--instrument",
        "instruments",
        multiple=True,
        metavar="NAME",
        help="[default: the bot's own]",
    ),
    click.option(
        "--interval",
        type=click.Choice([interval.value for interval in Interval]),
        help="[default: the bot's own]",
    ),
)
_OF_A_TRIAL: Final[_Options] = (
    *_OF_A_BOT,
    click.option(
        "--since", metavar="TIME", help="From this candle on [default: the first there is]."
    ),
    click.option("--until", metavar="TIME", help="Up to before this candle [default: now]."),
    click.option(
        "--venue", metavar="NAME", help="Whose candles [default: the only one with them]."
    ),
    click.option("--cash", metavar="AMOUNT", help="In quote, at the beginning [default: 10000]."),
    click.option(
        "--fee", metavar="FRACTION", help="Of the notional, such as 0.001 [default: 0.001]."
    ),
    click.option("--slippage", metavar="BPS", help="Hundredths of a percent [default: 0]."),
    click.option("--step", metavar="AMOUNT", help="Of quantities [default: 0.00000001]."),
    click.option("--tick", metavar="AMOUNT", help="Of prices [default: 0.00000001]."),
    click.option("--minimum", metavar="AMOUNT", help="In quote, of an order [default: 0]."),
    click.option(
        "--ask-venue", is_flag=True, help="Ask the venue for step, tick, minimum and fee."
    ),
)


_WRITTEN: Final[_Options] = (
    click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write all of it as JSON."),
    click.option("--html", "html_file", type=FILE, metavar="FILE", help="Write a page to look at."),
)


def of_a_bot(command: F) -> F:
    """What it is run on, where it leaves the choice."""
    return _with(_OF_A_BOT, command)


def of_a_trial(command: F) -> F:
    """On which candles, and what the virtual account is like."""
    return _with(_OF_A_TRIAL, command)


def written(command: F) -> F:
    """The files that a report may go to."""
    return _with(_WRITTEN, command)


def _with(options: _Options, command: F) -> F:
    return reduce(lambda made, option: option(made), reversed(options), command)


def one_setup(bot: str, words: Mapping[str, Any], parameters: Mapping[str, object]) -> "Setup":
    """Of the bot that was named, for the instruments that were; SettingsError where it is none."""
    from chalicelib.bootstrap.sweeps import bot_named, file_of
    from chalicelib.domain.bots.refusals import BotRefused

    file = file_of(bot)
    if file is not None:
        click.echo(
            f"crypto-bot: {file} runs in this process, with all that you may do: only run what"
            " you trust.",
            err=True,
        )
    try:
        kind = bot_named(bot)
    except BotRefused as error:
        raise SettingsError(str(error)) from None
    return setup_of(kind, words, parameters)
