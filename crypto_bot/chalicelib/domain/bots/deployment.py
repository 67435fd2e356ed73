"""Bots that run by live candles: which, on what, and whose wishes they speak."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.setup import Setup

USUAL_CASH: Final = Decimal(10_000)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Deployment(NamedTuple):
    """`name` is what states are kept by and signals are known by; it speaks for `strategy`.

    Where a bot begins, candles that closed until `since` are shown to it and trade nothing, and
    `cash` is what it reckons with, in quote.
    """

    name: str
    strategy: str
    setups: tuple[Setup, ...]
    since: datetime
    cash: Decimal = USUAL_CASH


def check_deployment(deployment: Deployment) -> None:
    """BotRefused for what cannot run."""
    if not _NAME.fullmatch(deployment.name):
        raise BotRefused(
            f"the name {deployment.name!r} is not possible; it must have up to 40 letters, digits"
            " and . _ -"
        )
    if deployment.cash <= 0:
        raise BotRefused(f"cash is {deployment.cash}; it must be above zero")
    for setup in deployment.setups:
        if setup.bot.together:
            raise BotRefused(
                f"{setup.name} trades {' and '.join(setup.instruments)} together; on live candles"
                " a bot has one instrument"
            )
