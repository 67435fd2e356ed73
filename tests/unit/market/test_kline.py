"""A message of the topic of candles is a candle, or refused with the field that is odd."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.market import kline as klines
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.trade import MalformedTrade
from tests.market.klines import kline

NOW = datetime(2026, 3, 3, tzinfo=UTC)


def read(message: bytes) -> klines.Kline | None:
    return klines.parse_kline(message, NOW)


def test_a_closed_candle_is_read_with_every_digit() -> None:
    prices = {"o": "61837.230", "h": "61900", "l": "0.00000001", "c": "61850.5", "v": "0"}
    found = read(kline(2, "1", **prices))
    assert found == klines.Kline(
        "BTCUSDT",
        Interval.M1,
        Candle(
            start=datetime(2026, 3, 2, 12, 2, tzinfo=UTC),
            open=Decimal("61837.230"),
            high=Decimal(61900),
            low=Decimal("0.00000001"),
            close=Decimal("61850.5"),
            volume=Decimal(0),
        ),
    )
    assert str(found.candle.open) == "61837.230"


def test_an_interval_of_its_own_is_read() -> None:
    hour = 3_600_000
    found = read(kline(0, "1", "ETHUSDT", i="1h", T=kline_start() + hour - 1))
    assert found is not None
    assert (found.symbol, found.interval) == ("ETHUSDT", Interval.H1)


def kline_start() -> int:
    return int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)


def test_an_open_candle_is_none() -> None:
    assert read(kline(0, "1", x=False)) is None


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"rubbish", "not JSON"),
        (b"{}", "i is None; it must be one of 1m, 3m"),
        (b'{"k": 1}', "i is None"),
        (kline(0, "1", i="7m"), "i is '7m'"),
        (kline(0, "1", i=["1m"]), "i is \\['1m'\\]"),
        (kline(0, "1", s="../up"), "s is '../up'"),
        (kline(0, "1", c="-1"), "c is '-1'"),
        (kline(0, "1", t=5), "t is 5"),
        (kline(723, "1"), "t is 1772496180000; it must lie between 1970 and now"),
        (kline(0, "1", t=60_000 * 10**20), "it must lie between 1970 and now"),
        (kline(0, "1", t=-60_000 * 10**20), "it must lie between 1970 and now"),
        (kline(0, "1", v="1e999999"), "v is 1e999999; it may have 18 digits"),
        (kline(0, "1", l="1e-19"), "l is 1e-19; it may have 18 digits"),
    ],
    ids=[
        *("rubbish", "empty", "no object", "length", "list", "symbol", "price", "start"),
        *("ahead", "far ahead", "far back", "large", "fine"),
    ],
)
def test_what_is_no_candle_is_refused(message: bytes, why: str) -> None:
    with pytest.raises(MalformedTrade, match=why):
        read(message)


def test_a_clock_that_is_a_little_late_refuses_nothing() -> None:
    assert read(kline(722, "1")) is not None


def test_a_candle_may_be_as_old_as_1970() -> None:
    found = read(kline(0, "1", t=0, T=59_999))
    assert found is not None
    assert found.candle.start == datetime(1970, 1, 1, tzinfo=UTC)


def test_more_fields_change_nothing() -> None:
    more: dict[str, Any] = {"B": "77", "new": {"field": 1}}
    assert read(kline(0, "1", **more)) == read(kline(0, "1"))
