"""Jobs of a stage, on every table: begun, taken on once, followed, ended early, told when dead."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from threading import Thread

import pytest

from chalicelib.adapters.stores.jobs import TableJobs, TableWork
from chalicelib.domain.errors import ActionRefused, StoreUnavailable
from chalicelib.drivers.table import Table
from chalicelib.ports.jobs import KEPT, Job, JobState, Task, WorkEnded
from tests.trading_floor import MORNING, HandClock

TASK = Task(
    kind="check", about={"bot": "mine"}, words=(), files={}, asked={"parameters": {"fast": 0.5}}
)


@dataclass
class House:
    """Jobs on a table, and the ids that their function was woken with."""

    table: Table
    clock: HandClock = field(default_factory=HandClock)
    called: list[str] = field(default_factory=list)
    kept: dict[str, Mapping[str, str]] = field(default_factory=dict)
    away: Exception | None = None
    full: Exception | None = None

    def __post_init__(self) -> None:
        numbers = count(1)
        self.jobs = TableJobs(
            self.table, self.clock, lambda: f"-{next(numbers)}", self.call, self.keep
        )

    def call(self, job_id: str) -> None:
        if self.away:
            raise self.away
        self.called.append(job_id)

    def keep(self, job_id: str, files: Mapping[str, str]) -> None:
        if self.full:
            raise self.full
        assert job_id not in self.called
        self.kept[job_id] = files

    def now(self, job: Job) -> Job:
        found = self.jobs.get(job.id)
        assert found is not None
        return found

    def work(self, job: Job, seconds: float = 900) -> TableWork:
        work = self.jobs.take_on(job.id, self.clock.now() + timedelta(seconds=seconds))
        assert work is not None
        return work


@pytest.fixture
def house(table: Table) -> House:
    return House(table)


def test_a_job_is_begun_taken_on_and_concluded(house: House) -> None:
    job = house.jobs.begin(TASK)
    assert (job.id, job.kind, job.about, job.began_at) == ("00-1", "check", TASK.about, MORNING)
    assert house.called == [job.id]
    work = house.work(job)
    assert (work.id, work.kind, work.asked) == (job.id, "check", {"parameters": {"fast": 0.5}})
    assert house.kept == {}
    house.clock.pass_time(seconds=2)
    work.tell(10, 40)
    assert (house.now(job).done, house.now(job).total) == (10, 40)
    house.clock.pass_time(seconds=1)
    work.tell(20, 40)  # not written so soon
    assert house.now(job).done == 10
    work.go_on()
    work.conclude(JobState.DONE, result=["all is well"])
    done = house.now(job)
    assert (done.state, done.error, done.result) == (JobState.DONE, "", ["all is well"])
    assert house.jobs.all("check") == [done]
    assert house.jobs.all("replay") == []
    assert house.jobs.get("00-2") is None
    assert house.jobs.get("odd") is None
    assert house.jobs.abort("00-2") is None


def test_whoever_is_started_twice_works_once(house: House) -> None:
    job = house.jobs.begin(TASK)
    until = house.clock.now() + timedelta(minutes=15)
    found: list[TableWork | None] = []
    racers = [Thread(target=lambda: found.append(house.jobs.take_on(job.id, until))) for _ in "ab"]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    [work] = [each for each in found if each]
    assert house.jobs.take_on(job.id, until) is None
    work.conclude(JobState.DONE)
    assert house.jobs.take_on(job.id, until) is None
    assert house.jobs.take_on("00-9", until) is None


def test_two_at_a_time_and_what_is_ended_makes_room(house: House) -> None:
    first = house.jobs.begin(TASK)
    house.jobs.begin(TASK)
    with pytest.raises(ActionRefused, match="a check and a check are under way: wait for one"):
        house.jobs.begin(TASK)
    aborted = house.jobs.abort(first.id)
    assert aborted is not None
    assert aborted.state is JobState.ABORTED
    assert house.jobs.begin(TASK).id.startswith("02")
    assert house.jobs.abort(first.id) == aborted


def test_two_who_begin_at_once_begin_no_third(house: House) -> None:
    house.jobs.begin(TASK)
    outcomes: list[object] = []

    def begin() -> None:
        try:
            outcomes.append(house.jobs.begin(TASK))
        except ActionRefused as refusal:
            outcomes.append(refusal)

    racers = [Thread(target=begin) for _ in "abc"]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(type(each).__name__ for each in outcomes) == ["ActionRefused"] * 2 + ["Job"]


def test_what_was_aborted_ends_at_its_next_word_and_says_nothing_more(house: House) -> None:
    job = house.jobs.begin(TASK)
    work = house.work(job)
    house.jobs.abort(job.id)
    house.clock.pass_time(seconds=3)
    with pytest.raises(WorkEnded):
        work.tell(1, 2)
    with pytest.raises(WorkEnded):
        work.go_on()
    work.conclude(JobState.DONE, result=["too late"])
    assert (house.now(job).state, house.now(job).result) == (JobState.ABORTED, None)


def test_one_that_was_aborted_before_it_began_is_not_begun(house: House) -> None:
    job = house.jobs.begin(TASK)
    house.jobs.abort(job.id)
    assert house.jobs.take_on(job.id, house.clock.now() + timedelta(minutes=15)) is None


@pytest.mark.parametrize(("has", "takes"), [(900, 300), (100, 90)])
def test_what_takes_too_long_ends_itself_and_says_so(house: House, has: int, takes: int) -> None:
    job = house.jobs.begin(TASK)
    work = house.work(job, has)
    house.clock.pass_time(seconds=takes - 1)
    work.tell(1, 2)
    house.clock.pass_time(seconds=2)
    with pytest.raises(WorkEnded):
        work.tell(2, 2)
    told = house.now(job)
    assert told.state is JobState.FAILED
    assert told.error.startswith(f"it took longer than it may, {takes + 1} seconds")


def test_a_function_that_died_leaves_a_job_that_says_so_and_is_over(house: House) -> None:
    job = house.jobs.begin(TASK)
    house.work(job, 100)
    house.clock.pass_time(seconds=100)
    assert house.now(job).state is JobState.RUNNING
    house.clock.pass_time(seconds=1)
    told = house.now(job)
    assert told.state is JobState.FAILED
    assert told.error.startswith("its function has ended before the work had: it ran out of time")
    assert house.jobs.abort(job.id) == told
    assert house.jobs.take_on(job.id, house.clock.now() + timedelta(minutes=15)) is None


def test_one_that_no_function_began_says_so_and_is_not_begun_any_more(house: House) -> None:
    job = house.jobs.begin(TASK)
    house.clock.pass_time(seconds=301)
    assert house.now(job).error.startswith("no function has begun it within five minutes")
    assert house.jobs.take_on(job.id, house.clock.now() + timedelta(minutes=15)) is None
    house.jobs.begin(TASK)
    house.jobs.begin(TASK)


def test_where_its_function_cannot_be_called_nothing_is_under_way(house: House) -> None:
    house.away = ActionRefused("there is no function: deploy it")
    with pytest.raises(ActionRefused, match="there is no function: deploy it"):
        house.jobs.begin(TASK)
    [told] = house.jobs.all("check")
    assert (told.state, told.error) == (JobState.FAILED, "there is no function: deploy it")


def test_why_one_failed_is_told_in_as_many_letters_as_a_row_has_room_for(house: House) -> None:
    job = house.jobs.begin(TASK)
    house.work(job).conclude(JobState.FAILED, error="line 1: " + "x" * 500_000)
    assert house.now(job).error == "line 1: " + "x" * 1_992


def test_files_are_kept_before_the_function_is_called_or_nothing_is_under_way(
    house: House,
) -> None:
    task = replace(TASK, files={"a.csv": "first"})
    job = house.jobs.begin(task)
    assert (house.kept, house.called) == ({job.id: {"a.csv": "first"}}, [job.id])
    house.full = StoreUnavailable("the lake is away")
    with pytest.raises(StoreUnavailable, match="the lake is away"):
        house.jobs.begin(task)
    assert house.called == [job.id]
    told = {each.state: each.error for each in house.jobs.all("check")}
    assert told == {JobState.RUNNING: "", JobState.FAILED: "the lake is away"}


def test_the_last_twenty_are_kept_and_a_row_knows_whose_it_is(house: House) -> None:
    begun = []
    for _ in range(KEPT + 2):
        house.clock.pass_time(seconds=1)
        job = house.jobs.begin(TASK)
        house.work(job).conclude(JobState.DONE)
        begun.append(job)
    assert [job.id for job in house.jobs.all("check")] == [job.id for job in begun[:1:-1]]
    assert begun[-1].id[:2] == begun[1].id[:2]
    assert house.jobs.get(begun[1].id) is None
    assert len(house.table.query("jobs")) == KEPT


def test_a_function_that_is_late_does_not_touch_the_job_that_has_its_row(house: House) -> None:
    first = house.jobs.begin(TASK)
    late = house.work(first, 100)
    house.clock.pass_time(seconds=101)
    for _ in range(KEPT):
        job = house.jobs.begin(TASK)
        house.work(job).conclude(JobState.DONE)
    last = house.jobs.begin(TASK)
    assert last.id[:2] == first.id[:2] or house.jobs.get(first.id) is None
    late.conclude(JobState.DONE, result=["late"])
    assert all(not job.result for job in house.jobs.all("check"))


def test_that_progress_cannot_be_written_stops_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = house.jobs.begin(TASK)
    work = house.work(job)
    house.clock.pass_time(seconds=3)
    with monkeypatch.context() as patch:

        def away(_rows: object) -> None:
            raise StoreUnavailable("the table is away")

        patch.setattr(house.table, "write", away)
        work.tell(1, 2)
        with pytest.raises(StoreUnavailable):
            work.go_on()
    work.conclude(JobState.DONE)
    assert house.now(job).state is JobState.DONE
