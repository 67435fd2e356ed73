"""Where candles are kept, what is missing between them, and which are none."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import (
    MOST_ASKED,
    Gap,
    find_gaps,
    gaps_document,
    joined,
    read_gaps,
    without,
)
from chalicelib.domain.market.candle_rules import flaw_of, last_closed
from chalicelib.domain.market.candle_series import CandleFile, candle_series, part_in
from chalicelib.domain.market.compaction import is_settled
from chalicelib.domain.market.interval import Interval
from tests.elsewhere import machine_in

HOUR = timedelta(hours=1)
DAY = datetime(2024, 8, 8, tzinfo=UTC)
GOOD = Candle(DAY, Decimal(10), Decimal(12), Decimal(9), Decimal(11), Decimal(5))


def at(hour: int) -> datetime:
    return DAY + hour * HOUR


@pytest.mark.parametrize(
    ("interval", "folder", "stretch"),
    [
        ("1m", "dt=2024-08-08", ("2024-08-08", "2024-08-09")),
        ("30m", "dt=2024-08-08", ("2024-08-08", "2024-08-09")),
        ("1h", "dt=2024-08-01", ("2024-08-01", "2024-09-01")),
        ("12h", "dt=2024-08-01", ("2024-08-01", "2024-09-01")),
        ("1d", "dt=2024-01-01", ("2024-01-01", "2025-01-01")),
        ("1w", "dt=2024-01-01", ("2024-01-01", "2025-01-06")),
    ],
)
def test_parts_are_neither_tiny_nor_huge(interval: str, folder: str, stretch: Any) -> None:
    series = candle_series("binance", "BTC/USDT", interval)
    part = series.part_of(datetime(2024, 8, 8, 15, 30, tzinfo=UTC))
    assert part_in(folder) == part
    prefix = f"candles/venue=binance/symbol=BTC-USDT/interval={interval}/"
    assert series.key(part) == f"{prefix}{folder}/candles.parquet"
    assert series.gaps_key == (
        f"candle_gaps/venue=binance/symbol=BTC-USDT/interval={interval}/gaps.json"
    )
    assert series.stretch_of(part) == tuple(
        datetime.fromisoformat(f"{end}T00:00Z") for end in stretch
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_part_begins_at_midnight_utc_wherever_the_machine_stands(zone: str) -> None:
    series = candle_series("binance", "BTC/USDT", "1m")
    evening = datetime(2024, 8, 8, 23, 59, 59, 999_999, tzinfo=UTC)
    with machine_in(zone):
        assert series.part_of(evening) == DAY
        assert series.key(series.part_of(evening)).endswith("dt=2024-08-08/candles.parquet")


@given(
    st.sampled_from(list(Interval)),
    st.integers(1_230_940_800, 4_070_908_800),
)
def test_every_candle_lies_in_the_stretch_of_its_part(interval: Interval, moment: int) -> None:
    series = candle_series("kraken", "ETH/EUR", interval)
    start = interval.start_of(datetime.fromtimestamp(moment, UTC))
    first, after = series.stretch_of(series.part_of(start))
    assert first <= start < after
    assert series.part_of(first) == series.part_of(after - interval.length)
    assert series.part_of(after) > series.part_of(start)


@pytest.mark.parametrize(
    ("venue", "symbol", "interval", "told"),
    [
        (
            "../x",
            "BTC/USDT",
            "1h",
            "venue is '../x'; it must be an exchange's id such as binance",
        ),
        ("Binance", "BTC/USDT", "1h", "venue is 'Binance'"),
        (
            "binance",
            "BTCUSDT",
            "1h",
            "symbol is 'BTCUSDT'; it must be base and quote currency such as BTC/USDT",
        ),
        ("binance", "../BTC/USDT", "1h", "symbol is '../BTC/USDT'"),
        ("binance", "BTC/USD-T", "1h", "symbol is 'BTC/USD-T'"),
        ("binance", "BTC/USDT:USDT", "1h", "symbol is 'BTC/USDT:USDT'"),
        ("binance", "BTC/USDT", "7m", "interval is '7m'; it must be one of 1m, 3m"),
    ],
)
def test_what_would_leave_the_path_is_refused(
    venue: str, symbol: str, interval: str, told: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        candle_series(venue, symbol, interval)


@pytest.mark.parametrize(
    "folder", ["dt=2024-13-01", "dt=2024-08-08x", "x", "dt=\uff12\uff10\uff12\uff14-01-01"]
)
def test_other_folders_are_no_parts(folder: str) -> None:
    assert part_in(folder) is None


def test_gaps_lie_before_between_and_behind() -> None:
    starts = [at(2), at(3), at(3), at(6)]
    assert find_gaps(starts, Interval.H1, at(0), at(9), asked=1) == [
        Gap(at(0), at(2), 1),
        Gap(at(4), at(6), 1),
        Gap(at(7), at(9), 1),
    ]
    assert find_gaps([at(0), at(1)], Interval.H1, at(0), at(2)) == []
    assert find_gaps([], Interval.H1, at(0), at(2)) == [Gap(at(0), at(2), 0)]
    assert Gap(at(4), at(6)).missing(Interval.H1) == 2
    assert Gap(at(4), at(6) + HOUR / 2).missing(Interval.H1) == 2


@given(st.sets(st.integers(0, 30)))
def test_candles_and_gaps_fill_the_time(hours: set[int]) -> None:
    gaps = find_gaps([at(hour) for hour in sorted(hours)], Interval.H1, at(0), at(31))
    missing = {hour for hour in range(31) if any(g.start <= at(hour) < g.end for g in gaps)}
    assert missing == set(range(31)) - hours
    assert sum(gap.missing(Interval.H1) for gap in gaps) == len(missing)


def test_overlapping_gaps_are_joined_and_the_more_asked_one_is_kept() -> None:
    assert joined([Gap(at(2), at(5)), Gap(at(0), at(3), 2), Gap(at(2), at(3))]) == [
        Gap(at(0), at(3), 2),
        Gap(at(3), at(5)),
    ]
    assert joined([Gap(at(0), at(2)), Gap(at(0), at(2), 3)]) == [Gap(at(0), at(2), 3)]


def test_what_has_come_is_cut_out_of_the_gaps() -> None:
    gaps = [Gap(at(0), at(4), 1), Gap(at(6), at(8), 2)]
    assert without(gaps, at(1), at(3)) == [
        Gap(at(0), at(1), 1),
        Gap(at(3), at(4), 1),
        Gap(at(6), at(8), 2),
    ]
    assert without(gaps, at(0), at(9)) == []


GAPS = """{
 "schema": 1,
 "gaps": [
  {
   "start": "2024-08-08T00:00Z",
   "end": "2024-08-08T04:00Z",
   "asked": 1
  },
  {
   "start": "2024-08-08T06:00Z",
   "end": "2024-08-08T08:00Z",
   "asked": 5
  }
 ]
}"""


def test_gaps_are_read_as_they_were_written() -> None:
    gaps = [Gap(at(0), at(4), 1), Gap(at(6), at(8), MOST_ASKED)]
    document = gaps_document(gaps)
    assert document.decode() == GAPS
    assert read_gaps(document) == gaps
    with machine_in("Asia/Tokyo"):
        assert gaps_document(read_gaps(document)) == document
    assert [gap.is_open for gap in gaps] == [True, False]
    for rubbish in (b"{", b"[]", b'{"gaps": [{"start": 5}]}', b'{"gaps": 7}'):
        with pytest.raises(ValueError, match=r"gaps|JSON|Expecting|object"):
            read_gaps(rubbish)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"start": DAY + timedelta(minutes=1)}, "start is 2024-08-08 00:01:00"),
        ({"open": Decimal(0)}, "open is 0; it must be above zero"),
        ({"low": Decimal(-1)}, "low is -1"),
        ({"volume": Decimal(-1)}, "volume is -1; it must be zero or more"),
        ({"close": Decimal("NaN")}, "close is NaN"),
        ({"high": Decimal("Infinity")}, "high is Infinity"),
        ({"high": Decimal("10.99")}, "high is 10.99; it must not be below open, close or low"),
        ({"open": Decimal("12.01")}, "high is 12; it must not be below open, close or low"),
        ({"low": Decimal("12.01")}, "high is 12; it must not be below open, close or low"),
        ({"low": Decimal("10.01")}, "low is 10.01; it must not be above open or close"),
        ({"high": Decimal(10) ** 20}, "high is 100000000000000000000; it must be below 1e20"),
        ({"volume": Decimal("1e-19")}, "with 18 decimals at most"),
    ],
)
def test_what_cannot_be_a_candle(change: dict[str, Any], told: str) -> None:
    assert told in flaw_of(GOOD._replace(**change), Interval.H1)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"volume": Decimal(0)},
        {"volume": Decimal("1e-18")},
        {"high": Decimal(10) ** 20 - 1},
        dict.fromkeys(("open", "high", "low", "close"), Decimal(10)),
    ],
)
def test_what_can(change: dict[str, Any]) -> None:
    assert not flaw_of(GOOD._replace(**change), Interval.H1)


def test_a_candle_is_closed_once_clocks_may_differ_no_more() -> None:
    assert last_closed(Interval.H1, at(5) + timedelta(seconds=9)) == at(4)
    assert last_closed(Interval.H1, at(5) + timedelta(seconds=10)) == at(5)


@pytest.mark.parametrize(
    ("interval", "folder", "stretch"),
    [
        ("1m", "dt=2024-08-01", ("2024-08-01", "2024-09-01")),
        ("30m", "dt=2024-08-01", ("2024-08-01", "2024-09-01")),
        ("1h", "dt=2024-01-01", ("2024-01-01", "2025-01-01")),
        ("12h", "dt=2024-01-01", ("2024-01-01", "2025-01-01")),
    ],
)
def test_a_period_that_is_over_has_a_file_of_its_own(
    interval: str, folder: str, stretch: tuple[str, str]
) -> None:
    series = candle_series("binance", "BTC/USDT", interval)
    period = series.period_of(datetime(2024, 8, 8, 15, 30, tzinfo=UTC))
    key = f"{series.prefix}{folder}/compacted.parquet"
    start, end = (datetime.fromisoformat(f"{day}T00:00Z") for day in stretch)
    whole = CandleFile(key, start, end, is_compacted=True)
    assert series.compacted(period) == whole
    assert series.file_of(key) == whole
    assert series.file_of(f"{series.prefix}dt=2024-08-03/compacted.parquet") is None


def test_days_and_weeks_are_in_one_file_a_year_anyway() -> None:
    for interval in ("1d", "1w"):
        series = candle_series("binance", "BTC/USDT", interval)
        period = series.period_of(DAY)
        assert period == datetime(2024, 1, 1, tzinfo=UTC)
        assert series.compacted(period) is None
        assert series.file_of(f"{series.prefix}dt=2024-01-01/compacted.parquet") is None


def test_only_files_of_candles_are_read() -> None:
    series = candle_series("binance", "BTC/USDT", "1h")
    part = datetime(2024, 8, 1, tzinfo=UTC)
    file = CandleFile(series.key(part), part, datetime(2024, 9, 1, tzinfo=UTC))
    assert series.file_of(series.key(part)) == file
    assert not file.is_compacted
    for name in ("dt=2024-08-01/_candles.parquet.damaged", "dt=soon/candles.parquet", "x"):
        assert series.file_of(f"{series.prefix}{name}") is None


def test_a_file_meets_what_it_may_have_candles_of() -> None:
    file = CandleFile("", at(1), at(3))
    stretches = [(0, 1), (0, 2), (2, 3), (2, 9), (3, 4), (0, 9)]
    met = [file.meets(at(start), at(end)) for start, end in stretches]
    assert met == [False, True, True, True, False, True]


@pytest.mark.parametrize(
    ("days", "newest", "gap", "settled"),
    [
        (7, 24, None, True),
        (6, 24, None, False),
        (8, 23, None, False),
        (8, 24, Gap(at(5), at(6), MOST_ASKED - 1), False),
        (8, 24, Gap(at(5), at(6), MOST_ASKED), True),
        (8, 24, Gap(at(24), at(25)), True),
    ],
)
def test_what_is_over_is_settled_once_nothing_more_is_expected(
    days: int, newest: int, gap: Gap | None, *, settled: bool
) -> None:
    whole = CandleFile("", at(0), at(24), is_compacted=True)
    now = at(24) + timedelta(days=days)
    assert is_settled(whole, at(newest), [gap] if gap else [], now) is settled
