"""Where bots that run by live candles are kept from one candle to the next."""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.bots.live import LiveBot


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBot:
    """A deployment's bot on one instrument; `version` counts its writes."""

    deployment: str
    symbol: str
    bot: LiveBot
    version: int = 0


class BotStates(Protocol):
    """StoreUnavailable where they cannot be had."""

    def get(self, deployment: str, symbol: str) -> KeptBot | None:
        """As it was put last."""
        ...

    def put(self, kept: KeptBot) -> KeptBot:
        """In place of what it was made from; StoreConflict where somebody else was faster."""
        ...
