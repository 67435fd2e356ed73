"""Who takes a bot's orders: the virtual desk of a backtest, or the account that it really has."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from chalicelib.domain.bots.intent import Intent


class OpenOrder(NamedTuple):
    """An order that waits, as the bot sees it. Prices are None where it has none."""

    id: str
    symbol: str
    side: str
    quantity: float | None
    limit: Decimal | None
    stop: Decimal | None


class Bar(NamedTuple):
    """What orders of one instrument meet within a candle."""

    symbol: str
    start: int
    open: float
    high: float
    low: float


class Desk(Protocol):
    """`waiting` is the same list for the desk's whole life: the engine asks if it is empty."""

    @property
    def waiting(self) -> Sequence[object]:
        """Orders that a candle may fill."""

    def match(self, bars: Sequence[Bar]) -> None:
        """Let the waiting orders meet the candles that begin at one time."""

    def accept(self, intents: Sequence[Intent]) -> None:
        """Take what the bot asks for at a close."""

    def mark(self, start: int) -> None:
        """All instruments of a portfolio show the candles that begin at `start`, closed."""

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """What waits."""
