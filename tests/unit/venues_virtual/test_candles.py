"""Candles from a file: which price is known when, and what is wrong with a broken file."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import process_time

import pytest

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.virtual.candles import read_candles
from chalicelib.adapters.venues.virtual.series_prices import SeriesPrices
from chalicelib.domain.errors import SettingsError

HEADER = "time,open,high,low,close,Volume\n"
HOURS = (
    HEADER
    + "2024-01-01T22:00:00Z,10,13,9,11,5\n"
    + "2024-01-01T23:00:00Z,12,13,9,14,5\n"
    + "2024-01-02T03:00:00+01:00,20,23,19,21,5\n"
)


def written(folder, text, name="BTC-USDT.1h.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("at", "price", "known_at"),
    [
        ("2024-01-01T21:59:59.999999", None, None),
        ("2024-01-01T22:00:00", "10", "2024-01-01T22:00:00"),
        ("2024-01-01T22:59:59.999999", "10", "2024-01-01T22:59:59.999999"),
        ("2024-01-01T23:00:00", "12", "2024-01-01T23:00:00"),
        ("2024-01-02T00:00:00", "14", "2024-01-02T00:00:00"),
        ("2024-01-02T01:59:59", "14", "2024-01-02T00:00:00"),
        ("2024-01-02T02:00:00", "20", "2024-01-02T02:00:00"),
        ("2024-01-02T09:00:00", "21", "2024-01-02T03:00:00"),
    ],
)
def test_the_price_is_the_open_until_the_candle_has_closed(tmp_path, at, price, known_at):
    clock = ReplayClock(datetime.fromisoformat(at + "+00:00"))
    prices = SeriesPrices([read_candles(written(tmp_path, HOURS))], clock)
    tickers = prices.tickers(["BTC/USDT", "ETH/USDT"])
    if price is None:
        assert tickers == {}
    else:
        assert set(tickers) == {"BTC/USDT"}
        assert tickers["BTC/USDT"].last == Decimal(price)
        assert tickers["BTC/USDT"].at == datetime.fromisoformat(known_at + "+00:00")
    assert set(prices.instruments(["BTC/USDT", "ETH/USDT"])) == {"BTC/USDT"}


def test_nothing_that_comes_later_changes_what_was_known(tmp_path):
    """The file cut off after any row tells the same about every moment before that."""
    lines = HOURS.splitlines(keepends=True)
    whole = read_candles(written(tmp_path, HOURS))
    for kept in (2, 3):
        cut = read_candles(written(tmp_path, "".join(lines[: kept + 1])))
        for minute in range(-5, 60 * (kept + 3), 5):
            now = whole.times[0] + timedelta(minutes=minute)
            if now < whole.times[min(kept, len(whole.times) - 1)]:
                assert cut.ticker(now) == whole.ticker(now)


def test_daily_closes_are_those_of_finished_days(tmp_path):
    clock = ReplayClock(datetime(2024, 1, 2, 23, 59, tzinfo=UTC))
    prices = SeriesPrices([read_candles(written(tmp_path, HOURS))], clock)
    assert prices.daily_closes("BTC/USDT", 3) == [Decimal(14)]
    clock.advance_to(datetime(2024, 1, 3, tzinfo=UTC))
    assert prices.daily_closes("BTC/USDT", 3) == [Decimal(14), Decimal(21)]
    assert prices.daily_closes("ETH/USDT", 3) == []


@pytest.mark.parametrize(
    "stamps", [("1704146400", "1704150000"), ("1704146400000", "1704150000000")]
)
def test_times_may_be_seconds_or_milliseconds(tmp_path, stamps):
    text = "".join(f"{stamp},1,2\n" for stamp in stamps)
    series = read_candles(written(tmp_path, "TIME,Open,CLOSE\n" + text))
    assert series.times == (
        datetime(2024, 1, 1, 22, tzinfo=UTC),
        datetime(2024, 1, 1, 23, tzinfo=UTC),
    )


def test_symbol_and_interval_come_from_the_name_or_from_the_owner(tmp_path):
    assert read_candles(written(tmp_path, HOURS, "ETH-BTC.15m.2024.csv")).symbol == "ETH/BTC"
    named = read_candles(written(tmp_path, HOURS, "ETH-BTC.15m.csv"))
    assert named.interval == timedelta(minutes=15)
    plain = written(tmp_path, HOURS, "ohlcv.csv")
    given = read_candles(plain, "EUR/USD")
    assert (given.symbol, given.interval) == ("EUR/USD", timedelta(hours=1))
    with pytest.raises(SettingsError, match=r"ohlcv\.csv: name the symbol"):
        read_candles(plain)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the header '' names no column 'time'"),
        ("time,open,high\n", "names no column 'close'"),
        (HEADER + "2024-01-01T22:00:00,1,1,1,1,1\n", "line 2: time .* has no zone"),
        (HEADER + "yesterday,1,1,1,1,1\n", "line 2: time 'yesterday' is neither"),
        (HEADER + "9" * 30 + ",1,1,1,1,1\n", "line 2: time '9+' lies beyond"),
        (HEADER + "1704146400,1,1,1,x,1\n", "line 2: close: 'x' is not a decimal number"),
        (HEADER + "1704146400,NaN,1,1,1,1\n", "line 2: open: 'NaN' is not a finite"),
        (HEADER + "1704146400,0,1,1,1,1\n", "line 2: open '0' is no price"),
        (HEADER + "\n1704146400,1\n", "line 3: 2 cells are too few; 5 are needed"),
        (HEADER + "1704146400,1,1,1,1,1\n" * 2, "line 3: time .* is not later"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, text, words):
    with pytest.raises(SettingsError, match=rf"BTC-USDT\.1h\.csv, line \d+: .*|{words}") as refusal:
        read_candles(written(tmp_path, text))
    assert refusal.match(words)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"A-B\.1h\.csv cannot be read: No such file"):
        read_candles(tmp_path / "A-B.1h.csv")
    binary = tmp_path / "A-B.1d.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"A-B\.1d\.csv is not a CSV file in UTF-8"):
        read_candles(binary)
    lone = written(tmp_path, HEADER + "1704146400,1,1,1,1,1\n", "ohlcv.csv")
    with pytest.raises(SettingsError, match="1 candles do not tell how long one lasts"):
        read_candles(lone, "A/B")


def test_years_of_hours_load_in_no_time(tmp_path):
    first = datetime(2022, 1, 1, tzinfo=UTC)
    rows = (
        f"{(first + timedelta(hours=n)).isoformat()},1.13734,1.1376,1.13673,1.13744,2451\n"
        for n in range(23_000)
    )
    path = written(tmp_path, HEADER + "".join(rows))
    began = process_time()
    series = read_candles(path)
    assert len(series.times) == 23_000
    assert process_time() - began < 4  # 0.2 s, where nothing watches
