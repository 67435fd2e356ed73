"""What the parameters of each indicator are when none is given, and which ones it refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.bots.indicators.named import KINDS

TREND: dict[str, float] = {"trend": 50}
# Those of TradingView's built-in indicators.
USUAL: dict[str, dict[str, float]] = {
    "sma": {"length": 20},
    "ema": {"length": 20},
    "wma": {"length": 20},
    "rma": {"length": 14},
    "rsi": {"length": 14},
    "macd": {"fast": 12, "slow": 26, "signal": 9},
    "stochastic": {"length": 14, "smooth": 1, "signal": 3},
    "roc": {"length": 9},
    "stddev": {"length": 20},
    "bollinger": {"length": 20, "factor": 2.0},
    "atr": {"length": 14},
    "keltner": {"length": 20, "factor": 2.0},
    "donchian": {"length": 20},
    "adx": {"length": 14, "smoothing": 14},
    "supertrend": {"factor": 3.0, "length": 10},
    "psar": {"start": 0.02, "step": 0.02, "most": 0.2},
    "ichimoku": {"conversion": 9, "base": 26, "span": 52, "displacement": 26},
    "vwap": {},
    "obv": {},
    "hammer": TREND,
    "inverted_hammer": TREND,
    "hanging_man": TREND,
    "shooting_star": TREND,
}
FACTORS = ("factor", "start", "step", "most")
EACH = [(kind, name) for kind, parameters in USUAL.items() for name in parameters]


def test_what_is_not_given_is_as_usual() -> None:
    assert {
        name: {parameter: getattr(made, parameter) for parameter in made.parameters}
        for name, made in ((name, kind()) for name, kind in KINDS.items())
    } == USUAL


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_each_parameter_is_refused_by_its_name(kind: str, name: str) -> None:
    made: Callable[..., Any] = KINDS[kind]
    wanted = "number above 0, up to 1000000" if name in FACTORS else "whole number from 1 to 100000"
    with pytest.raises(ValueError, match=f"^{name} is 0; it must be a {wanted}$"):
        made(**{name: 0})


def test_the_longest_length_and_the_largest_factor_are_allowed() -> None:
    sma: Callable[..., Any] = KINDS["sma"]
    assert sma(100_000).length == 100_000
    with pytest.raises(ValueError, match="length is 100001; it must be a whole number from 1 to"):
        sma(100_001)
    bollinger: Callable[..., Any] = KINDS["bollinger"]
    assert bollinger(20, 1_000_000).factor == 1_000_000
    with pytest.raises(ValueError, match="factor is 1000001; it must be a number above 0"):
        bollinger(20, 1_000_001)
