"""The row of a minute: whatever comes twice, late, damaged or out of order."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest

from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.domain.market.minute import MINUTE, Minute, minute_of
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.market_ports.trades import TradeFlowTable
from chalicelib.services.market.summarize_trades import MinuteReport, summarize_trades
from chalicelib.services.market.sweep_summaries import sweep_summaries
from tests.market.floor import SECOND, START, Floor, trade

THIS = Minute("BTCUSDT", START)


def summarized(floor: Floor, minute: Minute = THIS) -> MinuteReport:
    return summarize_trades(minute, floor.lake, floor.table)


def trades(*numbers: int) -> list[bytes]:
    return [trade(n, START + n * SECOND) for n in numbers]


def test_the_taker_of_a_buyer_that_was_the_maker_sold(floor: Floor) -> None:
    at = START + SECOND
    lines = [
        trade(1, at, p="100", q="2", m=True),
        trade(2, at, p="110", q="1", m=True),
        trade(3, at, p="104.5", q="4", m=False),
    ]
    floor.put(THIS, "p0-0", lines)
    summarized(floor)
    assert floor.table.newest(10) == [
        MinuteSummary(
            minute=THIS,
            total_count_b=1,
            total_count_s=2,
            total_btc_b=Decimal(4),
            total_btc_s=Decimal(3),
            total_usd_b=Decimal(418),
            total_usd_s=Decimal(310),
            avg_b=Decimal("104.5"),
            avg_s=Decimal("103.333333333333333333"),
        )
    ]


def test_events_in_any_order_and_number_give_one_table(
    make_floor: Callable[[], Floor],
) -> None:
    later = Minute("BTCUSDT", START + MINUTE)
    puts = [
        (THIS, "p0-0", trades(0, 1, 2)),
        (THIS, "p0-2", trades(2, 3)),
        (later, "p0-9", [trade(9, START + 60 * SECOND)]),
        (THIS, "p1-0", trades(1, 7)),
    ]
    tables = []
    for order in permutations(puts):
        floor = make_floor()
        for minute, name, lines in (*order, order[0]):
            key = floor.put(minute, name, lines)
            summarized(floor, minute_of(key) or THIS)
        tables.append((floor.table.newest(10), floor.table.sources("BTCUSDT", START, later.start)))
    assert all(table == tables[0] for table in tables)
    assert [row.total_count_b + row.total_count_s for row in tables[0][0]] == [1, 5]


def test_one_that_was_overtaken_looks_again(floor: Floor) -> None:
    """Two events at once: the slower one has seen less, and writes last."""
    floor.put(THIS, "p0-0", trades(0, 1))

    class Slow:
        writes = 0

        def replace(self, summary: MinuteSummary, source: str) -> None:
            if self.writes == 0:
                floor.put(THIS, "p0-2", trades(2, 3))
                summarized(floor)
            self.writes += 1
            floor.table.replace(summary, source)

        def __getattr__(self, name: str) -> object:
            return getattr(floor.table, name)

    slow: TradeFlowTable = Slow()  # type: ignore[assignment]
    summarize_trades(THIS, floor.lake, slow)
    (row,) = floor.table.newest(10)
    assert row.total_count_b + row.total_count_s == 4


def test_a_minute_that_never_stands_still_is_left_for_later(floor: Floor) -> None:
    floor.put(THIS, "p0-0", trades(0))

    class Restless:
        number = 0

        def replace(self, summary: MinuteSummary, source: str) -> None:
            self.number += 1
            floor.put(THIS, f"p1-{self.number}", trades(self.number))
            floor.table.replace(summary, source)

    restless: TradeFlowTable = Restless()  # type: ignore[assignment]
    with pytest.raises(StoreConflict, match="changed 10 times"):
        summarize_trades(THIS, floor.lake, restless)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "plain"])
def test_a_damaged_object_is_set_aside_and_the_row_stays_as_it_was(
    floor: Floor, damage: str
) -> None:
    floor.put(THIS, "p0-0", trades(0, 1, 2))
    summarized(floor)
    before = floor.table.newest(10)
    key = floor.put(THIS, "p0-3", trades(3, 4))
    whole = floor.lake.get(key) or b""
    content = {
        "cut": whole[:-9],
        "flipped": whole[:30] + bytes([whole[30] ^ 255]) + whole[31:],
        "empty": whole[:5],
        "plain": b"not gzip at all",
    }[damage]
    floor.lake.put(key, content)
    report = summarized(floor)
    assert report.withheld == (key,)
    assert floor.table.newest(10) == before
    damaged = f"{THIS.prefix}_p0-3.jsonl.gz.damaged"
    assert [k for k, _ in floor.lake.objects(THIS.prefix)] == [
        damaged,
        f"{THIS.prefix}p0-0.jsonl.gz",
    ]
    assert floor.lake.get(damaged) == content
    assert summarized(floor).withheld == (key,), "it stays withheld"
    floor.lake.put(key, whole)
    assert summarized(floor).withheld == ()
    (row,) = floor.table.newest(10)
    assert row.total_count_b + row.total_count_s == 5


def test_every_cut_of_a_small_object_is_noticed(floor: Floor) -> None:
    key = floor.put(THIS, "p0-0", trades(0, 1, 2))
    whole = floor.lake.get(key) or b""
    for length in range(len(whole)):
        floor.lake.put(key, whole[:length])
        assert summarized(floor).withheld == (key,), length
        assert floor.table.newest(1) == []
    floor.lake.put(key, whole)
    assert summarized(floor).withheld == ()


def test_lines_that_do_not_belong_are_kept_with_their_reason(floor: Floor) -> None:
    odd = [
        b"rubbish",
        trade(4, START + 60 * SECOND),
        trade(5, START + SECOND, s="ETHUSDT"),
        trade(6, START + SECOND, p="1e999"),
    ]
    floor.put(THIS, "p0-0", [*trades(0, 1, 2), *odd])
    assert summarized(floor).rejected == 4
    (row,) = floor.table.newest(1)
    assert row.total_count_b + row.total_count_s == 3
    lines = floor.lines()["quarantine/summaries/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=55.jsonl.gz"]
    kept = [json.loads(line) for line in lines]
    assert sorted(line["value"].strip().encode() for line in kept) == sorted(odd)
    assert {line["place"][-2:] for line in kept} == {":4", ":5", ":6", ":7"}


def test_an_absurd_price_is_kept_apart(floor: Floor) -> None:
    floor.put(THIS, "p0-0", [*trades(0, 1, 2, 3), trade(9, START, p="9999999999")])
    assert summarized(floor).rejected == 1
    (row,) = floor.table.newest(1)
    assert row.total_count_b + row.total_count_s == 4
    (line,) = floor.lines()[
        "quarantine/summaries/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=55.jsonl.gz"
    ]
    assert json.loads(line)["reason"].startswith("p is 9999999999; it must be within half")


def test_a_minute_without_objects_has_no_row(floor: Floor) -> None:
    assert summarized(floor) == MinuteReport(minute=THIS)
    assert floor.table.newest(1) == []


def test_a_table_that_is_down_is_not_hidden(floor: Floor, tmp_path: Path) -> None:
    floor.put(THIS, "p0-0", trades(0))
    path = tmp_path / "broken.sqlite3"
    table = SqliteTradeFlow(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("DROP TABLE minute_summary")
        with pytest.raises(StoreUnavailable, match="no such table"):
            summarize_trades(THIS, floor.lake, table)
    finally:
        table.close()


def test_the_sweep_mends_what_events_did_not_tell(floor: Floor) -> None:
    minutes = [Minute(s, START + n * MINUTE) for n in range(130) for s in ("BTCUSDT", "ETHUSDT")]
    for minute in minutes:
        floor.put(minute, "p0-0", [trade(0, minute.start, s=minute.symbol)])
        if minute.start.minute % 7:
            summarized(floor, minute)
    stale = minutes[1]
    floor.put(stale, "p0-5", [trade(5, stale.start, s=stale.symbol)])
    report = sweep_summaries(
        floor.lake, floor.table, start=START, end=START + timedelta(minutes=130)
    )
    assert report.checked == len(minutes)
    missing = {minute for minute in minutes if minute.start.minute % 7 == 0}
    assert {mended.minute for mended in report.mended} == missing | {stale}
    assert len(floor.table.newest(1000)) == len(minutes)
    again = sweep_summaries(
        floor.lake, floor.table, start=START, end=START + timedelta(minutes=130)
    )
    assert again.mended == ()


def test_the_sweep_finds_a_day_in_years_of_nothing(floor: Floor) -> None:
    floor.put(THIS, "p0-0", trades(0))
    report = sweep_summaries(
        floor.lake,
        floor.table,
        start=datetime(2009, 1, 3, 5, 30, tzinfo=UTC),
        end=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert [mended.minute for mended in report.mended] == [THIS]


def test_the_sweep_says_what_is_damaged_each_time(floor: Floor) -> None:
    key = floor.put(THIS, "p0-0", trades(0))
    floor.lake.put(key, b"")
    for _ in range(2):
        report = sweep_summaries(floor.lake, floor.table, start=START, end=START + MINUTE)
        assert [mended.withheld for mended in report.mended] == [(key,)]


@pytest.mark.parametrize(
    "key",
    [
        "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=55/_p0-0.jsonl.gz.damaged",
        "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=55/_p0-0.jsonl.gz",
        "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=55/.p0-0.jsonl.gz",
        "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=55/p0-0.parquet",
        "trades/symbol=BTCUSDT/dt=2024-02-30/hh=23/mm=55/p0-0.jsonl.gz",
        "trades/symbol=BTCUSDT/dt=2024-08-08/hh=24/mm=00/p0-0.jsonl.gz",
        "trades/symbol=/dt=2024-08-08/hh=23/mm=55/p0-0.jsonl.gz",
        "quarantine/trades/p0-0.jsonl.gz",
        "",
    ],
)
def test_other_names_are_no_minute(key: str) -> None:
    assert minute_of(key) is None


def test_gzip_of_several_parts_is_read_to_its_end(floor: Floor) -> None:
    """As a sink writes it that appends."""
    parts = [gzip.compress(line + b"\n") for line in trades(0, 1)]
    floor.lake.put(f"{THIS.prefix}other.jsonl.gz", b"".join(parts))
    assert summarized(floor).trades == 2
