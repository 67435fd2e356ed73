"""Trades collected over REST: whole minutes, each once, whatever is killed or asked again."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from chalicelib.adapters.feeds.binance_history import BinanceTrades
from chalicelib.adapters.feeds.binance_rest import MOST_WEIGHT
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.collecting import in_turn, progress_key
from chalicelib.domain.market.minute import Minute
from chalicelib.services.market.collect_trades import Collecting, CollectReport, collect_trades
from chalicelib.services.market.summarize_trades import summarize_trades
from tests.market.floor import SECOND, START, Floor, trade, work_off
from tests.market.trades_venue import MOST, TradesVenue
from tests.venues.loopback import Answer, json_answer

BTC = "BTCUSDT"
MINUTE = timedelta(minutes=1)
FOLDER = "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23"


@pytest.fixture
def venue(floor: Floor) -> Iterator[TradesVenue]:
    with TradesVenue(now=floor.clock.now, trades={BTC: []}) as running:
        yield running


@contextmanager
def collecting(
    floor: Floor, venue: TradesVenue, lake: FolderLake | None = None
) -> Iterator[Collecting]:
    """A process of its own: whatever it holds in memory is gone at its end."""
    history = BinanceTrades(venue.url, floor.clock)
    try:
        yield Collecting(
            venue="binance", history=history, lake=lake or floor.lake, clock=floor.clock
        )
    finally:
        history.close()


def collect(
    floor: Floor,
    venue: TradesVenue,
    *symbols: str,
    since: datetime | None = None,
    deadline: datetime | None = None,
    lake: FolderLake | None = None,
) -> list[CollectReport]:
    with collecting(floor, venue, lake) as work:
        return collect_trades(work, symbols or (BTC,), since=since, deadline=deadline)


def ids(floor: Floor) -> dict[str, list[int]]:
    return {
        key: [json.loads(line)["a"] for line in lines]
        for key, lines in floor.lines().items()
        if key.startswith("trades/")
    }


def test_a_run_each_minute_writes_each_whole_minute_once(floor: Floor, venue: TradesVenue) -> None:
    for second in range(0, 240, 10):
        venue.trade(BTC, START + second * SECOND)
    reports = []
    for _ in range(5):
        reports += collect(floor, venue)
        floor.pass_time(60)
    assert [report.objects for report in reports] == [0, 0, 1, 1, 1]
    assert all(report.is_up_to_date and not report.trouble for report in reports)
    assert ids(floor) == {
        f"{FOLDER}/mm=55/rest-BTCUSDT-{1:020}.jsonl.gz": [1, 2, 3, 4, 5, 6],
        f"{FOLDER}/mm=56/rest-BTCUSDT-{7:020}.jsonl.gz": [7, 8, 9, 10, 11, 12],
        f"{FOLDER}/mm=57/rest-BTCUSDT-{13:020}.jsonl.gz": [13, 14, 15, 16, 17, 18],
    }


def test_a_minute_waits_five_seconds_for_trades_that_show_up_late(
    floor: Floor, venue: TradesVenue
) -> None:
    venue.trade(BTC, START + 59 * SECOND)
    collect(floor, venue)
    floor.pass_time(64.999)
    assert collect(floor, venue)[0].objects == 0
    floor.pass_time(0.001)
    assert collect(floor, venue)[0].objects == 1


def test_every_field_of_the_answer_is_kept_and_the_streams_words_are_added(
    floor: Floor, venue: TradesVenue
) -> None:
    venue.trade(BTC, START, X=["unknown", 1.5])
    collect(floor, venue)
    floor.pass_time(120)
    collect(floor, venue)
    [[line]] = floor.lines().values()
    assert json.loads(line) == {"e": "aggTrade", "s": BTC, **venue.trades[BTC][0]}


def test_the_first_run_begins_with_the_current_minute(floor: Floor, venue: TradesVenue) -> None:
    venue.trade(BTC, START - SECOND)
    venue.trade(BTC, START + 5 * SECOND)
    floor.pass_time(30)
    collect(floor, venue)
    floor.pass_time(60)
    collect(floor, venue)
    assert list(ids(floor).values()) == [[2]]


def test_a_quiet_market_is_waited_for_and_its_first_trade_is_not_missed(
    floor: Floor, venue: TradesVenue
) -> None:
    collect(floor, venue)
    venue.trade(BTC, START + 3.5 * 60 * MINUTE)
    for _ in range(4):
        floor.pass_time(3700)
        assert collect(floor, venue)[0].is_up_to_date
    assert list(ids(floor).values()) == [[1]]
    # Once while it lasts, and once when it is over.
    spans = [asked.params["startTime"] for asked in venue.asked if "startTime" in asked.params]
    assert set(Counter(spans).values()) == {2}


def test_since_begins_in_the_past_and_goes_on_from_there(floor: Floor, venue: TradesVenue) -> None:
    for second in range(-7200, 60, 60):
        venue.trade(BTC, START + second * SECOND)
    floor.pass_time(70)
    collect(floor, venue)
    [report] = collect(floor, venue, since=START - 90 * MINUTE + 30 * SECOND)
    assert report.is_up_to_date
    lines = ids(floor)
    assert f"dt=2024-08-08/hh=22/mm=25/rest-BTCUSDT-{31:020}" in min(lines)
    assert sorted(number for found in lines.values() for number in found) == list(range(31, 122))


def test_pages_are_asked_for_until_the_last_one(floor: Floor, venue: TradesVenue) -> None:
    for number in range(2 * MOST + 5):
        venue.trade(BTC, START + number * SECOND / 10)
    floor.pass_time(600)
    [report] = collect(floor, venue, since=START)
    assert (report.objects, report.is_up_to_date) == (4, True)
    assert sum(len(found) for found in ids(floor).values()) == 2 * MOST + 5
    asked = [a.params["fromId"] for a in venue.asked if "fromId" in a.params]
    assert asked == ["1", "1001", "2001"]


class DiskFull(FolderLake):
    """Fails from the given write on."""

    def __init__(self, lake: FolderLake, writes: int) -> None:
        super().__init__(lake._root)  # noqa: SLF001 - the same folder
        self.writes = writes

    def put(self, key: str, content: bytes) -> None:
        self.writes -= 1
        if self.writes < 0:
            raise StoreUnavailable("the disk is full")
        super().put(key, content)


def test_a_crash_at_any_write_leaves_what_an_undisturbed_run_leaves(make_floor) -> None:
    def lived(crash_at: int | None) -> dict[str, bytes]:
        floor = make_floor()
        with TradesVenue(now=floor.clock.now, trades={BTC: []}) as venue:
            for number in range(750):
                late = number % 97 == 96  # shows up in the list after its minute's end
                at = START + number * SECOND / 5 - late * 70 * SECOND
                venue.trade(BTC, max(at, START), **({"p": "0"} if number % 300 == 7 else {}))
            collect(floor, venue)
            for _ in range(5):
                floor.pass_time(60)
                if crash_at is not None and crash_at >= 0:
                    dying = DiskFull(floor.lake, crash_at)
                    try:
                        collect(floor, venue, lake=dying)
                        crash_at = dying.writes
                    except StoreUnavailable:
                        crash_at = None
                    dying.close()
                collect(floor, venue)
        found = {key: floor.lake.get(key) or b"" for key, _ in floor.lake.objects("")}
        return {key: b for key, b in found.items() if not key.startswith("quarantine")} | {
            key: b"\n".join(json.loads(line)["value"].encode() for line in _lines(b))
            for key, b in found.items()
            if key.startswith("quarantine")
        }

    whole = lived(None)
    assert len(whole) == 7, "three minutes, two late parts, one quarantined, and the note"
    for crash_at in range(12):
        assert lived(crash_at) == whole, crash_at


def _lines(content: bytes) -> list[bytes]:
    return gzip.decompress(content).splitlines()


def test_what_is_no_trade_is_set_aside_and_the_rest_goes_on(
    floor: Floor, venue: TradesVenue
) -> None:
    venue.trade(BTC, START)
    venue.trade(BTC, START + SECOND, p="-1")
    venue.trade(BTC, START + SECOND)
    collect(floor, venue)
    floor.pass_time(70)
    [report] = collect(floor, venue)
    assert (report.objects, report.rejected) == (2, 1)
    found = floor.lines()
    [line] = found.pop(f"quarantine/trades/rest-BTCUSDT-{2:020}.jsonl.gz")
    assert "p is '-1'" in json.loads(line)["reason"]
    assert list(ids(floor).values())[-1] == [1, 3]


def test_beside_the_stream_no_summary_changes(floor: Floor, venue: TradesVenue) -> None:
    minute = Minute(BTC, START)
    frames = []
    for number in range(50):
        venue.trade(BTC, START + number * SECOND)
        frames.append(json.dumps({"e": "aggTrade", "s": BTC, "E": 1, **venue.trades[BTC][-1]}))
    floor.publish(*(frame.encode() for frame in frames), trade(60, START + 66 * SECOND))
    with floor.archiving() as work:
        work_off(work)
    summarize_trades(minute, floor.lake, floor.table)
    [before] = floor.table.newest(10, BTC)
    collect(floor, venue)
    floor.pass_time(70)
    assert collect(floor, venue)[0].objects == 1
    assert len(floor.lake.objects(minute.prefix)) == 2
    summarize_trades(minute, floor.lake, floor.table)
    assert floor.table.newest(10, BTC) == [before]
    assert before.total_count_b + before.total_count_s == 50


def test_single_trades_of_the_stream_count_as_the_aggregated_one_that_they_are(
    floor: Floor, venue: TradesVenue
) -> None:
    minute = Minute(BTC, START)
    single = {"e": "trade", "s": BTC, "p": "100.01000000", "T": 0, "m": False, "M": True}
    venue.trade(BTC, START, q="0.75000000", p="100.01000000", m=False)
    [whole] = venue.trades[BTC]
    lines = [
        json.dumps({**single, "t": t, "q": q, "T": whole["T"]}).encode()
        for t, q in ((whole["f"], "0.5"), (whole["l"], "0.25"))
    ]
    floor.put(minute, "p0-0", lines)
    collect(floor, venue)
    floor.pass_time(70)
    collect(floor, venue)
    summarize_trades(minute, floor.lake, floor.table)
    [row] = floor.table.newest(10)
    assert (row.total_count_b, str(row.total_btc_b)) == (1, "0.75")


# --- what the venue and the time allow ---


@pytest.mark.parametrize(("status", "seconds"), [(429, 30), (418, 7200)])
def test_a_venue_that_wants_rest_has_it_from_later_processes_and_all_symbols(
    floor: Floor, venue: TradesVenue, status: int, seconds: int
) -> None:
    venue.trades["ETHUSDT"] = []
    venue.refuse(status, **{"Retry-After": str(seconds)})
    first, second = collect(floor, venue, BTC, "ETHUSDT")
    assert first.trouble == f"127.0.0.1 answered {status}: Way too much request weight used"
    assert second.trouble.startswith("binance wants to be left alone until 2024-08-0")
    floor.pass_time(seconds - 1)
    for report in collect(floor, venue, "ETHUSDT", BTC):
        assert report.trouble.startswith("binance wants to be left alone until 2024-08-0")
    assert len(venue.asked) == 1
    floor.pass_time(1)
    assert all(report.is_up_to_date for report in collect(floor, venue, BTC, "ETHUSDT"))


def test_a_refusal_that_names_no_time_rests_a_while(floor: Floor, venue: TradesVenue) -> None:
    venue.refuse(429)
    collect(floor, venue)
    floor.pass_time(59)
    collect(floor, venue)
    assert len(venue.asked) == 1
    floor.pass_time(1)
    assert collect(floor, venue)[0].is_up_to_date


def test_half_of_the_smallest_allowance_is_left_to_the_trading(
    floor: Floor, venue: TradesVenue
) -> None:
    venue.weight = MOST_WEIGHT // 3
    for number in range(3 * MOST):
        venue.trade(BTC, START - 60 * MINUTE + number * SECOND / 10)
    [report] = collect(floor, venue, since=START - 60 * MINUTE)
    assert len(venue.asked) == 3
    assert not report.is_up_to_date
    assert report.trouble == "127.0.0.1 wants to be left alone until 23:56:00 UTC"
    assert report.progress.failing_since is None, "it has gone on, as far as it may"
    floor.pass_time(59)
    assert collect(floor, venue)[0].trouble.endswith("until 2024-08-08 23:56:00 UTC")
    assert len(venue.asked) == 3
    floor.pass_time(1)
    assert collect(floor, venue)[0].is_up_to_date
    assert sum(len(found) for found in ids(floor).values()) == 3 * MOST


def test_nothing_is_asked_for_after_the_deadline(floor: Floor, venue: TradesVenue) -> None:
    venue.trade(BTC, START)
    [report] = collect(floor, venue, deadline=floor.clock.now())
    assert (report.is_up_to_date, report.trouble, venue.asked) == (False, "", [])


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (None, "127.0.0.1 cannot be reached: Remote end closed connection without response"),
        (Answer(body="[{"), "127.0.0.1 answered 200: [{"),
        (json_answer({}), "127.0.0.1 answered 200: {}"),
        (json_answer([{"a": "1"}]), "127.0.0.1 answered something that is no list of trades"),
        (Answer(status=502, body="<p>\n down"), "127.0.0.1 answered 502: <p> down"),
        (json_answer({"msg": "Not here"}, status=451), "127.0.0.1 answered 451: Not here"),
    ],
)  # fmt: skip
def test_a_venue_in_trouble_is_told_of_and_asked_again(
    floor: Floor, venue: TradesVenue, answer: Answer | None, trouble: str
) -> None:
    collect(floor, venue)
    floor.pass_time(60)
    venue.orders.append(answer)
    [report] = collect(floor, venue)
    assert (report.trouble, report.is_up_to_date) == (trouble, False)
    assert report.progress.failing_since == floor.clock.now()
    floor.pass_time(60)
    venue.orders.append(answer)
    [report] = collect(floor, venue)
    assert report.progress.failing_since == floor.clock.now() - MINUTE
    [report] = collect(floor, venue)
    assert (report.is_up_to_date, report.progress.failing_since) == (True, None)


def test_a_symbol_that_the_venue_has_not_stops_no_other(floor: Floor, venue: TradesVenue) -> None:
    odd, good = collect(floor, venue, "BTCUSDX", BTC)
    assert odd.trouble == (
        "127.0.0.1 knows no symbol BTCUSDX; it must be as the venue writes it, such as BTCUSDT"
    )
    assert (odd.is_up_to_date, good.is_up_to_date) == (False, True)


def test_another_venues_trades_are_not_mixed_in(floor: Floor, venue: TradesVenue) -> None:
    collect(floor, venue)
    with collecting(floor, venue) as work, pytest.raises(SettingsError) as refusal:
        collect_trades(
            Collecting(venue="binanceus", history=work.history, lake=work.lake, clock=work.clock),
            [BTC],
        )
    assert str(refusal.value).startswith("the lake has trades of BTCUSDT from binance, and")


@pytest.mark.parametrize("note", [b"", b"{}", b'{"next_id": "x"}', b"[1]", b"\xff"])
def test_a_note_that_cannot_be_read_says_how_to_begin_anew(
    floor: Floor, venue: TradesVenue, note: bytes
) -> None:
    venue.trade(BTC, START)
    floor.lake.put(progress_key(BTC), note)
    with pytest.raises(SettingsError, match="collect-trades --since TIME"):
        collect(floor, venue)
    floor.pass_time(70)
    assert collect(floor, venue, since=START)[0].objects == 1


def test_each_symbol_comes_first_in_turn() -> None:
    turns = [in_turn(["A", "B", "C"], START + n * MINUTE) for n in range(3)]
    assert sorted(turns) == [["A", "B", "C"], ["B", "C", "A"], ["C", "A", "B"]]
    assert in_turn([], START) == []
