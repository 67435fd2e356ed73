"""What every table of summaries promises: one row per symbol and minute, exact."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.domain.market.minute import MINUTE, Minute
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.market_ports.trades import TradeFlowTable

MIDNIGHT = Minute("BTCUSDT", datetime(2024, 8, 9, tzinfo=UTC))
SUMMARY = MinuteSummary(
    minute=MIDNIGHT,
    total_count_b=650,
    total_count_s=811,
    total_btc_b=Decimal("12.9863"),
    total_btc_s=Decimal("17.3297"),
    total_usd_b=Decimal("800799.7446195"),
    total_usd_s=Decimal("1068427.1157247"),
    avg_b=Decimal("61664.965742320753409362"),
    avg_s=Decimal("61652.949313877331979203"),
)
# 15 digits and 12 decimals of both, a thousand times: no table may round it.
LARGEST = replace(
    SUMMARY,
    total_btc_b=Decimal("999999999999999999.999999999000"),
    total_usd_b=Decimal("999999999999999999999999999999999.999999999999999999999999"),
)


def test_a_row_comes_back_as_it_was_written(table: TradeFlowTable) -> None:
    table.replace(SUMMARY, "one")
    assert table.newest(10) == [SUMMARY]
    assert table.sources("BTCUSDT", MIDNIGHT.start, MIDNIGHT.start + MINUTE) == {MIDNIGHT: "one"}


def test_no_digit_of_the_largest_amounts_is_lost(table: TradeFlowTable) -> None:
    table.replace(LARGEST, "one")
    (row,) = table.newest(10)
    assert (row.total_btc_b, row.total_usd_b) == (LARGEST.total_btc_b, LARGEST.total_usd_b)


def test_a_side_without_trades_has_no_average(table: TradeFlowTable) -> None:
    quiet = replace(
        SUMMARY, total_count_s=0, total_btc_s=Decimal(0), total_usd_s=Decimal(0), avg_s=None
    )
    table.replace(quiet, "one")
    assert table.newest(10) == [quiet]


def test_the_row_is_replaced_as_a_whole(table: TradeFlowTable) -> None:
    table.replace(SUMMARY, "one")
    later = MinuteSummary(minute=MIDNIGHT, total_count_b=1, total_btc_b=Decimal(2))
    table.replace(later, "two")
    table.replace(later, "two")
    assert table.newest(10) == [later]
    assert set(table.sources("BTCUSDT", MIDNIGHT.start, MIDNIGHT.start + MINUTE).values()) == {
        "two"
    }


def test_symbols_that_differ_in_case_only_are_different(table: TradeFlowTable) -> None:
    table.replace(SUMMARY, "one")
    other = replace(SUMMARY, minute=Minute("btcusdt", MIDNIGHT.start))
    table.replace(other, "two")
    assert table.newest(10) == [SUMMARY, other]
    assert table.newest(10, "btcusdt") == [other]


def test_the_newest_minutes_come_first(table: TradeFlowTable) -> None:
    minutes = [Minute(s, MIDNIGHT.start + n * MINUTE) for n in range(5) for s in ("A", "B")]
    for minute in reversed(minutes):
        table.replace(replace(SUMMARY, minute=minute), "one")
    found = [(row.minute.symbol, row.minute.start.minute) for row in table.newest(3)]
    assert found == [("A", 4), ("B", 4), ("A", 3)]
    assert [row.minute.start.minute for row in table.newest(2, "B")] == [4, 3]


def test_sources_are_of_one_symbol_and_end_before_the_end(table: TradeFlowTable) -> None:
    hour = timedelta(hours=1)
    for number in (-1, 0, 59, 60):
        minute = Minute("BTCUSDT", MIDNIGHT.start + number * MINUTE)
        table.replace(replace(SUMMARY, minute=minute), str(number))
    table.replace(replace(SUMMARY, minute=Minute("ETHUSDT", MIDNIGHT.start)), "other")
    found = table.sources("BTCUSDT", MIDNIGHT.start, MIDNIGHT.start + hour)
    assert sorted(found.values()) == ["0", "59"]
