"""Which trial is the best, how a map is drawn of them, and when to distrust the best."""

from collections.abc import Mapping

import pytest

from chalicelib.domain.bots.sweep_grid import Axis
from chalicelib.domain.bots.sweep_ranking import collapse, heat_map, ranked
from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.domain.bots.sweep_windows import Span

SPAN = Span(0, 1)


def trial(
    parameters: Mapping[str, float], sharpe: float | None, fills: int = 4, **others: float
) -> Trial:
    return Trial(Task(SPAN, parameters), {"sharpe": sharpe, **others}, fills, "")


def test_best_first_and_last_what_has_no_figure_or_no_trade() -> None:
    tried = [
        trial({"n": 1}, None),
        trial({"n": 2}, -0.5),
        trial({"n": 3}, 2.0, fills=0),
        trial({"n": 4}, 1.5),
        trial({"n": 5}, 1.5, fills=1),
        trial({"n": 6}, 0.0),
    ]
    order = [each.task.parameters["n"] for each in ranked(tried, "sharpe")]
    assert order == [4, 5, 6, 2, 1, 3]
    assert [each.task.parameters["n"] for each in ranked(tried, "cagr")] == [1, 2, 3, 4, 5, 6]


def test_a_map_has_a_row_for_each_value_of_the_first_axis() -> None:
    axes = [Axis("fast", (20, 10)), Axis("only", (7,)), Axis("slow", (50, 100, 150))]
    tried = [
        trial({"fast": 20, "only": 7, "slow": 50}, None),
        trial({"fast": 10, "only": 7, "slow": 50}, 0.1),
        trial({"fast": 10, "only": 7, "slow": 100}, 0.2),
        trial({"fast": 20, "only": 7, "slow": 150}, 0.6),
        trial({"fast": 20, "only": 7, "slow": 100}, None),
    ]
    found = heat_map(tried, axes, "sharpe")
    assert found is not None
    assert (found.metric, found.down, found.across) == (
        "sharpe",
        Axis("fast", (10, 20)),
        Axis("slow", (50, 100, 150)),
    )
    assert found.cells == [[0.1, 0.2, None], [None, None, 0.6]]


def test_a_cell_is_the_median_over_all_other_parameters() -> None:
    axes = [Axis("a", (1, 2)), Axis("b", (1, 2)), Axis("c", (1, 2, 3))]
    tried = [trial({"a": 1, "b": 2, "c": c}, value) for c, value in ((1, 9.0), (2, 1.0), (3, 2.0))]
    found = heat_map(tried, axes, "sharpe")
    assert found is not None
    assert found.cells == [[None, 2.0], [None, None]]


def test_many_values_are_put_together() -> None:
    axes = [Axis("a", tuple(range(1, 42))), Axis("b", tuple(range(40)))]
    tried = [
        trial({"a": 1, "b": 0}, 1.0),
        trial({"a": 2, "b": 0}, 3.0),
        trial({"a": 41, "b": 39}, 5.0),
    ]
    found = heat_map(tried, axes, "sharpe")
    assert found is not None
    assert found.down.values == tuple(range(1, 42, 2))
    assert found.across.values == tuple(range(40))
    assert (found.cells[0][0], found.cells[-1][-1]) == (2.0, 5.0)


@pytest.mark.parametrize("axes", [[], [Axis("a", (1, 2))], [Axis("a", (1, 2)), Axis("b", (1,))]])
def test_one_axis_makes_no_map(axes: list[Axis]) -> None:
    assert heat_map([trial({"a": 1, "b": 1}, 1.0)], axes, "sharpe") is None


@pytest.mark.parametrize(
    ("inside", "outside", "told"),
    [
        (2.0, 1.0, ""),
        (2.0, 3.0, ""),
        (
            2.0,
            0.99,
            "The Sharpe ratio is 2.00 on the candles that the parameters were chosen on; on those"
            " after them it is 0.99: what was found is more likely luck than merit.",
        ),
        (
            0.1,
            None,
            "The Sharpe ratio is 0.10 on the candles that the parameters were chosen on; on those"
            " after them there is none, since it did not trade: what was found is more likely luck"
            " than merit.",
        ),
        *(
            (
                inside,
                1.0,
                "Even the best combination gained nothing on the candles that it was chosen on:"
                " none of them is worth trading.",
            )
            for inside in (0.0, -1.0, None)
        ),
    ],
)
def test_what_collapses_is_said(inside: float | None, outside: float | None, told: str) -> None:
    assert collapse({"sharpe": inside}, {"sharpe": outside}) == told
