"""A venue's candles into the lake: since the last one, with gaps marked, and filled when it can."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.venues.ccxt.public_markets import PublicMarkets
from chalicelib.domain.errors import ExchangeUnavailable, SettingsError, StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import MOST_ASKED, Gap
from chalicelib.domain.market.candle_rules import last_closed
from chalicelib.domain.market.candle_series import CandleSeries, candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.services.market.backfill_candles import forget_before_first, mark_past
from chalicelib.services.market.collect_candles import CandleReport, Collecting, collect_candles
from chalicelib.services.market.collect_round import CandleRound, collect_round
from chalicelib.services.market.import_candles import import_candles, search_gaps
from tests.market.public_binance import START, PublicBinance, candles_from
from tests.venues.faults import Fault, FaultKind

HOUR = timedelta(hours=1)
BTC = candle_series("binance", "BTC/USDT", "1h")
ETH = candle_series("binance", "ETH/USDT", "1h")
FOREVER = START + timedelta(days=3650)


class PowerCut(Exception):
    pass


class DyingLake(FolderLake):
    """The machine loses power at one of the writes."""

    writes_left = -1

    def put(self, key: str, content: bytes) -> None:
        if self.writes_left == 0:
            raise PowerCut
        self.writes_left -= 1
        super().put(key, content)


@dataclass(kw_only=True)
class Room:
    venue: PublicBinance
    source: PublicMarkets
    lake: DyingLake
    candles: ParquetCandles
    clock: ReplayClock

    def has(self, candles: list[Candle], series: CandleSeries = BTC) -> None:
        name = series.symbol.replace("/", "")
        self.venue.candles[name, str(series.interval)] = candles

    def work(self, **other: Any) -> Collecting:
        given: dict[str, Any] = {
            "source": self.source,
            "lake": self.candles,
            "clock": self.clock,
            "since": START,
        }
        return Collecting(**(given | other))

    def collect(self, series: CandleSeries = BTC, **other: Any) -> CandleReport:
        return collect_candles(series, self.work(**other))

    def kept(self, series: CandleSeries = BTC) -> list[Candle]:
        return self.candles.read(series, START - timedelta(days=3650), FOREVER)

    def objects(self) -> dict[str, bytes | None]:
        return {key: self.lake.get(key) for key, _ in self.lake.objects("")}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    lake = DyingLake(tmp_path / "lake")
    clock = ReplayClock(START + 100 * HOUR + timedelta(minutes=5))
    with (
        PublicBinance("BTC/USDT", "ETH/USDT") as venue,
        closing(PublicMarkets("binance", venue.options, clock)) as source,
        closing(lake),
    ):
        candles = ParquetCandles(lake)
        yield Room(venue=venue, source=source, lake=lake, candles=candles, clock=clock)


def test_only_closed_candles_are_kept_and_the_next_run_goes_on(room: Room) -> None:
    made = candles_from(START, 200)
    room.has(made[:101])  # the last one is open
    report = room.collect()
    assert (report.written, report.missing, report.finished) == (100, 0, True)
    assert room.kept() == made[:100]
    room.clock.advance_to(START + 103 * HOUR + timedelta(minutes=1))
    room.has(made[:104])
    room.venue.requests.clear()
    room.collect()
    assert room.kept() == made[:103]
    (asked,) = room.venue.logged("/api/v3/klines")
    last_kept = str(int(made[99].start.timestamp() * 1000))
    assert asked.arguments["startTime"] == last_kept


def test_nothing_changes_by_collecting_again(room: Room) -> None:
    room.has([c for c in candles_from(START, 101) if c.start.hour % 5])
    room.collect()
    before = room.objects()
    room.lake.seen(room.lake.changes(99))
    second = room.collect()
    assert second.flaws == ()
    gaps = room.candles.gaps(BTC)
    assert {gap.asked for gap in gaps} == {2}  # asked for again, and nothing came
    after = room.objects()
    assert {key for key in before if before[key] != after[key]} == {BTC.gaps_key}


def test_a_correction_of_the_last_candle_is_taken(room: Room) -> None:
    made = candles_from(START, 101)
    room.has([*made[:99], made[99]._replace(volume=Decimal(1))])
    room.collect()
    room.has(made)
    room.collect()
    assert room.kept() == made[:100]


def test_many_pages_are_as_one(room: Room) -> None:
    room.clock.advance_to(START + 2500 * HOUR)
    made = candles_from(START, 2499)
    room.has(made)
    moments: list[datetime] = []
    assert room.collect(on_page=moments.append).written == 2499
    assert room.kept() == made
    assert room.venue.count("/api/v3/klines") == 3
    assert moments == [START + 1000 * HOUR, START + 2000 * HOUR, START + 2499 * HOUR]


def test_it_begins_with_the_first_candle_that_there_is(room: Room) -> None:
    made = candles_from(START + 40 * HOUR, 60)
    room.has(made)
    report = room.collect(since=START + timedelta(minutes=20))
    assert room.kept() == made
    assert report.missing == 0
    assert room.candles.gaps(BTC) == []


LISTED = START - timedelta(days=3, hours=7)  # a Sunday's afternoon
LONG_AGO = START - timedelta(days=14 * 365)


def listed(room: Room, interval: Interval = Interval.H1) -> list[Candle]:
    """The closed ones of a market that is new, at a venue that answers for a page's time."""
    room.venue.spans = True
    for each in {interval, Interval.D1, Interval.W1}:
        first = each.start_of(LISTED)
        count = (room.clock.now() - first) // each.length + 1  # the last one is open
        room.has(candles_from(first, count, each), BTC._replace(interval=each))
    end = last_closed(interval, room.clock.now())
    return [c for c in room.venue.candles["BTCUSDT", str(interval)] if c.start < end]


@pytest.mark.parametrize(("interval", "requests"), [("5m", 10), ("1h", 5), ("1d", 6), ("1w", 1)])
def test_the_first_candle_is_found_in_few_requests(
    room: Room, interval: str, requests: int
) -> None:
    series = BTC._replace(interval=Interval(interval))
    made = listed(room, series.interval)
    report = room.collect(series, since=LONG_AGO)
    assert room.kept(series) == made
    assert (report.missing, report.finished) == (0, True)
    assert room.venue.count("/api/v3/klines") <= requests


def test_a_market_that_was_listed_soon_after_is_found_whole(room: Room) -> None:
    """Its first week and its first day have begun before what is asked for."""
    series = BTC._replace(interval=Interval.M5)
    made = listed(room, series.interval)
    room.collect(series, since=LISTED - timedelta(days=3, hours=15))
    assert room.kept(series) == made


def test_a_market_that_is_new_this_week_is_found_without_its_open_week(room: Room) -> None:
    made = listed(room)
    for longer in ("1d", "1w"):
        room.venue.candles["BTCUSDT", longer] = []
    room.has(made[-20:])
    room.collect(since=LONG_AGO)
    assert room.kept() == made[-20:]


def test_a_market_without_any_candles_is_asked_for_in_few_requests(room: Room) -> None:
    room.venue.spans = True
    report = room.collect(since=LONG_AGO)
    assert (report.written, report.end, report.finished) == (0, None, True)
    assert room.venue.count("/api/v3/klines") < 10


def test_a_venue_without_long_candles_is_asked_page_by_page(room: Room) -> None:
    made = listed(room)
    offered = room.source._venue.client.timeframes  # noqa: SLF001 - there is no such venue here
    for longer in ("1d", "1w"):
        del offered[longer]
    room.collect(since=START - timedelta(days=365))
    assert room.kept() == made


def test_the_past_before_a_listing_is_completed_in_few_requests(room: Room) -> None:
    made = listed(room, Interval.M5)
    series = BTC._replace(interval=Interval.M5)
    room.collect(series, since=START)
    mark_past(series, room.candles, LONG_AGO)
    room.venue.requests.clear()
    room.collect(series)
    forget_before_first(series, room.candles)
    assert room.kept(series) == made
    assert room.candles.gaps(series) == []
    assert room.venue.count("/api/v3/klines") < 20


def test_a_report_says_how_far_the_candles_go(room: Room) -> None:
    made = candles_from(START, 101)
    room.has(made)
    assert room.collect().end == made[100].start
    room.venue.candles.clear()
    assert room.collect().end == made[100].start, "what is kept counts"


def test_a_gap_is_marked_and_filled_when_the_venue_has_it(room: Room) -> None:
    made = candles_from(START, 101)
    room.has(made[:10] + made[14:50] + made[51:])
    first = room.collect()
    assert first.missing == 5
    assert room.candles.gaps(BTC) == [
        Gap(made[10].start, made[14].start, 1),
        Gap(made[50].start, made[51].start, 1),
    ]
    room.has(made[:12] + made[14:])
    second = room.collect()
    assert room.candles.gaps(BTC) == [Gap(made[12].start, made[14].start, 2)]
    assert (second.missing, room.kept()) == (2, made[:12] + made[14:100])
    room.has(made)
    third = room.collect()
    assert (third.missing, room.kept()) == (0, made[:100])


def test_what_never_comes_is_asked_for_a_few_times_only(room: Room) -> None:
    made = candles_from(START, 101)
    room.has(made[:10] + made[14:])
    for _ in range(MOST_ASKED + 3):
        room.collect()
    assert room.candles.gaps(BTC) == [Gap(made[10].start, made[14].start, MOST_ASKED)]
    room.venue.requests.clear()
    room.collect()
    assert room.venue.count("/api/v3/klines") == 1


def test_one_page_answers_for_many_gaps(room: Room) -> None:
    made = candles_from(START, 101)
    room.has([candle for number, candle in enumerate(made) if number % 3 or number == 99])
    room.collect()
    assert len(room.candles.gaps(BTC)) == 32
    room.venue.requests.clear()
    room.collect()
    assert room.venue.count("/api/v3/klines") == 2
    assert {gap.asked for gap in room.candles.gaps(BTC)} == {2}


def test_an_impossible_candle_is_a_gap_that_is_told(room: Room) -> None:
    made = candles_from(START, 101)
    room.has([*made[:20], made[20]._replace(low=made[20].high + 1), *made[21:]])
    report = room.collect()
    assert report.flaws[0].startswith("2024-08-01 20:00: high is ")
    assert room.candles.gaps(BTC) == [Gap(made[20].start, made[21].start, 1)]
    room.has(made)
    room.collect()
    assert room.kept() == made[:100]


@pytest.mark.parametrize("writes", range(6))
def test_a_power_cut_loses_no_mark(room: Room, writes: int) -> None:
    """The gap reaches from one month into the next, so that three objects are written."""
    made = candles_from(START, 2000)
    room.has(made[:700] + made[800:])
    room.clock.advance_to(START + 2000 * HOUR)
    room.lake.writes_left = writes
    for _ in range(2):
        try:
            room.collect()
        except PowerCut:
            room.lake.writes_left = -1
    assert room.kept() == made[:700] + made[800:1999]
    (gap,) = room.candles.gaps(BTC)
    assert gap[:2] == (made[700].start, made[800].start)


def test_a_damaged_object_heals_by_itself(room: Room) -> None:
    made = candles_from(START, 2000)
    room.has(made)
    room.clock.advance_to(START + 2000 * HOUR)
    room.collect()
    for part in ("2024-08-01", "2024-10-01"):  # one of three, and the last
        key = next(key for key in room.objects() if f"dt={part}" in key)
        room.lake.put(key, (room.lake.get(key) or b"")[:-1])
        with pytest.raises(StoreUnavailable, match="set aside"):
            room.kept()
        assert len(room.kept()) < 1999
        assert room.collect().missing == 0
        assert room.kept() == made[:1999]


def test_time_that_is_up_ends_a_run_and_the_next_goes_on(room: Room) -> None:
    made = candles_from(START, 2500)
    room.has(made)
    room.clock.advance_to(START + 2500 * HOUR)
    until = room.clock.now() + timedelta(seconds=30)

    def pass_time(_: datetime) -> None:
        room.clock.advance_to(room.clock.now() + timedelta(seconds=20))

    report = room.collect(until=until, on_page=pass_time)
    assert (report.finished, report.written) == (False, 2000)
    assert room.collect().finished
    assert room.kept() == made


def test_an_interval_that_the_venue_has_not_is_named(room: Room) -> None:
    room.source.existing(["BTC/USDT"])
    room.source._venue.client.timeframes = {"1m": "1m", "1d": "1d"}  # noqa: SLF001 - as Kraken's
    with pytest.raises(SettingsError, match="binance has no candles of 1h; it has 1m, 1d"):
        room.collect()


def test_a_round_takes_all_that_it_can(room: Room) -> None:
    made = candles_from(START, 101)
    room.has(made)
    room.has(made, ETH)

    def again() -> tuple[list[str], tuple[str, ...]]:
        found = collect_round(
            CandleRound(
                venue="binance",
                symbols=("BTC/USDT", "NO/USDT", "ETH/USDT"),
                intervals=(Interval.H1,),
                collecting=room.work(),
            )
        )
        return [report.series.symbol for report in found.reports], found.trouble

    assert again() == (["BTC/USDT", "ETH/USDT"], ("binance has no spot market NO/USDT",))
    assert room.kept() == room.kept(ETH) == made[:100]
    room.clock.advance_to(room.clock.now() + HOUR)
    assert again()[0] == ["ETH/USDT", "BTC/USDT"]  # in turn
    room.venue.add_fault(Fault(kind=FaultKind.ERROR_500, path="/api/v3/klines"))
    symbols, trouble = again()
    assert symbols == ["BTC/USDT"]
    assert "did not give candles of ETH/USDT" in trouble[1]


def test_a_venue_that_wants_silence_gets_it(room: Room) -> None:
    room.source.existing(["BTC/USDT", "ETH/USDT"])
    room.venue.add_fault(Fault(kind=FaultKind.BAN, path="/api/v3/klines"))
    room.venue.requests.clear()
    found = collect_round(
        CandleRound(
            venue="binance",
            symbols=("BTC/USDT", "ETH/USDT"),
            intervals=(Interval.H1,),
            collecting=room.work(),
        )
    )
    assert (len(found.trouble), found.reports) == (1, ())
    assert room.venue.count("/api/v3/klines") == 1


def test_a_venue_that_is_down_is_said(room: Room) -> None:
    room.venue.close()
    with pytest.raises(ExchangeUnavailable, match="binance did not give"):
        room.collect()


def test_imported_candles_take_their_place_and_show_what_is_missing(room: Room) -> None:
    made = candles_from(START, 100)
    later = import_candles(BTC, [made[60:70], made[80:]], room.candles)
    assert later.gaps == (Gap(made[70].start, made[80].start),)
    odd = [made[5]._replace(high=Decimal(1)), *made[6:50]]
    report = import_candles(BTC, [odd], room.candles)
    assert (report.written, report.refused) == (44, 1)
    assert report.flaws[0].startswith("2024-08-01 05:00: high is 1;")
    gaps = [Gap(made[50].start, made[60].start), Gap(made[70].start, made[80].start)]
    assert list(report.gaps) == room.candles.gaps(BTC) == gaps
    room.has(made)
    assert room.collect().missing == 0
    assert room.kept() == made[6:]


def test_a_search_keeps_how_often_a_gap_was_asked_for(room: Room) -> None:
    made = candles_from(START, 101)
    room.has(made[:10] + made[14:])
    room.collect()
    known = room.candles.gaps(BTC)
    room.candles.mark_gaps(BTC, [*known, Gap(made[30].start, made[31].start, 3)])
    assert search_gaps(BTC, room.candles) == known == room.candles.gaps(BTC)
    room.candles.mark_gaps(BTC, [])
    assert search_gaps(BTC, room.candles) == [known[0]._replace(asked=0)]
    assert search_gaps(ETH, room.candles) == []
