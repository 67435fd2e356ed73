"""Tasks and trials of a sweep <-> what JSON has of them, wherever they are kept or sent."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.domain.bots.sweep_windows import Span


def task_row(task: Task) -> dict[str, Any]:
    """What is to be tried on what."""
    since, until = task.span
    return {"since": since, "until": until, "parameters": dict(task.parameters)}


def task_of(row: Mapping[str, Any]) -> Task:
    """The task again; KeyError where the row is something else."""
    return Task(Span(row["since"], row["until"]), row["parameters"])


def trial_row(trial: Trial) -> dict[str, Any]:
    """The task, and what came of it."""
    return {
        **task_row(trial.task),
        "figures": dict(trial.figures),
        "fills": trial.fills,
        "trouble": trial.trouble,
    }


def trial_of(row: Mapping[str, Any]) -> Trial:
    """The trial again; KeyError where the row is something else."""
    return Trial(task_of(row), row["figures"], row["fills"], row["trouble"])
