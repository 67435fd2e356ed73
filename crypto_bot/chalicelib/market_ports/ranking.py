"""Which coins are the largest, and which can be traded."""

from typing import Protocol

from chalicelib.domain.market.ranking import ListedCoin, TradableMarket


class TradableMarkets(Protocol):
    """What can be bought and sold at a venue. ExchangeUnavailable where it does not tell."""

    def tradable(self, quote: str) -> list[TradableMarket]:
        """All open spot markets against this currency that have a price."""
        ...


class RankingSource(Protocol):
    """Somebody who publishes which coins are the largest."""

    @property
    def name(self) -> str:
        """Of the publisher and the list, in one word."""
        ...

    def coins(self) -> list[ListedCoin]:
        """Several hundred. ExchangeUnavailable where there is no such list, or not now."""
        ...
