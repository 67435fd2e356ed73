"""Two days of real aggregated trades, served as REST does, collected into the lake."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.adapters.feeds.binance_history import BinanceTrades
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.minute import minute_of
from chalicelib.services.market.collect_trades import Collecting, collect_trades
from chalicelib.services.market.summarize_trades import summarize_trades
from tests.market.floor import TOPIC, Floor, market_floor, work_off
from tests.market.recorded import aggregated_trades, expected_rows
from tests.market.rows import assert_rows, rows_of
from tests.market.trades_venue import TradesVenue

SYMBOL = "XRPETH"
TRADES, MINUTES = 12_477, 2_469


def sum_up(floor: Floor) -> None:
    for minute in {minute_of(key) for key, _ in floor.lake.objects("trades/")} - {None}:
        assert minute is not None
        summarize_trades(minute, floor.lake, floor.table)


@pytest.mark.slow
def test_every_trade_is_collected_with_every_field_and_the_stream_beside_changes_no_row(
    tmp_path: Path,
) -> None:
    messages = aggregated_trades()
    facts = [json.loads(message) for message in messages]
    assert len(facts) == TRADES
    served = [{k: v for k, v in fact.items() if k not in {"e", "s"}} for fact in facts]
    begun = datetime.fromtimestamp(facts[0]["T"] / 1000, UTC)
    with (
        market_floor(tmp_path) as floor,
        TradesVenue(now=floor.clock.now, trades={SYMBOL: served}) as venue,
    ):
        history = BinanceTrades(venue.url, floor.clock)
        work = Collecting(venue="binance", history=history, lake=floor.lake, clock=floor.clock)
        [report] = collect_trades(work, [SYMBOL], since=begun)
        history.close()
        assert (report.objects, report.is_up_to_date) == (MINUTES, True)
        collected = [
            json.loads(line)
            for key, _ in floor.lake.objects("trades/")
            if minute_of(key)
            for line in gzip.decompress(floor.lake.get(key) or b"").splitlines()
        ]
        assert collected == facts
        sum_up(floor)
        expected = expected_rows(messages)
        assert len(expected) == MINUTES
        assert_rows(floor.table, expected)
        before = rows_of(floor.table)

        for start in range(0, TRADES, 1000):
            batch = messages[start : start + 1000]
            floor.bus.publish(TOPIC, [Record(SYMBOL.encode(), message) for message in batch])
        with floor.archiving() as archiving:
            for _ in range(3):
                work_off(archiving)
                floor.pass_time(60)
        assert len([k for k, _ in floor.lake.objects("trades/") if minute_of(k)]) == 2 * MINUTES
        sum_up(floor)
        assert rows_of(floor.table) == before
