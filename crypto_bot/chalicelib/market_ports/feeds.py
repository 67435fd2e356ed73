"""Where trades and candles come from as they happen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.stream_gap import Unbroken
from chalicelib.domain.market.stream_plan import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBatch:
    """To be published as it is. `ended`: nothing will ever follow."""

    trades: Sequence[Record] = ()
    candles: Sequence[Record] = ()
    ended: bool = False


# For each subject of a feed, what was published of it already.
FeedBeginning = Callable[[Subject], Unbroken]


class Feed(Protocol):
    """What a venue tells of its markets: each trade and closed candle once, in their order.

    It holds little in memory: who polls late makes the venue wait, or drop what is fetched later.
    """

    def poll(self, *, limit: int, wait: float) -> FeedBatch:
        """About `limit` messages at most, after `wait` seconds at most.

        SettingsError where the venue does not know a market, ExchangeUnavailable where it cannot
        be asked to begin with. Later troubles are the feed's own: it connects anew by itself.
        """
        ...

    def close(self) -> None:
        """End the connections."""
        ...
