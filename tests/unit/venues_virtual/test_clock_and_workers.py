"""Time that a runner moves, and tasks side by side."""

from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier, Lock

import pytest

from chalicelib.adapters.clock import ReplayClock, SystemClock
from chalicelib.adapters.workers import InlineWorkers, ThreadWorkers
from tests.unit.venues_virtual.support import START

WORKERS = pytest.mark.parametrize("workers", [ThreadWorkers(), InlineWorkers()])


def test_the_system_clock_is_aware_and_utc():
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_replay_clock_moves_when_told_and_never_backwards():
    clock = ReplayClock(START)
    assert clock.now() == START
    assert clock.advance_to(START + timedelta(minutes=1)) == START + timedelta(minutes=1)
    assert clock.advance_to(START) == clock.now() == START + timedelta(minutes=1)


def test_a_replay_clock_speaks_utc_and_refuses_times_without_a_zone():
    newyork = timezone(timedelta(hours=-4))
    assert ReplayClock(START.astimezone(newyork)).now().tzinfo is UTC
    with pytest.raises(ValueError, match="has no zone"):
        ReplayClock(START).advance_to(datetime(2024, 8, 11))  # noqa: DTZ001


@WORKERS
def test_results_come_in_the_order_of_the_tasks(workers):
    assert workers.run_all([lambda n=n: n * n for n in range(20)], 3) == [n * n for n in range(20)]
    assert workers.run_all([], 1) == []


@WORKERS
@pytest.mark.parametrize("limit", [1, 4])
def test_a_task_that_fails_stops_no_other_and_the_first_failure_is_raised(workers, limit):
    done = []

    def task(number):
        if number in {1, 3}:
            raise ValueError(f"task {number}")
        done.append(number)

    with pytest.raises(ValueError, match="task 1"):
        workers.run_all([lambda n=n: task(n) for n in range(6)], limit)
    assert sorted(done) == [0, 2, 4, 5]


@WORKERS
def test_a_limit_below_one_is_refused(workers):
    with pytest.raises(ValueError, match="limit is 0"):
        workers.run_all([], 0)


def test_threads_run_side_by_side_up_to_the_limit():
    meeting, lock, running, most = Barrier(3, timeout=10), Lock(), [0], [0]

    def task():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        meeting.wait()  # never returns unless three are here at once
        with lock:
            running[0] -= 1

    ThreadWorkers().run_all([task] * 9, 3)
    assert most[0] == 3
