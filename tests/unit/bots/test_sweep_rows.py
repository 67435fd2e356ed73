"""Tasks and trials of a sweep as JSON has them."""

import pytest

from chalicelib.domain.bots.sweep_rows import task_of, task_row, trial_of, trial_row
from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.domain.bots.sweep_windows import Span


def test_rows_are_what_they_were_made_of() -> None:
    task = Task(Span(1, 2), {"fast": 3})
    trial = Trial(task, {"sharpe": 1.5}, 4, "")
    assert task_row(task) == {"since": 1, "until": 2, "parameters": {"fast": 3}}
    assert trial_row(trial) == {
        **task_row(task),
        "figures": {"sharpe": 1.5},
        "fills": 4,
        "trouble": "",
    }
    assert (task_of(trial_row(trial)), trial_of(trial_row(trial))) == (task, trial)
    with pytest.raises(KeyError):
        trial_of(task_row(task))
