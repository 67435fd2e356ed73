"""A venue on loopback -> feed -> bus -> archive -> summaries, nonsense and all."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.feeds.binance import BinanceFeed
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import minute_of
from chalicelib.domain.market.stream_connection import Timing
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.services.market.stream_trades import (
    AT_ONCE,
    StreamReport,
    Topics,
    beginning,
    stream_trades,
)
from chalicelib.services.market.summarize_trades import summarize_trades
from tests.market.binance_frames import START_MS, fact_of, text_of
from tests.market.binance_streams import BinanceStreams, wait_until
from tests.market.feed_reader import PLAN, QUICK
from tests.market.floor import Floor, work_off
from tests.market.recorded import expected_rows
from tests.market.rows import assert_rows

TOPICS = Topics(trades="trades", candles="klines")
TRADES = Subject("BTCUSDT")
MINUTES = Subject("BTCUSDT", "aggTrade", Interval.M1)


def feed_of(venue: BinanceStreams, bus: SqliteBus, timing: Timing = QUICK) -> BinanceFeed:
    return BinanceFeed(
        PLAN,
        beginning(bus, TOPICS, overlap=0),
        stream_address=venue.stream_address,
        rest_address=venue.rest_address,
        clock=SystemClock(),
        timing=timing,
    )


def stream(floor: Floor, venue: BinanceStreams, feed: BinanceFeed, last: int) -> StreamReport:
    """Until this trade is on the bus."""
    trades = candles = 0

    def is_there() -> bool:
        nonlocal trades, candles
        report = stream_trades(feed, floor.bus, TOPICS, wait=0.02)
        trades, candles = trades + report.trades, candles + report.candles
        return floor.bus.newest("trades", b"BTCUSDT") == text_of(venue.trades[last])

    wait_until(is_there)
    return StreamReport(trades=trades, candles=candles)


def test_whatever_the_stream_says_the_rows_are_those_of_the_trades(floor: Floor) -> None:
    floor.clock.advance_to(datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(hours=1))
    with BinanceStreams() as venue:
        feed = feed_of(venue, floor.bus)
        with closing(feed):
            stream_trades(feed, floor.bus, TOPICS, wait=0)
            wait_until(lambda: bool(venue.open))
            venue.trade(100)
            venue.send("rubbish")
            venue.trade(30, told=False)
            venue.candle()
            venue.trade(5, p="9000.0")  # ninety times the price
            venue.tell(venue.trades[3])
            venue.trade(100)
            report = stream(floor, venue, feed, -1)
    assert (report.trades, report.candles) == (236, 1)
    with floor.archiving() as work:
        work_off(work)
        floor.pass_time(60)
        work_off(work)
        work_off(work)
    (rubbish,) = [lines for key, lines in floor.lines().items() if key.startswith("quarantine/")]
    assert len(rubbish) == 1
    rejected = 0
    for minute in {minute_of(key) for key in floor.lines()} - {None}:
        assert minute is not None
        rejected += summarize_trades(minute, floor.lake, floor.table).rejected
    assert rejected == 5
    assert_rows(floor.table, expected_rows(text_of(t) for t in venue.trades if t["p"] != "9000.0"))


def test_a_beginning_is_what_the_bus_has_of_the_very_subject(floor: Floor) -> None:
    begin = beginning(floor.bus, TOPICS, overlap=0)
    assert begin(TRADES).behind(5) is None
    floor.publish(text_of(fact_of(4)), text_of(fact_of(5)))
    floor.bus.publish("trades", [Record(b"", b"rubbish"), Record(b"ETHUSDT", b"{}")])
    assert begin(TRADES).behind(9) == 4
    assert begin(MINUTES).behind(9) is None
    assert begin(Subject("BTCUSDT", "trade")).behind(9) is None
    assert begin(Subject("ETHUSDT")).behind(9) is None
    assert beginning(floor.bus, TOPICS, overlap=3)(TRADES).behind(9) == 7


class WatchedBus(SqliteBus):
    """Knows how much was published at once."""

    most_at_once = 0

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        self.most_at_once = max(self.most_at_once, len(records))
        super().publish(topic, records)


def test_no_more_goes_onto_the_bus_at_once_than_an_overlap_repeats(
    floor: Floor, tmp_path: Path
) -> None:
    """What was held behind a gap comes all together, when the gap has been fetched."""
    bus = WatchedBus(tmp_path / "watched", floor.clock, retention=timedelta(days=1))
    patient = replace(QUICK, gap_patience=1.0)  # until all that was told has come
    with closing(bus), BinanceStreams() as venue, closing(feed_of(venue, bus, patient)) as feed:
        stream_trades(feed, bus, TOPICS, wait=0)
        wait_until(lambda: bool(venue.open))
        venue.trade()
        venue.trade(told=False)
        venue.trade(2 * AT_ONCE)
        portions: list[int] = []

        def has_all() -> bool:
            portions.append(stream_trades(feed, bus, TOPICS, wait=0.02).trades)
            return sum(portions) >= len(venue.trades)  # who told the last one is left to chance

        wait_until(has_all)
        assert sum(portions) == len(venue.trades)
        assert max(portions) > AT_ONCE
        assert bus.most_at_once == AT_ONCE
