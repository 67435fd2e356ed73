"""What the owner is told: each notice once, and what is remembered between two looks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest

from chalicelib.adapters.stores.notices import TableNoticeStore
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.operation.channel import (
    Channel,
    ChannelKind,
    ChannelRecord,
    Dispatch,
    Notifications,
)
from chalicelib.domain.operation.notice import Notice, Severity
from chalicelib.domain.operation.watch import Horizon, Watch
from chalicelib.drivers.table import Table
from tests.contract.stores.records import NOON, minutes


@pytest.fixture
def notices(table: Table) -> TableNoticeStore:
    return TableNoticeStore(table)


def notice(key: str = "held#1", at: float = 0, **changes) -> Notice:
    told = Notice(key=key, severity=Severity.P1, sentence="an order is HELD", at=minutes(at))
    return replace(told, **changes)


def keys(found: list[Notice]) -> list[str]:
    return [each.key for each in found]


def test_a_notice_is_stored_once_whatever_it_says_later(notices: TableNoticeStore) -> None:
    first = notice(sentence="first", signal_id="s1")
    assert notices.add(first) is True
    assert notices.add(notice(sentence="second", at=5)) is False
    assert notices.recent(10) == [replace(first, version=1)]


def test_undone_are_those_that_a_channel_waits_for_oldest_first(notices: TableNoticeStore) -> None:
    for name, at, done in (("b", 2, False), ("a", 1, False), ("over", 0, True), ("c", 3, False)):
        notices.add(notice(name, at, done=done))
    assert keys(notices.undone(10)) == ["a", "b", "c"]
    assert keys(notices.undone(2)) == ["a", "b"]
    notices.update(notice("b", 2, told=("phone",), done=True, version=1))
    assert keys(notices.undone(10)) == ["a", "c"]
    assert keys(notices.recent(3)) == ["c", "b", "a"]


def test_an_update_needs_the_version_that_was_read(notices: TableNoticeStore) -> None:
    notices.add(notice())
    [read] = notices.undone(1)
    saved = notices.update(replace(read, told=("phone",)))
    assert saved == notice(told=("phone",), version=2)
    with pytest.raises(StoreConflict):
        notices.update(replace(read, told=("mail",)))
    assert notices.undone(1) == [saved]


def test_of_two_who_add_the_same_notice_one_is_first(notices: TableNoticeStore) -> None:
    start = Barrier(2)

    def add(sentence: str) -> bool:
        start.wait(60)
        return notices.add(notice(sentence=sentence))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(add, ["left", "right"])) == [False, True]


MEMORIES = [
    pytest.param(
        "watch",
        Watch(),
        Watch(
            signals=Horizon(newest=NOON, seen=("a", "b")),
            unended=("c",),
            heard={"btc": NOON},
            summed_up=date(2026, 3, 2),
        ),
        id="watch",
    ),
    pytest.param(
        "dispatch",
        Dispatch(),
        Dispatch(
            records={
                "phone": ChannelRecord(sent=(NOON,), failures=2, retry_at=NOON, trouble="is down")
            }
        ),
        id="dispatch",
    ),
    pytest.param(
        "notifications",
        Notifications(),
        Notifications(
            channels=(
                Channel(name="phone", kind=ChannelKind.TELEGRAM, secret="bot", least=Severity.P1),
            ),
            most_per_hour=3,
            summary_hour=None,
        ),
        id="notifications",
    ),
]


@pytest.mark.parametrize(("what", "fresh", "full"), MEMORIES)
def test_a_memory_returns_whole_and_is_compared_and_set(
    notices: TableNoticeStore, what: str, fresh, full
) -> None:
    read, save = getattr(notices, what), getattr(notices, f"save_{what}")
    assert read() == fresh
    saved = save(full)
    assert saved == replace(full, version=1)
    assert read() == saved
    with pytest.raises(StoreConflict):
        save(full)
    assert read() == saved
