"""Binance's public side with candles and volumes, and publishers of capitalisations."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from tests.venues.binance import BinanceVenue, ccxt_options, instrument
from tests.venues.binance_wire import SPOT, BinanceRefusal, Json, Params, amount, integer
from tests.venues.faults import Fault
from tests.venues.loopback import Answer, Request, json_answer, serving
from tests.venues.matching import Book
from tests.venues.orders import Instrument

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2024, 8, 1, tzinfo=UTC)


def candles_from(start: datetime, count: int, interval: Interval = Interval.H1) -> list[Candle]:
    """A price that wanders; every row differs from the others."""
    made = []
    for number in range(count):
        opened, closed = Decimal(100 + number % 7), Decimal(100 + (number + 1) % 7)
        made.append(
            Candle(
                start + number * interval.length,
                opened,
                max(opened, closed) + Decimal("0.25"),
                min(opened, closed) - Decimal("0.125"),
                closed,
                Decimal(number) / 8,
            )
        )
    return made


class PublicBinance(BinanceVenue):
    """`candles` by id and interval; `volumes` of a day by id; `halted` trade no more.

    Where it `spans`, an answer ends a page's time after what is asked for, as other venues' do;
    Binance's begins with the first candle that there is.
    """

    def __init__(self, *symbols: str) -> None:
        made = [instrument(symbol) for symbol in symbols]
        super().__init__(Book(made, {}))
        for each in made:
            self.set_price(each.id, Decimal(100))
        self.candles: dict[tuple[str, str], list[Candle]] = {}
        self.volumes: dict[str, Decimal] = {}
        self.halted: set[str] = set()
        self.spans = False
        self._public[("GET", f"{SPOT}/klines")] = self._klines

    @property
    def options(self) -> dict[str, Any]:
        """For ccxt, without keys: a collector has none."""
        return {n: v for n, v in ccxt_options(self).items() if n not in {"apiKey", "secret"}}

    def _klines(self, params: Params, _fault: Fault | None) -> list[list[object]]:
        interval = params["interval"]
        if interval not in set(Interval):
            raise BinanceRefusal(-1120, "Invalid interval.")
        known = self.candles.get((self._instrument(params).id, interval), [])
        first = integer(params, "startTime") if "startTime" in params else 0
        last = integer(params, "endTime") if "endTime" in params else 1 << 62
        limit = int(params.get("limit", "500"))
        if self.spans:
            page = limit * Interval(interval).length // timedelta(milliseconds=1)
            last = min(last, first + page - 1)
        rows = [row for row in map(_row, known) if first <= int(str(row[0])) <= last]
        return rows[:limit]

    def _day_ticker(self, chosen: Instrument) -> Json:
        volume = self.volumes.get(chosen.id, Decimal(0))
        return {**super()._day_ticker(chosen), "quoteVolume": amount(volume)}

    def _exchange_info(self, params: Params, fault: Fault | None) -> Json:
        told = super()._exchange_info(params, fault)
        for symbol in told["symbols"]:
            if symbol["symbol"] in self.halted:
                symbol["status"] = "BREAK"
        return told


def _row(candle: Candle) -> list[object]:
    ms = (candle.start - EPOCH) // timedelta(milliseconds=1)
    amounts = [f"{value:.8f}" for value in candle[1:]]
    return [ms, *amounts, ms + 1, "0", 1, "0", "0", "0"]


@dataclass
class Publisher:
    """`answers` by path; what is not there is 404."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    url: str = ""

    def serve(self, request: Request) -> Answer | None:
        self.asked.append(request)
        page = f"{request.path}?{request.query}"
        return self.answers.get(page) or self.answers.get(request.path, Answer(status=404))


@contextmanager
def publisher() -> Iterator[Publisher]:
    opened = Publisher()
    with serving(opened.serve) as opened.url:
        yield opened


GECKO = "/api/v3/coins/markets"
SYMBOLS = "/bapi/composite/v1/public/marketing/symbol/list"
PRODUCTS = "/bapi/asset/v2/public/asset-service/product/get-products"


def gecko_answer(*coins: tuple[str, str, int]) -> Answer:
    """Symbol, id and capitalisation, the largest first."""
    return json_answer(
        [
            {
                "id": name,
                "symbol": symbol,
                "name": name.title(),
                "market_cap": cap,
                "market_cap_rank": rank,
                "current_price": 1.5,
            }
            for rank, (symbol, name, cap) in enumerate(coins, 1)
        ]
    )


def published(publisher: Publisher, coins: Mapping[str, int]) -> None:
    """By all three lists."""
    ordered = sorted(coins.items(), key=lambda coin: -coin[1])
    publisher.answers[GECKO] = gecko_answer(
        *((symbol.lower(), f"{symbol.lower()}-coin", cap) for symbol, cap in ordered)
    )
    data = [
        {"name": symbol, "fullName": symbol.title(), "marketCap": cap} for symbol, cap in ordered
    ]
    publisher.answers[SYMBOLS] = json_answer({"code": "000000", "data": data})
    products = [
        {
            "s": f"{symbol}USDT",
            "b": symbol,
            "q": "USDT",
            "an": symbol.title(),
            "c": "2",
            "cs": cap / 2,
        }
        for symbol, cap in ordered
    ]
    publisher.answers[PRODUCTS] = Answer(body=json.dumps({"code": "000000", "data": products}))
