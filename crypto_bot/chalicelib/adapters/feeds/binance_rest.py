"""Binance's aggregated trades of the past over REST, of .com and .us alike.

Public data: no key, no signature. What the venue wants spared is spared here: before the time that
an answer of 429 or 418 names, and above a share of the minute's weight, nothing is sent.
"""

import http.client
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from chalicelib.domain.errors import ExchangeUnavailable, SettingsError
from chalicelib.domain.market.minute import MINUTE_MS, at_ms, milliseconds
from chalicelib.domain.market.trade import AGGREGATED
from chalicelib.drivers.trust import trust
from chalicelib.ports import Clock

PAGE: Final = 1_000
# The least that any Binance allows in a minute is 1,200; the other half is left to the trading.
MOST_WEIGHT: Final = 600

_PATH: Final = "/api/v3/aggTrades"
_TIMEOUT: Final = 10.0
_LONGEST_ANSWER: Final = 4_000_000
_LONGEST_SPAN_MS: Final = 3_600_000 - 1  # what lies between startTime and endTime at most
_OK: Final = 200
_BAD_REQUEST: Final = 400
_TOO_MANY: Final = 429
_BANNED: Final = 418
_PAUSES: Final = {_TOO_MANY: timedelta(minutes=1), _BANNED: timedelta(minutes=2)}
_LONGEST_PAUSE: Final = timedelta(days=4)  # a ban lasts three days at most
_MOST_DIGITS: Final = 7
_UNKNOWN_SYMBOL: Final = -1121
_SHOWN: Final = 100


class BinanceTrades:
    """`TradeHistory`. `base` is such as https://api.binance.us; not to be shared by threads."""

    def __init__(self, base: str, clock: Clock) -> None:
        parts = urlsplit(base)
        self._host, self._port = parts.hostname or "", parts.port
        self._encrypted = parts.scheme == "https"
        self._clock = clock
        self._connection: http.client.HTTPConnection | None = None
        self._silent_until = at_ms(0)

    def from_id(self, symbol: str, first: int) -> list[bytes]:
        """See `TradeHistory.from_id`."""
        return self._ask(symbol, {"fromId": first})

    def since(self, symbol: str, start_ms: int) -> list[bytes]:
        """See `TradeHistory.since`."""
        return self._ask(symbol, {"startTime": start_ms, "endTime": start_ms + _LONGEST_SPAN_MS})

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, symbol: str, wanted: Mapping[str, int]) -> list[bytes]:
        if self._clock.now() < self._silent_until:
            raise ExchangeUnavailable(
                f"{self._host} wants to be left alone until {self._silent_until:%H:%M:%S} UTC",
                retry_at=self._silent_until,
            )
        query = urlencode({"symbol": symbol, **wanted, "limit": PAGE})
        try:
            status, headers, body = self._get(f"{_PATH}?{query}")
        except (OSError, http.client.HTTPException) as error:
            self.close()
            reason = str(error) or type(error).__name__
            raise ExchangeUnavailable(f"{self._host} cannot be reached: {reason}") from error
        self._spare(status, headers)
        if status != _OK:
            raise self._refusal(symbol, status, body)
        return [_message(symbol, trade) for trade in self._trades(body)]

    def _get(self, target: str) -> tuple[int, Mapping[str, str], bytes]:
        if self._connection is None:
            self._connection = (
                http.client.HTTPSConnection(
                    self._host, self._port, timeout=_TIMEOUT, context=trust()
                )
                if self._encrypted
                else http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
            )
        self._connection.request("GET", target, headers={"User-Agent": "crypto-bot"})
        answer = self._connection.getresponse()
        body = answer.read(_LONGEST_ANSWER)
        if not answer.isclosed():  # there is more of it than any answer has
            self.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def _spare(self, status: int, headers: Mapping[str, str]) -> None:
        """Decide from what the answer says until when nothing more is sent."""
        now = self._clock.now()
        if status in _PAUSES:
            told = _number(headers.get("retry-after", ""))
            pause = _PAUSES[status] if told is None else timedelta(seconds=max(told, 1))
            self._silent_until = now + min(pause, _LONGEST_PAUSE)
        used = _number(headers.get("x-mbx-used-weight-1m", ""))
        if used is not None and used >= MOST_WEIGHT:
            next_minute = at_ms((milliseconds(now) // MINUTE_MS + 1) * MINUTE_MS)
            self._silent_until = max(self._silent_until, next_minute)

    def _refusal(self, symbol: str, status: int, body: bytes) -> Exception:
        said = _decoded(body)
        facts = said if isinstance(said, dict) else {}
        if status == _BAD_REQUEST and facts.get("code") == _UNKNOWN_SYMBOL:
            return SettingsError(
                f"{self._host} knows no symbol {symbol}; it must be as the venue writes it,"
                " such as BTCUSDT"
            )
        words = str(facts.get("msg") or "and nothing that can be read")[:_SHOWN]
        retry_at = self._silent_until if status in _PAUSES else None
        return ExchangeUnavailable(f"{self._host} answered {status}: {words}", retry_at=retry_at)

    def _trades(self, body: bytes) -> list[dict[str, Any]]:
        trades = _decoded(body)
        if not isinstance(trades, list) or not all(map(_has_number, trades)):
            raise ExchangeUnavailable(f"{self._host} answered something that is no list of trades")
        return trades


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _has_number(trade: object) -> bool:
    return isinstance(trade, dict) and type(trade.get("a")) is int and trade["a"] >= 0


def _message(symbol: str, trade: Mapping[str, Any]) -> bytes:
    """As the stream would have said it: every field of the answer, and what the answer leaves out.

    The same trade makes the same bytes every time.
    """
    return json.dumps({"e": AGGREGATED, "s": symbol, **trade}, separators=(",", ":")).encode()
