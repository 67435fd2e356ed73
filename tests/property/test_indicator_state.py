"""An indicator that is stored and taken up again goes on as if nothing had been."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bots.indicators.indicator import Indicator
from chalicelib.domain.bots.indicators.named import KINDS, Prices
from tests.unit.indicators.candles import fed

NUMBERS = st.floats(1e-8, 1e8)
LENGTHS = st.integers(1, 6)
FACTORS = st.floats(0.01, 0.5)


@st.composite
def candles(draw: st.DrawFn) -> list[Prices]:
    found = []
    for number in range(draw(st.integers(0, 40))):
        low, first, second, high = sorted(draw(st.tuples(*[NUMBERS] * 4)))
        opened, closed = (first, second) if draw(st.booleans()) else (second, first)
        volume = draw(st.just(0.0) | NUMBERS)
        found.append(Prices(opened, high, low, closed, volume, number // 7))
    return found


@st.composite
def indicators(draw: st.DrawFn) -> Indicator:
    kind: Any = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    factors = {"factor", "start", "step", "most"}
    return kind(*(draw(FACTORS if name in factors else LENGTHS) for name in kind.parameters))


@given(indicators(), candles(), st.data())
def test_one_taken_up_from_its_state_goes_on_to_the_last_bit(
    indicator: Indicator, series: list[Prices], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(series)))
    fed(indicator, series[:cut])
    stored = json.dumps(indicator.state(), allow_nan=False)

    state = json.loads(stored)
    taken_up = type(indicator).from_state(state)
    assert json.dumps(taken_up.state()) == stored
    assert taken_up.value == indicator.value  # type: ignore[attr-defined]
    assert type(taken_up.value) is type(indicator.value)  # type: ignore[attr-defined]
    continued = fed(taken_up, series[cut:])

    assert json.dumps(state) == stored  # the one that goes on keeps its memory to itself
    assert json.dumps(indicator.state()) == stored
    assert fed(indicator, series[cut:]) == continued


@given(indicators(), candles(), st.data())
def test_no_value_depends_on_what_comes_later(
    indicator: Indicator, series: list[Prices], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(series)))
    alone = type(indicator).from_state(indicator.state())
    early = fed(alone, series[:cut])
    assert fed(indicator, series)[:cut] == early
