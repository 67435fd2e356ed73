"""Requests and new orders -> let in, or refused as Binance does it. Pure: time is an argument."""

from collections import deque
from dataclasses import dataclass

from tests.venues.binance_wire import BinanceRefusal, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class BinanceLimits:
    weight_per_minute: int = 6000
    orders_per_10_seconds: int = 100
    refusals_until_ban: int = 10
    ban_seconds: int = 120


class Gate:
    """Weight per minute with a ban for those who do not stop, and new orders per ten seconds."""

    def __init__(self, limits: BinanceLimits) -> None:
        self._limits = limits
        self._minute = 0
        self._used = 0
        self._refused = 0
        self._banned_until_ms = 0
        self._order_times: deque[int] = deque()

    def admit(self, asked: int, now_ms: int) -> None:
        if now_ms < self._banned_until_ms:
            raise self.banned(self._banned_until_ms, now_ms)
        if now_ms // 60_000 != self._minute:
            self._minute, self._used, self._refused = now_ms // 60_000, 0, 0
        self._used += asked
        if self._used <= self._limits.weight_per_minute:
            return
        self._refused += 1
        if self._refused > self._limits.refusals_until_ban:
            self._banned_until_ms = now_ms + self._limits.ban_seconds * 1000
            raise self.banned(self._banned_until_ms, now_ms)
        raise self.too_much_weight(60 - now_ms // 1000 % 60)

    def admit_order(self, now_ms: int) -> None:
        while self._order_times and self._order_times[0] <= now_ms - 10_000:
            self._order_times.popleft()
        limit = self._limits.orders_per_10_seconds
        if len(self._order_times) >= limit:
            text = f"Too many new orders; current limit is {limit} orders per 10 SECOND."
            raise BinanceRefusal(-1015, text, status=429, retry_after=10)

    def count_order(self, now_ms: int) -> None:
        self._order_times.append(now_ms)

    def too_much_weight(self, retry_after: int) -> BinanceRefusal:
        limit = self._limits.weight_per_minute
        text = (
            f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API."
        )
        return BinanceRefusal(-1003, text, status=429, retry_after=retry_after)

    def banned(self, until_ms: int, now_ms: int) -> BinanceRefusal:
        text = f"Way too much request weight used; IP banned until {until_ms}."
        seconds = -(-(until_ms - now_ms) // 1000)
        return BinanceRefusal(-1003, text, status=418, retry_after=seconds)

    def headers(self) -> dict[str, str]:
        return {
            "x-mbx-used-weight": str(self._used),
            "x-mbx-used-weight-1m": str(self._used),
            "x-mbx-order-count-10s": str(len(self._order_times)),
        }

    def announced(self) -> list[Json]:
        return [
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": self._limits.weight_per_minute,
            },
            {
                "rateLimitType": "ORDERS",
                "interval": "SECOND",
                "intervalNum": 10,
                "limit": self._limits.orders_per_10_seconds,
            },
        ]
