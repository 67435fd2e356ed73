"""Bots that run by live candles: which, on what, and whose wishes they speak."""

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.version import check_name

USUAL_CASH: Final = Decimal(10_000)
MOST_INSTRUMENTS: Final = 40  # they are deleted together, in one write
MOST_WARMUP: Final = 2_000  # so many candles are written with every new one
MOST_KEPT: Final = 8_000  # of all instruments that are traded together: they are in one row


class Deployment(NamedTuple):
    """`name` is what states are kept by and signals are known by; it speaks for `strategy`.

    Where a bot begins, candles that closed until `since` are shown to it and trade nothing, and
    `cash` is what it reckons with, in quote. `version` is that of the bot's source, if it has any.
    """

    name: str
    strategy: str
    setups: tuple[Setup, ...]
    since: datetime
    cash: Decimal = USUAL_CASH
    version: str = ""


def check_deployment(deployment: Deployment) -> None:
    """BotRefused for what cannot run."""
    check_name(deployment.name)
    count = sum(len(setup.instruments) for setup in deployment.setups)
    if count > MOST_INSTRUMENTS:
        raise BotRefused(
            f"{deployment.name} has {count} instruments; a deployment has at most"
            f" {MOST_INSTRUMENTS}"
        )
    if deployment.cash <= 0:
        raise BotRefused(f"cash is {deployment.cash}; it must be above zero")
    for setup in deployment.setups:
        most = min(MOST_WARMUP, MOST_KEPT // len(setup.instruments))
        if setup.bot.warmup > most:
            each = f" of {len(setup.instruments)} instruments" if len(setup.instruments) > 1 else ""
            raise BotRefused(
                f"{setup.name} warms up with {setup.bot.warmup} candles{each}; on live candles it"
                f" may be {most}, because they are kept anew with every candle"
            )
