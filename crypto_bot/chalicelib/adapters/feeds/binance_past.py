"""Binance's public REST API: the messages from a number on, in the words of the streams."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from chalicelib.domain.errors import ExchangeUnavailable, SettingsError
from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.stream_message import from_rest, read_message, start_ms_of
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.domain.market.trade import AGGREGATED, SINGLE, MalformedTrade
from chalicelib.drivers.trust import trust

MOST_ROWS: Final = 1_000
_TIMEOUT: Final = 10.0
_LARGEST_ANSWER: Final = 1 << 22
_OK: Final = 200
_SLOW_DOWN: Final = frozenset({418, 429})
_PAUSE_IF_UNTOLD: Final = 60
# The least that any Binance allows in a minute is 1,200; the other half is left to the trading.
_MOST_WEIGHT: Final = 600
_PAUSE_IF_MUCH_IS_USED: Final = 10.0
_MOST_DIGITS: Final = 7
_UNKNOWN_SYMBOL: Final = -1121
_NOT_FOR_US: Final = frozenset({401, 403, 404})
_KEYS_WANTED: Final = frozenset({-2008, -2014, -2015})
_PATHS: Final[Mapping[str, str]] = {
    AGGREGATED: "/api/v3/aggTrades",
    SINGLE: "/api/v3/historicalTrades",
}
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """In the order of their numbers. `malformed` are rows that are no message of the subject."""

    messages: list[Numbered] = field(default_factory=list)
    malformed: list[bytes] = field(default_factory=list)


class BinancePast:
    """`address` without a path. ExchangeUnavailable where there is no answer, or none yet."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port
        self._tls = trust() if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None
        self._blocked_until = 0.0

    def newest(self, subject: Subject) -> Numbered | None:
        """The last trade so far. SettingsError where the venue does not know the symbol."""
        messages = self._page(subject, {"limit": 1}).messages
        return messages[-1] if messages else None

    def page(self, subject: Subject, numbers: range) -> Page:
        """From the first of `numbers` on; MOST_ROWS at most, and nothing that is still open."""
        count = min(len(numbers), MOST_ROWS)
        if subject.interval is None:
            return self._page(subject, {"fromId": numbers.start, "limit": count})
        return self._page(
            subject,
            {
                "interval": str(subject.interval),
                "startTime": start_ms_of(numbers.start, subject.interval),
                "endTime": start_ms_of(numbers.start + count, subject.interval) - 1,
                "limit": count,
            },
        )

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _page(self, subject: Subject, query: Mapping[str, object]) -> Page:
        path = "/api/v3/klines" if subject.interval else _PATHS[subject.kind]
        rows = self._rows(f"{path}?{urlencode({'symbol': subject.symbol, **query})}", subject)
        page = Page()
        for row in rows:
            text = from_rest(row, subject)
            try:
                message = read_message(text, subject)
            except MalformedTrade:
                page.malformed.append(text)
            else:
                if message:
                    page.messages.append(message)
        page.messages.sort()
        return page

    def _rows(self, path: str, subject: Subject) -> list[Any]:
        if time.monotonic() < self._blocked_until:
            raise ExchangeUnavailable(f"{self._host} asked for a pause")
        status, headers, body = self._get(path)
        if _number(headers.get("x-mbx-used-weight-1m")) >= _MOST_WEIGHT:
            self._blocked_until = time.monotonic() + _PAUSE_IF_MUCH_IS_USED
        if status in _SLOW_DOWN:
            pause = float(_number(headers.get("retry-after")) or _PAUSE_IF_UNTOLD)
            self._blocked_until = time.monotonic() + pause
            raise ExchangeUnavailable(f"{self._host} answered {status}: no request for {pause:g} s")
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if status == _OK and isinstance(answer, list):
            return answer
        code = answer.get("code") if isinstance(answer, dict) else None
        self._refuse(status, code, subject)
        shown = body[:_SHOWN].decode(errors="replace")
        raise ExchangeUnavailable(f"{self._host} answered {status}: {shown}")

    def _refuse(self, status: int, code: object, subject: Subject) -> None:
        if code == _UNKNOWN_SYMBOL:
            raise SettingsError(
                f"{self._host} does not know the symbol {subject.symbol}; name a market that it"
                " has, such as BTC/USDT"
            )
        if subject.kind == SINGLE and (status in _NOT_FOR_US or code in _KEYS_WANTED):
            raise SettingsError(
                f"{self._host} does not give past trades of {subject.symbol} away (status"
                f" {status}), so that gaps could not be closed; stream {AGGREGATED}s instead"
            )

    def _get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """An idle connection may have been closed by the server: then once more on a new one."""
        was_open = self._connection is not None
        try:
            return self._try_get(path)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not was_open or isinstance(error, TimeoutError):
                raise self._unreachable(error) from error
        try:
            return self._try_get(path)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreachable(error) from error

    def _try_get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        if self._connection is None:
            self._connection = (
                http.client.HTTPSConnection(
                    self._host, self._port, timeout=_TIMEOUT, context=self._tls
                )
                if self._tls
                else http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
            )
        self._connection.request("GET", path, headers={"User-Agent": "crypto-bot"})
        answer = self._connection.getresponse()
        body = answer.read(_LARGEST_ANSWER)
        if not answer.isclosed():  # more than any answer has: nobody reads the rest
            self.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body

    def _unreachable(self, error: Exception) -> ExchangeUnavailable:
        return ExchangeUnavailable(f"{self._host} cannot be reached: {type(error).__name__}")


def _number(text: str | None) -> int:
    """0 for what is none."""
    return int(text) if text and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
