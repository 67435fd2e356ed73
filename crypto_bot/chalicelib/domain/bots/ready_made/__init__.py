"""Bots that come with the product, by the names that the command line knows them by."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.ready_made.dca import Dca
from chalicelib.domain.bots.ready_made.donchian_breakout import DonchianBreakout
from chalicelib.domain.bots.ready_made.grid import Grid
from chalicelib.domain.bots.ready_made.rsi_reversion import RsiReversion
from chalicelib.domain.bots.ready_made.scalper import Scalper
from chalicelib.domain.bots.ready_made.sma_cross import SmaCross
from chalicelib.domain.bots.ready_made.top_basket import TopBasket
from chalicelib.domain.bots.refusals import BotRefused

READY_MADE: Final[Mapping[str, type[Bot]]] = MappingProxyType(
    {
        "scalper": Scalper,
        "sma-cross": SmaCross,
        "rsi-reversion": RsiReversion,
        "donchian-breakout": DonchianBreakout,
        "dca": Dca,
        "grid": Grid,
        "top-basket": TopBasket,
    }
)


def ready_made(name: str) -> type[Bot]:
    """BotRefused where there is none of that name."""
    if name not in READY_MADE:
        raise BotRefused(f"there is no bot {name!r}; there is: {', '.join(READY_MADE)}")
    return READY_MADE[name]
