"""The kill switch, leases and the sign of life."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.domain.trading.account import Halt, HaltLevel
from chalicelib.drivers.table import Row, Table
from chalicelib.ports import Heartbeat, Lease
from tests.contract.stores.records import NOON, minutes

MINUTE = timedelta(minutes=1)


@pytest.fixture
def control(table: Table) -> TableControlStore:
    return TableControlStore(table)


class Overtaken:
    """A table whose first write of a halt comes after another's, who sells everything."""

    def __init__(self, table: Table) -> None:
        self._table, self._is_first = table, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def write(self, rows: Sequence[Row]) -> None:
        if self._is_first:
            self._is_first = False
            TableControlStore(self._table).set_halt(HaltLevel.FLATTEN, "theirs", NOON)
        self._table.write(rows)


def taken(control: TableControlStore, owner: str, at: float = 0) -> Lease:
    lease = control.acquire("main", owner, minutes(at), MINUTE)
    assert lease is not None
    return lease


def test_the_kill_switch_keeps_the_last_word(control: TableControlStore) -> None:
    assert control.halt_level() is HaltLevel.NONE
    assert control.last_halt() is None
    before = HaltLevel.NONE
    for level in (HaltLevel.NO_ENTRIES, HaltLevel.FLATTEN, HaltLevel.NONE, HaltLevel.FLATTEN):
        assert control.set_halt(level, "the owner's word", NOON) is before
        assert control.halt_level() is level
        assert control.last_halt() == Halt(level=level, reason="the owner's word", at=NOON)
        before = level


def test_only_the_end_of_the_halt_ends_a_sale_of_everything(control: TableControlStore) -> None:
    control.set_halt(HaltLevel.FLATTEN, "sell", NOON)
    assert control.set_halt(HaltLevel.NO_ENTRIES, "too", minutes(1)) is HaltLevel.FLATTEN
    assert control.last_halt() == Halt(level=HaltLevel.FLATTEN, reason="too", at=minutes(1))


def test_a_halt_pressed_together_with_a_sale_of_everything_does_not_end_it(table: Table) -> None:
    """Between the look at the level and the write, another has pressed, too."""
    control = TableControlStore(Overtaken(table))
    control.set_halt(HaltLevel.NO_ENTRIES, "mine", NOON)
    assert control.last_halt() == Halt(level=HaltLevel.FLATTEN, reason="mine", at=NOON)


def test_a_lease_keeps_others_out_until_it_expires(control: TableControlStore) -> None:
    first = taken(control, "one")
    assert (first.owner, first.expires_at, first.token) == ("one", minutes(1), 1)
    assert control.acquire("main", "two", minutes(0.99), MINUTE) is None
    assert taken(control, "two", at=1).token == 2
    assert control.acquire("main", "one", minutes(1), MINUTE) is None


def test_accounts_are_leased_one_by_one(control: TableControlStore) -> None:
    taken(control, "one")
    assert control.acquire("other", "two", NOON, MINUTE) is not None


def test_the_holder_prolongs_its_lease_under_the_same_token(control: TableControlStore) -> None:
    first = taken(control, "one")
    second = taken(control, "one", at=0.5)
    assert (second.token, second.expires_at) == (first.token, minutes(1.5))
    assert control.acquire("main", "two", minutes(1.2), MINUTE) is None


def test_a_lease_given_back_is_free_and_the_token_goes_on(control: TableControlStore) -> None:
    control.release(taken(control, "one"))
    assert taken(control, "two").token == 2
    assert control.acquire("main", "one", NOON, MINUTE) is None


def test_a_lease_that_is_anothers_by_now_is_not_given_back(control: TableControlStore) -> None:
    mine = taken(control, "one")
    taken(control, "two", at=2)
    control.release(mine)
    control.release(mine)
    assert control.acquire("main", "three", minutes(2.5), MINUTE) is None


def test_of_two_who_reach_for_a_lease_one_gets_it(control: TableControlStore) -> None:
    for number in range(5):
        start = Barrier(2)

        def reach(owner: str, start: Barrier = start, at: float = number * 2) -> bool:
            start.wait(60)
            return control.acquire("main", owner, minutes(at), MINUTE) is not None

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(reach, ["left", "right"])) == [False, True]


def test_the_last_beat_is_kept(control: TableControlStore) -> None:
    assert control.last_beat() is None
    control.beat(Heartbeat(at=NOON, outcome="idle"))
    control.beat(Heartbeat(at=minutes(1), outcome="1 order"))
    assert control.last_beat() == Heartbeat(at=minutes(1), outcome="1 order")
