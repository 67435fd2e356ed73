"""A bot with everything that is chosen for it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.domain.market.interval import Interval


class Setup(NamedTuple):
    """Made by `set_up`, which checks it. `bot` is the class; what it has to have, `Bot` says."""

    bot: type[Any]
    instruments: tuple[str, ...]
    interval: Interval
    parameters: Mapping[str, float]
    seed: int

    @property
    def name(self) -> str:
        """What its author called it."""
        return self.bot.__name__

    @property
    def on(self) -> str:
        """Its instruments in one text, by which the bots of one deployment are told apart."""
        return " ".join(self.instruments)
