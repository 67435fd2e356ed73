"""Told once, to every channel that wants it, never too often, and never lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.operation.notice import Severity
from chalicelib.services.operation.notify_owner import notify_owner
from tests.trading_floor import TradingFloor
from tests.unit.operation.owner import Owner

P1, P2 = Severity.P1, Severity.P2


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor({"BTC/USDT": "100"}, {"btc": "0.5"})


def started(floor: TradingFloor, **options) -> Owner:
    owner = Owner(floor, **options)
    owner.look()
    return owner


def bad_alert(floor: TradingFloor) -> None:
    """An alert that ends SKIPPED: a P2."""
    floor.clock.pass_time(seconds=1)
    floor.alert("btc", "flat")
    floor.tick()


def grave(owner: Owner, number: int) -> None:
    """A P1."""
    owner.change_state(frozen={f"COIN{number}/USDT": "gone"})


def test_one_look_makes_one_message_of_everything(floor):
    owner = started(floor)
    for number in range(14):
        bad_alert(floor)
        grave(owner, number)
    owner.look()
    [letter] = owner.phone.letters
    assert (len(letter.notices), letter.more, letter.severity) == (10, 5, P1)
    assert letter.notices[0].severity is P1
    assert "and 5 more: crypto-bot notify lists them" in letter.text(4000)
    assert len(owner.notices.recent(100)) == 15


def test_a_channel_for_what_is_grave_hears_nothing_else(floor):
    owner = started(floor, phone=P1, mail=P2)
    bad_alert(floor)
    owner.look()
    assert (len(owner.boxes["phone"].letters), len(owner.boxes["mail"].letters)) == (0, 1)
    grave(owner, 1)
    owner.look()
    assert (len(owner.boxes["phone"].letters), len(owner.boxes["mail"].letters)) == (1, 2)
    assert owner.notices.undone(10) == []


def test_a_channel_that_fails_gets_it_later_and_the_others_only_once(floor):
    owner = started(floor, phone=P2, mail=P2)
    owner.boxes["mail"].trouble = "mail.test answered 500"
    bad_alert(floor)
    owner.look()
    assert owner.notices.dispatch().record("mail").trouble == "mail.test answered 500"
    owner.boxes["mail"].trouble = ""
    owner.look()
    assert owner.boxes["mail"].letters == []  # it rests for a minute
    floor.clock.pass_time(minutes=1)
    owner.look()
    owner.look()
    assert [len(box.letters) for box in owner.boxes.values()] == [1, 1]
    assert owner.notices.dispatch().record("mail").trouble == ""
    assert owner.notices.undone(10) == []


def test_a_channel_that_goes_on_failing_is_asked_less_and_less(floor):
    owner = started(floor)
    owner.phone.trouble = "no answer"
    bad_alert(floor)
    tries = []
    for minute in range(240):
        before = owner.notices.dispatch().record("phone").failures
        owner.look()
        if owner.notices.dispatch().record("phone").failures > before:
            tries.append(minute)
        floor.clock.pass_time(minutes=1)
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_what_no_channel_took_for_a_day_stays_in_the_list_only(floor):
    owner = started(floor)
    owner.phone.trouble = "no answer"
    bad_alert(floor)
    owner.look()
    floor.clock.pass_time(hours=25)
    owner.look()
    assert owner.notices.undone(10) == []
    [notice] = owner.notices.recent(10)
    assert (notice.done, notice.told) == (True, ())


def test_a_channel_without_its_secret_fails_like_any_other(floor):
    owner = started(floor, phone=P2, mail=P2)
    del owner.boxes["mail"]
    bad_alert(floor)
    owner.look()
    assert owner.notices.dispatch().record("mail").trouble == "the secret 'mail' is not there"
    assert len(owner.phone.letters) == 1


def test_a_flood_is_capped_and_its_rest_comes_as_one_message(floor):
    owner = started(floor, most_per_hour=6)
    for _ in range(30):
        bad_alert(floor)
        owner.look()
    assert len(owner.phone.letters) == 3  # half of the room is kept for what is grave
    for number in range(20):
        grave(owner, number)
        owner.look()
    assert len(owner.phone.letters) == 6
    told = {n.key for letter in owner.phone.letters for n in letter.notices}
    floor.clock.pass_time(hours=1)
    owner.look()
    assert len(owner.phone.letters) == 7
    assert owner.phone.letters[-1].more == 7
    assert owner.notices.undone(100) == []
    assert len(told) < len(owner.notices.recent(100)) == 50


def test_a_grave_notice_passes_a_flood_of_others(floor):
    owner = started(floor, most_per_hour=4)
    for _ in range(20):
        bad_alert(floor)
        owner.look()
    grave(owner, 1)
    owner.look()
    assert owner.phone.letters[-1].notices[0].severity is P1


def test_while_somebody_else_tells_them_nobody_tells_them_twice(floor):
    owner = started(floor)
    bad_alert(floor)
    lease = floor.ports.control.acquire(
        "#notices", "another", floor.clock.now(), timedelta(seconds=30)
    )
    assert lease is not None
    owner.look()
    assert owner.phone.letters == []
    floor.ports.control.release(lease)
    owner.look()
    assert len(owner.phone.letters) == 1


def test_without_time_left_it_is_stored_and_told_next_time(floor):
    owner = started(floor)
    bad_alert(floor)
    assert notify_owner(owner.ports, owner.observe(), owner="test", may_send=False) == 0
    assert len(owner.notices.undone(10)) == 1
    owner.look()
    assert len(owner.phone.letters) == 1


def test_two_looks_at_once_tell_it_once(floor):
    owner = started(floor)
    bad_alert(floor)
    left, right = owner.observe(), owner.observe()
    assert left.ended == right.ended != ()
    notify_owner(owner.ports, left, owner="left")
    notify_owner(owner.ports, right, owner="right")
    assert len(owner.phone.letters) == 1


class Breaking:
    """The notices of an owner, whose store fails at the n-th write."""

    def __init__(self, store, writes: int) -> None:
        self._store = store
        self._left = writes

    def __getattr__(self, name: str):
        inner = getattr(self._store, name)
        if name not in {"add", "update", "save_watch", "save_dispatch"}:
            return inner

        def write(record):
            self._left -= 1
            if self._left < 0:
                raise StoreUnavailable("the store is gone")
            return inner(record)

        return write


@pytest.mark.parametrize("writes", range(8))
def test_wherever_it_breaks_off_nothing_is_lost(floor, writes):
    owner = started(floor)
    for _ in range(3):
        bad_alert(floor)
    broken = replace(owner.ports, notices=Breaking(owner.notices, writes))
    try:
        notify_owner(broken, owner.observe(), owner="test")
    except StoreUnavailable:
        floor.clock.pass_time(minutes=1)  # its lease runs out
    owner.look()
    assert len(set(owner.phone.sentences)) == 1
    told = {notice.key for letter in owner.phone.letters for notice in letter.notices}
    assert len(told) == 3
    assert owner.notices.undone(10) == []


def test_without_a_channel_notices_are_kept_and_not_told_later(floor):
    owner = Owner(floor)
    settings = owner.notices.notifications()
    owner.notices.save_notifications(replace(settings, channels=()))
    owner.look()
    bad_alert(floor)
    owner.look()
    assert len(owner.notices.recent(10)) == 1
    saved = owner.notices.notifications()
    owner.notices.save_notifications(replace(saved, channels=settings.channels))
    owner.look()
    assert owner.phone.letters == []


def test_once_a_day_the_owner_hears_that_all_is_quiet(floor):
    owner = started(floor, summary_hour=7)
    floor.clock.pass_time(hours=22)  # it is six in the morning
    assert owner.news() == []
    floor.clock.pass_time(hours=1)
    assert owner.news() == ["daily summary: no alert in 24 hours; all quiet, nothing waits for you"]
    assert owner.news() == []
    floor.clock.pass_time(hours=20)
    floor.alert("btc", "long")
    floor.tick()
    bad = floor.alert("btc", "long", order_id="again")
    floor.tick()
    assert floor.signal(bad).status.is_final
    owner.change_state(frozen={"BTC/USDT": "gone"})
    owner.look()
    floor.clock.pass_time(hours=4)
    assert owner.news()[0] == (
        "daily summary: 2 alerts in 24 hours (1 EXECUTED, 1 SUPERSEDED); "
        "1 urgent matter waits for you"
    )


def test_a_look_at_nothing_new_writes_nothing(floor):
    owner = started(floor)
    before = owner.notices.watch().version
    for _ in range(3):
        floor.clock.pass_time(minutes=1)
        owner.look()
    assert owner.notices.watch().version == before
