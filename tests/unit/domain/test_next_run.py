"""When an expression of EventBridge runs next."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from time import tzset

import pytest

from chalicelib.domain.deployment.next_run import next_run
from chalicelib.domain.deployment.schedule import checked_schedule

# A Thursday; February of this year has 29 days.
NOON = datetime(2024, 2, 8, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("rate(1 minute)", "2024-02-08 12:31:15"),
        ("rate(5 days)", "2024-02-13 12:30:15"),
        ("cron(20 3 * * ? *)", "2024-02-09 03:20"),
        ("cron(31 12 * * ? *)", "2024-02-08 12:31"),
        ("cron(30 12 * * ? *)", "2024-02-09 12:30"),  # it is past already
        ("cron(* * * * ? *)", "2024-02-08 12:31"),
        ("cron(1 0,8,16 * * ? *)", "2024-02-08 16:01"),
        ("cron(0/15 10-13 * * ? *)", "2024-02-08 12:45"),
        ("cron(*/20 23 * * ? *)", "2024-02-08 23:00"),
        ("cron(0 22-2 * * ? *)", "2024-02-08 22:00"),
        ("cron(0 5/6 * * ? *)", "2024-02-08 17:00"),
        ("cron(0 9 ? * MON-FRI *)", "2024-02-09 09:00"),
        ("cron(0 9 ? * sat-mon *)", "2024-02-10 09:00"),
        ("cron(0 9 ? * 1 *)", "2024-02-11 09:00"),
        ("cron(0 9 ? * L *)", "2024-02-10 09:00"),
        ("cron(0 9 ? * 6L *)", "2024-02-23 09:00"),
        ("cron(0 9 ? * FRIL *)", "2024-02-23 09:00"),
        ("cron(0 9 ? * 2#3 *)", "2024-02-19 09:00"),
        ("cron(0 9 1,15 * ? *)", "2024-02-15 09:00"),
        ("cron(0 9 L * ? *)", "2024-02-29 09:00"),
        ("cron(0 9 LW 3 ? *)", "2024-03-29 09:00"),  # the 31st is a Sunday
        ("cron(0 9 10W * ? *)", "2024-02-09 09:00"),  # a Saturday, so the day before
        ("cron(0 9 25W * ? *)", "2024-02-26 09:00"),  # a Sunday, so the day after
        ("cron(0 9 1W 6 ? *)", "2024-06-03 09:00"),  # a Saturday, and May is another month
        ("cron(0 9 31W MAR ? *)", "2024-03-29 09:00"),
        ("cron(0 9 30 * ? *)", "2024-03-30 09:00"),
        ("cron(0 0 29 2 ? 2025-2030)", "2028-02-29 00:00"),
        ("cron(0 0 1 JAN ? *)", "2025-01-01 00:00"),
        ("cron(0 9 L,15 * ? *)", "2024-02-15 09:00"),
        ("cron(0 9 ? * 6#2,6L *)", "2024-02-09 09:00"),
        ("cron(0 9 2W 3 ? *)", "2024-03-01 09:00"),  # a Saturday, so the first of the month
        ("cron(0 9 ? 5 FRIL *)", "2024-05-31 09:00"),  # the last of the month
        ("cron(0 9 ? 4 2#1 *)", "2024-04-01 09:00"),
        ("cron(0 9 ? 4 2#2 *)", "2024-04-08 09:00"),
        ("cron(0 9 ? 10 2#1 *)", "2024-10-07 09:00"),
    ],
)
def test_the_next_time_is_the_first_later_one(schedule: str, due: str) -> None:
    assert checked_schedule("X", schedule) == schedule
    assert next_run(schedule, NOON) == datetime.fromisoformat(f"{due}+00:00")


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("cron(1 0,8,16 * * ? *)", ["16:01", "00:01", "08:01", "16:01"]),
        ("cron(0 22-2 * * ? *)", ["22:00", "23:00", "00:00", "01:00", "02:00", "22:00"]),
        ("cron(0/20 8,14 * * ? *)", ["14:00", "14:20", "14:40", "08:00", "08:20"]),
    ],
)
def test_times_of_a_day_follow_each_other(schedule: str, due: list[str]) -> None:
    at, found = NOON, []
    for _ in due:
        later = next_run(schedule, at)
        assert later is not None
        found.append(f"{later:%H:%M}")
        at = later
    assert found == due


def test_months_may_begin_late_in_a_year() -> None:
    at, found = NOON, []
    for _ in range(5):
        later = next_run("cron(0 0 1 NOV-FEB ? *)", at)
        assert later is not None
        found.append(f"{later:%Y-%m}")
        at = later
    assert found == ["2024-11", "2024-12", "2025-01", "2025-02", "2025-11"]


@pytest.fixture
def in_the_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "EAST-14")
    tzset()
    yield
    monkeypatch.undo()
    tzset()


@pytest.mark.usefixtures("in_the_east")
def test_it_is_told_by_utc_wherever_the_machine_is() -> None:
    noon = NOON.astimezone(timezone(timedelta(hours=14)))  # there it is the next day already
    assert next_run("cron(0 13 * * ? *)", noon) == datetime(2024, 2, 8, 13, tzinfo=UTC)


def test_a_year_that_has_passed_never_comes() -> None:
    assert next_run("cron(0 9 * * ? 2023)", NOON) is None


def test_every_minute_is_one_after_the_other() -> None:
    at = NOON.replace(hour=23, minute=0, second=0)
    for _ in range(90):
        due = next_run("cron(* * * * ? *)", at)
        assert due == at + timedelta(minutes=1)
        at = due
