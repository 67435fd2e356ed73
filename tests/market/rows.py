"""The rows of a table, next to what they must be."""

from fractions import Fraction
from typing import Any

from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.market_ports.trades import TradeFlowTable
from tests.market.recorded import Row

EVERYTHING = 1_000_000
AVERAGE_STEP = Fraction(1, 10**18)


def rows_of(table: TradeFlowTable) -> dict[tuple[str, Any], MinuteSummary]:
    return {(row.minute.symbol, row.minute.start): row for row in table.newest(EVERYTHING)}


def assert_rows(table: TradeFlowTable, expected: dict[tuple[str, Any], Row]) -> None:
    found = rows_of(table)
    assert sorted(found) == sorted(expected)
    for name, row in expected.items():
        summary = found[name]
        assert [summary.total_count_b, summary.total_count_s] == row.count, name
        assert [Fraction(summary.total_btc_b), Fraction(summary.total_btc_s)] == row.base, name
        assert [Fraction(summary.total_usd_b), Fraction(summary.total_usd_s)] == row.quote, name
        for side, average in enumerate((summary.avg_b, summary.avg_s)):
            if not row.count[side]:
                assert average is None, name
            else:
                assert average is not None, name
                exact = row.quote[side] / row.base[side]
                assert abs(Fraction(average) - exact) <= AVERAGE_STEP / 2, name
