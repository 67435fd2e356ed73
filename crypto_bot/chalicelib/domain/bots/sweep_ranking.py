"""The trials of a sweep -> the best of them, a map of two parameters, and what to think of it."""

from collections.abc import Sequence
from math import ceil
from statistics import median
from typing import Final, NamedTuple

from chalicelib.domain.bots.sweep_figures import Figures
from chalicelib.domain.bots.sweep_grid import Axis
from chalicelib.domain.bots.sweep_trial import Trial

# Of all of them, more is better: a drawdown is below zero.
METRICS: Final = (
    *("sharpe", "sortino", "calmar", "cagr", "total_return", "max_drawdown"),
    *("profit_factor", "win_rate", "expectancy"),
)
_MOST_STEPS: Final = 40
_COLLAPSE: Final = 0.5


class HeatMap(NamedTuple):
    """`cells` has a row for each value of `down`, and in it a cell for each of `across`.

    A cell is the median over all other parameters; None where nothing was tried or defined. Axes of
    many values are cut into groups, named after their first value.
    """

    metric: str
    across: Axis
    down: Axis
    cells: list[list[float | None]]


def ranked(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Best first; last what never traded or has no such figure. Equal ones stay in their order."""
    return sorted(trials, key=lambda trial: _rank(trial, metric))


def heat_map(trials: Sequence[Trial], axes: Sequence[Axis], metric: str) -> HeatMap | None:
    """Of the first two axes that have several values; None where there are no two."""
    wide = [axis for axis in axes if len(axis.values) > 1]
    if len(wide) < 2:  # noqa: PLR2004 - a map has two sides
        return None
    down, across = wide[0], wide[1]
    rows, columns = _groups(down), _groups(across)
    found: dict[tuple[float, float], list[float]] = {}
    for trial in trials:
        value = trial.figures.get(metric)
        if value is None:
            continue
        given = trial.task.parameters
        found.setdefault((rows[given[down.name]], columns[given[across.name]]), []).append(value)
    heads, sides = _firsts(columns), _firsts(rows)
    return HeatMap(
        metric,
        Axis(across.name, heads),
        Axis(down.name, sides),
        [
            [median(found[side, head]) if (side, head) in found else None for head in heads]
            for side in sides
        ],
    )


def collapse(inside: Figures, outside: Figures) -> str:
    """A sentence where the chosen one does not keep what it promised; else nothing."""
    promised, kept = inside.get("sharpe"), outside.get("sharpe")
    if promised is None or promised <= 0:
        return (
            "Even the best combination gained nothing on the candles that it was chosen on: none of"
            " them is worth trading."
        )
    if kept is not None and kept >= promised * _COLLAPSE:
        return ""
    then = "there is none, since it did not trade" if kept is None else f"it is {kept:.2f}"
    return (
        f"The Sharpe ratio is {promised:.2f} on the candles that the parameters were chosen on;"
        f" on those after them {then}: what was found is more likely luck than merit."
    )


def _rank(trial: Trial, metric: str) -> tuple[bool, float]:
    value = trial.figures.get(metric)
    if value is None or not trial.fills:
        return True, 0.0
    return False, -value


def _groups(axis: Axis) -> dict[float, float]:
    """To each value the first of its group."""
    values = sorted(axis.values)
    size = ceil(len(values) / _MOST_STEPS)
    return {value: values[place // size * size] for place, value in enumerate(values)}


def _firsts(groups: dict[float, float]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(groups.values()))
