"""Jobs as processes: two at a time, as long as they may, ended with what began them."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from chalicelib.adapters.job_processes import JobProcesses
from chalicelib.domain.errors import ActionRefused
from chalicelib.ports.jobs import Job, JobState, Task
from tests.trading_floor import MORNING, HandClock

PATIENCE = 30.0


def task(*words: str, says: bool = True) -> Task:
    return Task(kind="check", about={"bot": "mine"}, words=words, files={"a.csv": "x"}, says=says)


ENDLESS = task("run", "--no-demo", "--port", "0", "--home", "home")


@pytest.fixture
def jobs() -> Iterator[JobProcesses]:
    numbers = count(1)
    opened = JobProcesses(HandClock(), lambda: f"job {next(numbers)}")
    yield opened
    opened.close()


def ended(jobs: JobProcesses, job: Job) -> Job:
    deadline = time.monotonic() + PATIENCE
    while True:
        now = jobs.get(job.id)
        assert now is not None
        if now.state is not JobState.RUNNING:
            return now
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_verb_says_is_kept_or_why_it_failed(jobs):
    begun = jobs.begin(task("--version"))
    assert (begun.id, begun.state, begun.began_at) == ("job 1", JobState.RUNNING, MORNING)
    done = ended(jobs, begun)
    assert (done.state, done.error) == (JobState.DONE, "")
    assert len(done.result) == 1
    failed = ended(jobs, jobs.begin(task("bots", "show", "none", "--home=h")))
    assert failed.state is JobState.FAILED
    assert failed.error.startswith("there is no bot and no deployment none")
    assert failed.result is None
    assert [job.id for job in jobs.all("check")] == ["job 2", "job 1"]
    assert jobs.all("replay") == []
    assert jobs.get("job 3") is None
    assert jobs.abort("job 3") is None


def test_two_at_a_time_and_what_is_ended_makes_room(jobs):
    first, second = jobs.begin(ENDLESS), jobs.begin(ENDLESS)
    with pytest.raises(ActionRefused, match="a check and a check are under way: wait for one"):
        jobs.begin(ENDLESS)
    stopped = jobs.abort(first.id)
    assert stopped is not None
    assert (stopped.state, stopped.result) == (JobState.ABORTED, None)
    assert jobs.begin(task("--version")).state is JobState.RUNNING
    jobs.close()
    left = jobs.get(second.id)
    assert left is not None
    assert left.state is JobState.ABORTED


def test_what_takes_too_long_is_ended_with_a_sentence(jobs):
    job = ended(jobs, jobs.begin(replace(ENDLESS, seconds=0.2)))
    assert job.state is JobState.FAILED
    assert job.error.startswith("it took longer than 0.2 seconds, and was ended")
