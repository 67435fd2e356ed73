"""A batch of a sweep is tried as far as the time allows, and what was found is put away."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.sweep_objects import SweepObjects
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.ports.sweeps import Try
from chalicelib.services.bots.sweep_batch import sweep_batch
from tests.trading_floor import HandClock
from tests.unit.bots.paper_market import BTC, HOUR
from tests.unit.bots.test_sweep_objects import asked

TASKS = [
    Task(Span(0, 400 * HOUR), {"fast": fast, "slow": 20, "percentage": 100.0}) for fast in (3, 4, 5)
]
SECOND = timedelta(seconds=1)


class Slow(Trials):
    """A trial takes a second."""

    def __init__(self, given: Trials, clock: HandClock) -> None:
        super().__init__(given.setup, given.candles, given.terms)
        self._clock = clock

    def run(self, task: Task) -> Trial:
        self._clock.pass_time(seconds=1)
        return super().run(task)


def one_by_one(trials: Trials) -> Try:
    return lambda tasks: [trials.run(tasks[0])]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[SweepObjects]:
    lake = FolderLake(tmp_path)
    yield SweepObjects(lake, "one")
    lake.close()


@pytest.mark.parametrize(("seconds", "done"), [(-5, 1), (0, 1), (1, 1), (2, 2), (3, 3), (9, 3)])
def test_none_is_begun_when_the_time_is_up(shelf: SweepObjects, seconds: int, done: int) -> None:
    clock = HandClock()
    trials = Slow(asked("sma-cross", BTC), clock)
    until = clock.now() + seconds * SECOND
    assert sweep_batch(TASKS, one_by_one(trials), shelf, clock, until) == done
    found = list(shelf.arrived())
    assert [trial.task for trial in found] == TASKS[:done]
    assert found == [asked("sma-cross", BTC).run(task) for task in TASKS[:done]]


def test_of_nothing_nothing_is_put_away(shelf: SweepObjects) -> None:
    clock = HandClock()
    some = one_by_one(asked("sma-cross", BTC))
    assert sweep_batch([], some, shelf, clock, clock.now()) == 0
    assert list(shelf.arrived()) == []


def test_what_was_found_before_it_stopped_is_put_away(shelf: SweepObjects) -> None:
    clock, trials = HandClock(), asked("sma-cross", BTC)

    def two_and_no_more(tasks: Sequence[Task]) -> list[Trial]:
        if len(tasks) < len(TASKS):
            raise BotFailed("it did not answer within 28 seconds")
        return [trials.run(task) for task in tasks[:2]]

    with pytest.raises(BotFailed):
        sweep_batch(TASKS, two_and_no_more, shelf, clock, clock.now() + SECOND)
    assert [trial.task for trial in shelf.arrived()] == TASKS[:2]
