"""What is stored of an indicator: a bot that runs goes on from what an earlier version stored."""

import json
from typing import Any

import pytest

from chalicelib.domain.bots.indicators.indicator import Indicator
from chalicelib.domain.bots.indicators.named import KINDS, Prices
from tests.unit.indicators.candles import fed

CANDLES = [Prices(10.0, 12.0, 9.0, 11.0, 5.0, 7), Prices(11.0, 14.0, 10.0, 13.0, 3.0, 7)]

Stored = dict[str, Any]


def average(length: int, seen: int, total: float) -> Stored:
    """An exponential one that has no value yet."""
    return {"length": length, "value": None, "seen": seen, "total": total}


def simple(length: int) -> Stored:
    return {"length": length, "value": None, "window": [0.0] * length, "at": 0, "total": 0.0}


CLOSES: Stored = {"window": [11.0, 13.0, 0.0], "at": 2}
UNSEEN: Stored = {"window": [0.0], "at": 0, "filled": False}
UNFILLED: Stored = CLOSES | {"filled": False}
RANGE_OF_3: Stored = {
    "length": 3,
    "value": None,
    "highs": [12.0, 14.0, 0.0],
    "lows": [9.0, 10.0, 0.0],
    "at": 2,
    "filled": False,
    "upper": 0.0,
    "lower": 0.0,
}
RANGE_OF_2: Stored = {
    "length": 2,
    "value": [11.5, 14.0, 9.0],
    "highs": [12.0, 14.0],
    "lows": [9.0, 10.0],
    "at": 0,
    "filled": True,
    "upper": 14.0,
    "lower": 9.0,
}
# The first true range is 3, the second 4.
SPANS_OF_3: Stored = {"length": 3, "value": None, "previous": 13.0, "average": average(3, 2, 7.0)}

AFTER_TWO: dict[str, tuple[tuple[float, ...], Stored]] = {
    "sma": ((3,), {"length": 3, "value": None, "total": 24.0} | CLOSES),
    "ema": ((3,), average(3, 2, 24.0)),
    "rma": ((3,), average(3, 2, 24.0)),
    "wma": ((3,), {"length": 3, "value": None, "total": 24.0, "weighted": 61.0} | CLOSES),
    "rsi": (
        (3,),
        {
            "length": 3,
            "value": None,
            "previous": 13.0,
            "gains": average(3, 1, 2.0),
            "losses": average(3, 1, 0.0),
        },
    ),
    "macd": (
        (3, 4, 2),
        {
            "fast": 3,
            "slow": 4,
            "signal": 2,
            "value": None,
            "fast_line": average(3, 2, 24.0),
            "slow_line": average(4, 2, 24.0),
            "signal_line": average(2, 0, 0.0),
        },
    ),
    "stochastic": (
        (3, 1, 2),
        {
            "length": 3,
            "smooth": 1,
            "signal": 2,
            "value": None,
            "range": RANGE_OF_3,
            "k": simple(1),
            "d": simple(2),
        },
    ),
    "roc": ((3,), {"length": 3, "value": None} | UNFILLED),
    "stddev": ((3,), {"length": 3, "value": None, "mean": 0.0} | UNFILLED),
    "bollinger": (
        (3, 1.5),
        {
            "length": 3,
            "factor": 1.5,
            "value": None,
            "deviation": {"length": 3, "value": None, "mean": 0.0} | UNFILLED,
        },
    ),
    "atr": ((3,), SPANS_OF_3),
    "keltner": (
        (3, 1.5),
        {
            "length": 3,
            "factor": 1.5,
            "value": None,
            "previous": 13.0,
            "middle": average(3, 2, 24.0),
            "span": average(3, 1, 4.0),
        },
    ),
    "donchian": ((3,), RANGE_OF_3),
    "adx": (
        (3, 2),
        {
            "length": 3,
            "smoothing": 2,
            "value": None,
            "previous": [14.0, 10.0, 13.0],
            "span": average(3, 1, 4.0),
            "plus": average(3, 1, 2.0),
            "minus": average(3, 1, 0.0),
            "adx": average(2, 0, 0.0),
        },
    ),
    "supertrend": (
        (1.5, 3),
        {
            "factor": 1.5,
            "length": 3,
            "value": None,
            "atr": SPANS_OF_3,
            "previous": 0.0,
            "lower": 0.0,
            "upper": 0.0,
        },
    ),
    "psar": (
        (0.1, 0.2, 0.5),
        {
            "start": 0.1,
            "step": 0.2,
            "most": 0.5,
            "value": 9.0,
            "rising": True,
            "acceleration": 0.1,
            "extreme": 14.0,
            "recent": [14.0, 10.0, 12.0, 9.0],
        },
    ),
    "ichimoku": (
        (2, 2, 3, 4),
        {
            "conversion": 2,
            "base": 2,
            "span": 3,
            "displacement": 4,
            "value": None,
            "conversion_range": RANGE_OF_2,
            "base_range": RANGE_OF_2,
            "span_range": RANGE_OF_3,
            "leads": [],
        },
    ),
    # A third of 32 for 5, and of 37 for 3.
    "vwap": ((), {"value": 11.291666666666666, "day": 7, "traded": 90.33333333333333, "volume": 8}),
    "obv": ((), {"value": 3.0, "previous": 13.0}),
    **dict.fromkeys(
        ("hammer", "inverted_hammer", "hanging_man", "shooting_star"),
        (
            (3,),
            {
                "trend": 3,
                "value": None,
                "bodies": average(14, 2, 3.0),
                "closes": {"length": 3, "value": None, "total": 24.0} | CLOSES,
            },
        ),
    ),
}
# Of what has changed at the second candle: how it is before the first.
BEFORE_ANY: dict[str, tuple[tuple[float, ...], Stored]] = {
    "psar": (
        (0.1, 0.2, 0.5),
        {
            "start": 0.1,
            "step": 0.2,
            "most": 0.5,
            "value": None,
            "rising": True,
            "acceleration": 0.1,
            "extreme": 0.0,
            "recent": [],
        },
    ),
    "donchian": (
        (1,),
        {
            "length": 1,
            "value": None,
            "highs": [0.0],
            "lows": [0.0],
            "at": 0,
            "filled": False,
            "upper": 0.0,
            "lower": 0.0,
        },
    ),
    "atr": ((3,), {"length": 3, "value": None, "previous": None, "average": average(3, 0, 0.0)}),
    "stddev": ((1,), {"length": 1, "value": None, "mean": 0.0, **UNSEEN}),
    "roc": ((1,), {"length": 1, "value": None, **UNSEEN}),
    "vwap": ((), {"value": None, "day": None, "traded": 0.0, "volume": 0.0}),
    "obv": ((), {"value": None, "previous": None}),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_stored_after_two_candles(name: str) -> None:
    parameters, stored = AFTER_TWO[name]
    _check(KINDS[name], parameters, CANDLES, stored)


@pytest.mark.parametrize("name", BEFORE_ANY)
def test_what_is_stored_before_the_first_candle(name: str) -> None:
    parameters, stored = BEFORE_ANY[name]
    _check(KINDS[name], parameters, [], stored)


def _check(kind: Any, parameters: Any, candles: list[Prices], stored: Stored) -> None:
    indicator: Indicator = kind(*parameters)
    fed(indicator, candles)
    assert indicator.state() == stored
    read = json.loads(json.dumps(stored))
    assert kind.from_state(read).state() == stored
