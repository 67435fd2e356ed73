"""Binance's aggregated trades of the past, as the stream would have said them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.adapters.feeds.binance_rest import MOST_ROWS, BinanceRest
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.market.trade import AGGREGATED
from chalicelib.ports import Clock

_PATH: Final = "/api/v3/aggTrades"
_LONGEST_SPAN_MS: Final = 3_600_000 - 1  # what lies between startTime and endTime at most


class BinanceTrades:
    """`TradeHistory`. `base` is such as https://api.binance.us; not to be shared by threads."""

    def __init__(self, base: str, clock: Clock) -> None:
        self._rest = BinanceRest(base, clock)

    def from_id(self, symbol: str, first: int) -> list[bytes]:
        """See `TradeHistory.from_id`."""
        return self._trades(symbol, {"fromId": first})

    def since(self, symbol: str, start_ms: int) -> list[bytes]:
        """See `TradeHistory.since`."""
        return self._trades(symbol, {"startTime": start_ms, "endTime": start_ms + _LONGEST_SPAN_MS})

    def close(self) -> None:
        """Let go of the connection."""
        self._rest.close()

    def _trades(self, symbol: str, wanted: Mapping[str, int]) -> list[bytes]:
        trades = self._rest.rows(_PATH, symbol, {**wanted, "limit": MOST_ROWS})
        if not all(map(_has_number, trades)):
            raise ExchangeUnavailable(
                f"{self._rest.host} answered something that is no list of trades"
            )
        return [_message(symbol, trade) for trade in trades]


def _has_number(trade: object) -> bool:
    return isinstance(trade, dict) and type(trade.get("a")) is int and trade["a"] >= 0


def _message(symbol: str, trade: Mapping[str, Any]) -> bytes:
    """As the stream would have said it: every field of the answer, and what the answer leaves out.

    The same trade makes the same bytes every time.
    """
    return json.dumps({"e": AGGREGATED, "s": symbol, **trade}, separators=(",", ":")).encode()
