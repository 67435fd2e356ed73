"""A venue on the loopback that gives aggregated trades of the past away, as Binance's REST does.

What took place after the venue's clock is not there yet. Every answer says what the minute's weight
has come to; a test may order other answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Thread
from types import TracebackType
from typing import Any, Self

from tests.venues.loopback import Answer, Httpd, Request, json_answer

PATH = "/api/v3/aggTrades"
HOUR_MS = 3_600_000
USUAL, MOST = 500, 1_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    symbol: str
    params: Mapping[str, str]


@dataclass(kw_only=True)
class TradesVenue:
    """`trades` by symbol and in the order of their ids; `orders` are answered first, one each."""

    now: Callable[[], datetime]
    trades: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    orders: list[Answer | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    weight: int = 4  # of one request
    weights: dict[int, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._httpd = Httpd(("127.0.0.1", 0), self.serve)
        self._thread = Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._httpd.server_port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._httpd.shutdown()
        self._httpd.drop_connections()
        self._httpd.server_close()
        self._thread.join()

    def trade(self, symbol: str, at: datetime, **other: Any) -> None:
        """One more, of alternate sides at a price near 100."""
        known = self.trades.setdefault(symbol, [])
        number = known[-1]["a"] + 1 if known else 1
        known.append(
            {
                "a": number,
                "p": f"100.{number % 100:02}000000",
                "q": "0.50000000",
                "f": 2 * number,
                "l": 2 * number + 1,
                "T": milliseconds(at),
                "m": number % 2 == 0,
                "M": True,
                **other,
            }
        )

    def refuse(self, status: int, **headers: str) -> None:
        """The next request is answered so."""
        body = {"code": -1003, "msg": "Way too much request weight used"}
        self.orders.append(json_answer(body, status=status, headers=headers))

    def serve(self, request: Request) -> Answer | None:
        assert (request.method, request.path) == ("GET", PATH)
        params = request.params
        self.asked.append(Asked(symbol=params["symbol"], params=params))
        minute = milliseconds(self.now()) // 60_000
        self.weights[minute] = self.weights.get(minute, 0) + self.weight
        if self.orders:
            return self.orders.pop(0)
        if params["symbol"] not in self.trades:
            return json_answer({"code": -1121, "msg": "Invalid symbol."}, status=400)
        headers = {"X-MBX-USED-WEIGHT-1M": str(self.weights[minute])}
        return json_answer(self._found(params), headers=headers)

    def _found(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        there = [t for t in self.trades[params["symbol"]] if t["T"] <= milliseconds(self.now())]
        limit = min(int(params.get("limit", USUAL)), MOST)
        if "fromId" in params:
            assert "startTime" not in params, "Binance refuses both"
            return [t for t in there if t["a"] >= int(params["fromId"])][:limit]
        start, end = int(params["startTime"]), int(params["endTime"])
        assert 0 <= end - start < HOUR_MS, "Binance refuses longer spans"
        return [t for t in there if start <= t["T"] <= end][:limit]


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
