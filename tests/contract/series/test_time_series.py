"""What is kept of a day comes back to the last digit, whichever store keeps it."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.series.dynamodb import DynamoDbTimeSeries
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.market_ports.series import TimeSeries

BTC = CandleSeries("binance", "BTC/USDT", Interval.M1)
DAY = date(2024, 8, 8)
MIDNIGHT = datetime(2024, 8, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_row(start: datetime, close: str = "100", **derived: float | None) -> SeriesRow:
    price = Decimal(close)
    candle = Candle(start, price, price, price, price, Decimal(1))
    return SeriesRow(candle, {"return": None, **derived})


def a_day(day: date, *rows: SeriesRow, began: Any = None) -> SeriesDay:
    return SeriesDay(KeptDay(day, began or {}), rows)


def all_of(store: TimeSeries, series: CandleSeries = BTC) -> list[SeriesRow]:
    return store.read(series, datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def test_what_was_kept_comes_back_to_the_last_digit(store: TimeSeries) -> None:
    exact = Candle(
        MIDNIGHT + 5 * MINUTE,
        Decimal("61837.010000000000000001"),
        Decimal("99999999999999999999.123456789012345678"),
        Decimal("0.000000000000000001"),
        Decimal("1E+3"),
        Decimal(0),
    )
    row = SeriesRow(exact, {"return": 0.1 + 0.2, "rsi_14": None, "obv": -5e-324, "big": 1.5e300})
    began = {"schema": 1, "closes": [0.1, 1e-9], "derived": {"é": [True, None, {"x": []}]}}
    store.replace(BTC, a_day(DAY, row, began=began))
    assert all_of(store) == [row]
    assert store.last(BTC) == KeptDay(DAY, began)


def test_a_day_is_replaced_as_a_whole(store: TimeSeries) -> None:
    before, after = a_row(MIDNIGHT - MINUTE), a_row(MIDNIGHT + timedelta(days=1))
    store.replace(BTC, a_day(DAY - timedelta(days=1), before))
    store.replace(BTC, a_day(DAY + timedelta(days=1), after))
    store.replace(BTC, a_day(DAY, a_row(MIDNIGHT), a_row(MIDNIGHT + MINUTE), began={"n": 1}))
    new = a_row(MIDNIGHT + MINUTE, "7", sma_20=2.0)
    for _ in range(2):
        store.replace(BTC, a_day(DAY, new, began={"n": 2}))
        assert all_of(store) == [before, new, after]
        assert store.first(BTC, DAY) == KeptDay(DAY, {"n": 2})
    store.replace(BTC, a_day(DAY, began={"n": 3}))
    assert all_of(store) == [before, after]
    assert store.first(BTC, DAY) == KeptDay(DAY, {"n": 3})


def test_it_reads_from_a_time_to_before_another(store: TimeSeries) -> None:
    rows = [a_row(MIDNIGHT + n * 8 * 60 * MINUTE, str(n + 1)) for n in range(9)]
    for day in range(3):
        store.replace(BTC, a_day(DAY + timedelta(days=day), *rows[3 * day : 3 * day + 3]))
    starts = [row.candle.start for row in rows]
    assert store.read(BTC, starts[1], starts[4]) == rows[1:4]
    assert store.read(BTC, starts[2], starts[3]) == rows[2:3]
    assert store.read(BTC, starts[1] + MINUTE, starts[8] + MINUTE) == rows[2:]
    there = timezone(timedelta(hours=9))
    assert store.read(BTC, starts[3].astimezone(there), starts[5].astimezone(there)) == rows[3:5]
    assert store.read(BTC, starts[4], starts[4]) == []
    assert store.read(BTC, starts[5], starts[1]) == []
    assert store.read(BTC, MIDNIGHT - 60 * MINUTE, MIDNIGHT) == []


def test_series_do_not_mix(store: TimeSeries) -> None:
    others = [
        CandleSeries("binance", "BTC/USDT", Interval.M15),
        CandleSeries("binance", "BTC/USDT", Interval.H1),
        CandleSeries("binanceus", "BTC/USDT", Interval.M1),
        CandleSeries("binance", "BTC/USDC", Interval.M1),
    ]
    for number, series in enumerate([BTC, *others]):
        store.replace(series, a_day(DAY, a_row(MIDNIGHT, str(number + 1)), began={"n": number}))
    for number, series in enumerate([BTC, *others]):
        assert all_of(store, series) == [a_row(MIDNIGHT, str(number + 1))]
        assert store.last(series) == KeptDay(DAY, {"n": number})


def test_it_knows_its_first_and_last_days(store: TimeSeries) -> None:
    assert store.last(BTC) is None
    assert store.first(BTC, date.min) is None
    assert all_of(store) == []
    days = [date(2023, 12, 31), date(2024, 1, 2), date(2024, 11, 9)]
    for number in (1, 2, 0):
        store.replace(BTC, a_day(days[number], began={"n": number}))
    kept = [KeptDay(day, {"n": number}) for number, day in enumerate(days)]
    assert store.last(BTC) == kept[2]
    assert store.first(BTC, date.min) == kept[0]
    assert store.first(BTC, date(2024, 1, 1)) == kept[1]
    assert store.first(BTC, days[1]) == kept[1]
    assert store.first(BTC, date(2024, 11, 10)) is None


def test_a_number_that_json_has_not_is_no_value(store: TimeSeries) -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        store.replace(BTC, a_day(DAY, a_row(MIDNIGHT, sma_20=float("nan"))))
    assert all_of(store) == []
    assert store.last(BTC) is None


def test_days_of_minutes_with_thirty_columns_come_page_by_page(
    dynamodb: Any, market_table: DynamoDbTable
) -> None:
    store = DynamoDbTimeSeries(market_table)
    kept = []
    for day in range(5):
        rows = _full_day(MIDNIGHT + timedelta(days=day))
        store.replace(BTC, a_day(DAY + timedelta(days=day), *rows))
        kept += rows
    names = dynamodb.list_tables()["TableNames"]
    assert "LastEvaluatedKey" in dynamodb.scan(TableName=names[-1])  # one page cannot hold them
    assert all_of(store) == kept


def test_a_table_that_there_is_not_is_named(dynamodb: Any) -> None:
    store = DynamoDbTimeSeries(DynamoDbTable(dynamodb, "nowhere"))
    with pytest.raises(SettingsError, match="there is no DynamoDB table nowhere"):
        store.last(BTC)


def _full_day(midnight: datetime) -> list[SeriesRow]:
    """Of digits that hardly pack."""
    rows = []
    for n in range(1440):
        dice = n * 2_654_435_761
        derived = {f"c{c}": float(f"{dice * (c + n) ** 3 % 2**31 / 7:.10g}") for c in range(30)}
        rows.append(a_row(midnight + n * MINUTE, f"{61000 + n * 7919 % 997}.{n:04}", **derived))
    return rows
