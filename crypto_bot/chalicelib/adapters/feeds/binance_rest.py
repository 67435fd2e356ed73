"""Binance's public REST API, of .com and .us alike: one connection, used as the venue wants it.

No key, no signature. Before the time that an answer of 429 or 418 names, and above a share of the
minute's weight, nothing is sent.
"""

import http.client
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from chalicelib.domain.errors import ExchangeUnavailable, SettingsError
from chalicelib.domain.market.minute import MINUTE_MS, at_ms, milliseconds
from chalicelib.drivers.trust import trust
from chalicelib.ports import Clock

MOST_ROWS: Final = 1_000
# The least that any Binance allows in a minute is 1,200; the other half is left to the trading.
MOST_WEIGHT: Final = 600

_TIMEOUT: Final = 10.0
_LONGEST_ANSWER: Final = 4_000_000
_OK: Final = 200
_TOO_MANY: Final = 429
_BANNED: Final = 418
_PAUSES: Final = {_TOO_MANY: timedelta(minutes=1), _BANNED: timedelta(minutes=2)}
_LONGEST_PAUSE: Final = timedelta(days=4)  # a ban lasts three days at most
_MOST_DIGITS: Final = 7
_UNKNOWN_SYMBOL: Final = -1121
_SHOWN: Final = 100


class RequestRefused(ExchangeUnavailable):
    """The venue answered, and gave no rows; `code` is its own, None where it states none."""

    def __init__(self, message: str, *, status: int, code: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class BinanceRest:
    """`base` is such as https://api.binance.us, without a path; not to be shared by threads."""

    def __init__(self, base: str, clock: Clock) -> None:
        parts = urlsplit(base)
        self.host, self._port = parts.hostname or "", parts.port
        self._tls = trust() if parts.scheme == "https" else None
        self._clock = clock
        self._connection: http.client.HTTPConnection | None = None
        self._silent_until = at_ms(0)

    def rows(self, path: str, symbol: str, query: Mapping[str, object]) -> list[Any]:
        """What the venue lists of a symbol. SettingsError where it has no such symbol.

        RequestRefused for any other answer, ExchangeUnavailable without one, and before the end of
        a pause that the venue wants.
        """
        if self._clock.now() < self._silent_until:
            raise ExchangeUnavailable(
                f"{self.host} wants to be left alone until {self._silent_until:%H:%M:%S} UTC",
                retry_at=self._silent_until,
            )
        status, headers, body = self._get(f"{path}?{urlencode({'symbol': symbol, **query})}")
        self._spare(status, headers)
        answer = _decoded(body)
        if status == _OK and isinstance(answer, list):
            return answer
        facts = answer if isinstance(answer, dict) else {}
        if facts.get("code") == _UNKNOWN_SYMBOL:
            raise SettingsError(
                f"{self.host} knows no symbol {symbol}; it must be as the venue writes it,"
                " such as BTCUSDT"
            )
        words = str(facts.get("msg") or " ".join(body[:_SHOWN].decode(errors="replace").split()))
        refusal = RequestRefused(
            f"{self.host} answered {status}: {words[:_SHOWN]}",
            status=status,
            code=facts.get("code"),
        )
        refusal.retry_at = self._silent_until if status in _PAUSES else None
        raise refusal

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _get(self, target: str) -> tuple[int, Mapping[str, str], bytes]:
        """An idle connection may have been closed by the server: then once more on a new one."""
        was_open = self._connection is not None
        try:
            return self._try_get(target)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not was_open or isinstance(error, TimeoutError):
                raise self._unreachable(error) from error
        try:
            return self._try_get(target)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreachable(error) from error

    def _try_get(self, target: str) -> tuple[int, Mapping[str, str], bytes]:
        if self._connection is None:
            self._connection = (
                http.client.HTTPSConnection(
                    self.host, self._port, timeout=_TIMEOUT, context=self._tls
                )
                if self._tls
                else http.client.HTTPConnection(self.host, self._port, timeout=_TIMEOUT)
            )
        self._connection.request("GET", target, headers={"User-Agent": "crypto-bot"})
        answer = self._connection.getresponse()
        body = answer.read(_LONGEST_ANSWER)
        if not answer.isclosed():  # there is more of it than any answer has
            self.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def _unreachable(self, error: Exception) -> ExchangeUnavailable:
        reason = str(error) or type(error).__name__
        return ExchangeUnavailable(f"{self.host} cannot be reached: {reason}")

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


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
