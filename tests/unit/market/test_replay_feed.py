"""Recorded frames played again: whole, damaged, overlapping, filtered, as slowly as they came."""

import gzip
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.feeds.replay import ReplayFeed
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.stream_gap import Numbered, Unbroken
from chalicelib.domain.market.stream_plan import Subject
from tests.market.binance_frames import fact_of, framed, text_of

Open = Callable[..., ReplayFeed]


@pytest.fixture
def facts() -> list[dict[str, Any]]:
    return [fact_of(number) for number in range(20)]


@pytest.fixture
def play() -> Iterator[Open]:
    with ExitStack() as opened:

        def make(*files: Path, after: Numbered | None = None, **options: Any) -> ReplayFeed:
            def begin(_subject: Subject) -> Unbroken:
                return Unbroken(after)

            feed = ReplayFeed(files, begin, **options)
            opened.callback(feed.close)
            return feed

        yield make


def written(path: Path, frames: Sequence[str], *, every_ns: int = 1000) -> Path:
    lines = [f"{1_723_161_253_937_085_768 + n * every_ns} {f}\n" for n, f in enumerate(frames)]
    content = "".join(lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def all_of(feed: ReplayFeed) -> list[Record]:
    records: list[Record] = []
    while True:
        batch = feed.poll(limit=7, wait=0.1)
        assert len(batch.trades) <= 7
        records += [*batch.trades, *batch.candles]
        if batch.ended:
            return records


def values(records: list[Record]) -> list[bytes]:
    return [value for _, value in records]


@pytest.mark.parametrize("name", ["frames", "frames.gz"])
def test_a_recording_gives_its_trades(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open, name: str
) -> None:
    other = '{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT"}}'
    book = '{"lastUpdateId":1,"bids":[' + ",".join(['["1","2"]'] * 9000) + "]}"
    frames = [book, *(frame for fact in facts for frame in (other, framed(fact)))]
    records = all_of(play(written(tmp_path / name, frames)))
    assert values(records) == [text_of(fact) for fact in facts]
    assert {key for key, _ in records} == {b"BTCUSDT"}


def test_files_that_overlap_give_each_trade_once(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open
) -> None:
    first = written(tmp_path / "1", [framed(fact) for fact in facts[:12]])
    second = written(tmp_path / "2", [framed(fact) for fact in facts[8:]])
    assert values(all_of(play(first, second))) == [text_of(fact) for fact in facts]


def test_a_gap_of_the_recording_stays_one(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open
) -> None:
    kept = facts[:5] + facts[9:]
    file = written(tmp_path / "1", [framed(fact) for fact in kept])
    assert values(all_of(play(file))) == [text_of(fact) for fact in kept]


def test_a_replay_goes_on_after_what_is_published(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open
) -> None:
    file = written(tmp_path / "1", [framed(fact) for fact in facts])
    after = Numbered(facts[9]["a"], facts[9]["T"], b"")
    assert values(all_of(play(file, after=after))) == [text_of(fact) for fact in facts[10:]]


def test_other_symbols_may_be_left_out(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open
) -> None:
    other = framed(facts[0] | {"s": "ETHUSDT"}).replace("btcusdt", "ethusdt")
    file = written(tmp_path / "1", [framed(facts[0]), other])
    assert len(all_of(play(file))) == 2
    (record,) = all_of(play(file, symbols=frozenset({"ETHUSDT"})))
    assert record.key == b"ETHUSDT"


def test_nonsense_in_a_recording_is_handed_over_without_a_key(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open
) -> None:
    file = written(tmp_path / "1", [framed(facts[0]), "rubbish", framed(facts[1])])
    file.write_bytes(file.read_bytes() + b"no time at all\n" + framed(facts[2]).encode()[:40])
    records = all_of(play(file))
    assert [value for key, value in records if key] == [text_of(f) for f in facts[:2]]
    assert [value for key, value in records if not key] == [
        b"rubbish",
        b"no time at all",
        framed(facts[2]).encode()[:40],
    ]


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_file_that_is_cut_off_is_said_after_all_that_it_has(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open, kept: float
) -> None:
    whole = written(tmp_path / "1.gz", [framed(fact) for fact in facts * 50])
    content = whole.read_bytes()
    whole.write_bytes(content[: int(len(content) * kept)])
    feed = play(whole)
    records: list[Record] = []

    def read_on() -> None:
        while True:
            batch = feed.poll(limit=7, wait=0.1)
            assert not batch.ended
            records.extend(batch.trades)

    with pytest.raises(SettingsError, match=r"1\.gz cannot be read after line \d+: .* published"):
        read_on()
    assert values(records) == [text_of(fact) for fact in facts][: len(records)]
    assert len(records) == 20 if kept > 0.5 else records


def test_a_line_without_an_end_is_said(tmp_path: Path, play: Open) -> None:
    (tmp_path / "1").write_bytes(b"1 " + b"x" * 5_000_000)
    with pytest.raises(SettingsError, match="after line 0: a line has more than 4194304 bytes"):
        play(tmp_path / "1").poll(limit=7, wait=0.1)


def test_at_its_own_pace_a_recording_takes_its_time(
    tmp_path: Path, facts: list[dict[str, Any]], play: Open
) -> None:
    file = written(tmp_path / "1", [framed(f) for f in facts[:6]], every_ns=100_000_000)
    feed = play(file, paced=True)
    began = time.monotonic()
    came: list[float] = []
    polls = 0
    while len(came) < 6:
        batch = feed.poll(limit=1000, wait=0.02)
        came += [time.monotonic() - began] * len(batch.trades)
        polls += 1
    assert polls < 60, "it does not wait"
    assert all(at >= 0.1 * number - 0.01 for number, at in enumerate(came))
    assert came[-1] < 5
    assert feed.poll(limit=10, wait=0).ended
