"""Candles -> rows with a return and the chosen indicators, each worked out by hand."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.derived import Derivation
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import SeriesRow

NIGHT = datetime(2024, 8, 8, 23, tzinfo=UTC)
CHOSEN = ["sma:2", "vwap", "sma:2"]


def candle(hour: int, *amounts: str) -> Candle:
    return Candle(NIGHT + timedelta(hours=hour), *map(Decimal, amounts))


# Open, high, low, close, volume; the typical prices are 10, 13, 10, 18 and 9. Midnight is at 1, and
# at 3 there is none.
CANDLES = [
    candle(0, "10", "12", "9", "9", "2"),
    candle(1, "9", "15", "12", "12", "1"),
    candle(2, "12", "12", "9", "9", "3"),
    candle(4, "9", "18", "18", "18", "4"),
    candle(5, "18", "9", "9", "9", "8"),
]
ROWS = [
    SeriesRow(CANDLES[0], {"return": None, "sma_2": None, "vwap": 10.0}),
    SeriesRow(CANDLES[1], {"return": 0.3333333333, "sma_2": 10.5, "vwap": 13.0}),
    SeriesRow(CANDLES[2], {"return": -0.25, "sma_2": 10.5, "vwap": 10.75}),
    SeriesRow(CANDLES[3], {"return": None, "sma_2": 13.5, "vwap": 14.375}),
    SeriesRow(CANDLES[4], {"return": -0.5, "sma_2": 13.5, "vwap": 11.6875}),
]


def test_a_row_has_the_return_and_each_indicator_once() -> None:
    derivation = Derivation(Interval.H1, CHOSEN)
    assert derivation.names == ["sma:2", "vwap"]
    assert [derivation.derive(each) for each in CANDLES] == ROWS


def test_where_one_stood_another_goes_on() -> None:
    first, second = Derivation(Interval.H1, CHOSEN), Derivation(Interval.H1, CHOSEN)
    for each in CANDLES[:2]:
        first.derive(each)
    second.restore(json.loads(json.dumps(first.state())))
    assert [second.derive(each) for each in CANDLES[2:]] == ROWS[2:]


def test_where_one_stands_is_json_that_stays_readable() -> None:
    derivation = Derivation(Interval.H1, [])
    assert derivation.state() == {"close": 0.0, "expected": 0, "indicators": {}}
    derivation.derive(CANDLES[0])
    midnight = 1723161600
    assert derivation.state() == {"close": 9.0, "expected": midnight, "indicators": {}}
    assert list(Derivation(Interval.H1, CHOSEN).state()["indicators"]) == ["sma:2", "vwap"]


def test_an_indicator_of_whole_candles_has_them_whole() -> None:
    derivation = Derivation(Interval.H1, ["hammer:2"])
    fall = [
        candle(n, str(100 - 2 * n), str(100 - 2 * n), str(98 - 2 * n), str(98 - 2 * n), "1")
        for n in range(14)
    ]
    hammer = candle(14, "72", "72", "70", "71.5", "1")
    rows = [derivation.derive(each) for each in (*fall, hammer)]
    assert [row.derived["hammer_2"] for row in rows] == [*[None] * 13, 0.0, 1.0]
