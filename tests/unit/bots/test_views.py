"""Versions by the time at which they were stored: none is known earlier."""

import pickle
from typing import Any

import pytest

from chalicelib.domain.bots.views import Timeline

# In no order; two of one time, of which the later one in the list was stored later.
STORED: list[tuple[int, Any]] = [
    (300, {"rows": [{"market": "ETH/USDT", "rank": 1}]}),
    (100, {"rows": []}),
    (200, {"rows": [1]}),
    (200, {"rows": [2, None]}),
]


@pytest.mark.parametrize(
    ("ms", "known"),
    [(99, None), (100, ()), (199, ()), (200, (2, None)), (299, (2, None))],
)
def test_the_newest_one_that_was_stored_by_then_is_known(ms: int, known: Any) -> None:
    found = Timeline(STORED).as_of(ms)
    assert (found and found["rows"]) == known


def test_nobody_can_change_what_was_stored() -> None:
    found = Timeline(STORED).as_of(300)
    with pytest.raises(TypeError):
        found["rows"] = []
    with pytest.raises(TypeError):
        found["rows"][0]["rank"] = 2
    assert found["rows"][0] == {"market": "ETH/USDT", "rank": 1}


def test_it_is_sent_to_another_process_as_json_has_it() -> None:
    ordered = [STORED[1], STORED[2], STORED[3], STORED[0]]
    assert Timeline(STORED).versions() == ordered
    sent = pickle.loads(pickle.dumps(Timeline(STORED)))  # noqa: S301 - our own
    assert sent.versions() == ordered
    assert sent.as_of(250)["rows"] == (2, None)
    assert Timeline().versions() == []
