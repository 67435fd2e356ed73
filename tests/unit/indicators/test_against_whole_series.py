"""Candle by candle comes what the formula says of the whole series."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from chalicelib.domain.bots.indicators import (
    ADX,
    ATR,
    EMA,
    MACD,
    OBV,
    PSAR,
    RMA,
    ROC,
    RSI,
    SMA,
    VWAP,
    WMA,
    Bollinger,
    Donchian,
    Ichimoku,
    Keltner,
    StdDev,
    Stochastic,
    Supertrend,
)
from chalicelib.domain.bots.indicators.named import Prices
from tests.unit.indicators import whole_series as whole
from tests.unit.indicators.candles import charted, fed, generated

Formula = Callable[[list[Prices]], list[Any]]


def of_closes(formula: Callable[..., list[Any]], *parameters: float) -> Formula:
    return lambda candles: formula([candle.close for candle in candles], *parameters)


def of_candles(formula: Callable[..., list[Any]], *parameters: float) -> Formula:
    return lambda candles: formula(candles, *parameters)


CASES: dict[str, tuple[Callable[[], Any], Formula]] = {
    "SMA(1)": (lambda: SMA(1), of_closes(whole.sma, 1)),
    "SMA(20)": (lambda: SMA(20), of_closes(whole.sma, 20)),
    "EMA(1)": (lambda: EMA(1), of_closes(whole.ema, 1)),
    "EMA(21)": (lambda: EMA(21), of_closes(whole.ema, 21)),
    "RMA(14)": (lambda: RMA(14), of_closes(whole.rma, 14)),
    "WMA(1)": (lambda: WMA(1), of_closes(whole.wma, 1)),
    "WMA(9)": (lambda: WMA(9), of_closes(whole.wma, 9)),
    "RSI(14)": (lambda: RSI(14), of_closes(whole.rsi, 14)),
    "RSI(2)": (lambda: RSI(2), of_closes(whole.rsi, 2)),
    "MACD(12, 26, 9)": (lambda: MACD(12, 26, 9), of_closes(whole.macd, 12, 26, 9)),
    "ROC(9)": (lambda: ROC(9), of_closes(whole.roc, 9)),
    "ROC(4)": (lambda: ROC(4), of_closes(whole.roc, 4)),
    "StdDev(20)": (lambda: StdDev(20), of_closes(whole.deviation, 20)),
    "Bollinger(20, 2.0)": (lambda: Bollinger(20, 2.0), of_closes(whole.bollinger, 20, 2.0)),
    "ATR(14)": (lambda: ATR(14), of_candles(whole.atr, 14)),
    "Keltner(20, 1.5)": (lambda: Keltner(20, 1.5), of_candles(whole.keltner, 20, 1.5)),
    "Donchian(20)": (lambda: Donchian(20), of_candles(whole.donchian, 20)),
    "ADX(14, 10)": (lambda: ADX(14, 10), of_candles(whole.adx, 14, 10)),
    "Supertrend(3.0, 10)": (lambda: Supertrend(3.0, 10), of_candles(whole.supertrend, 3.0, 10)),
    "Supertrend(1.0, 3)": (lambda: Supertrend(1.0, 3), of_candles(whole.supertrend, 1.0, 3)),
    "PSAR(0.02, 0.02, 0.2)": (
        lambda: PSAR(0.02, 0.02, 0.2),
        of_candles(whole.psar, 0.02, 0.02, 0.2),
    ),
    "Ichimoku(9, 26, 52, 26)": (
        lambda: Ichimoku(9, 26, 52, 26),
        of_candles(whole.ichimoku, 9, 26, 52, 26),
    ),
    "Ichimoku(3, 5, 8, 1)": (lambda: Ichimoku(3, 5, 8, 1), of_candles(whole.ichimoku, 3, 5, 8, 1)),
    "Ichimoku(3, 8, 5, 2)": (lambda: Ichimoku(3, 8, 5, 2), of_candles(whole.ichimoku, 3, 8, 5, 2)),
    "VWAP()": (VWAP, of_candles(whole.vwap)),
    "OBV()": (OBV, of_candles(whole.obv)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("source", ["generated", "charted"])
def test_every_value_is_that_of_the_formula(name: str, source: str) -> None:
    candles = generated() if source == "generated" else [c for _, c in charted()[:300]]
    make, formula = CASES[name]
    _same(fed(make(), candles), formula(candles))


@pytest.mark.parametrize("parameters", [(14, 1, 3), (5, 3, 3), (1, 1, 1)])
def test_stochastic_passes_over_candles_without_a_range(parameters: tuple[int, int, int]) -> None:
    candles = generated()
    stochastic = Stochastic(*parameters)
    values = [value for value in fed(stochastic, candles) if value is not None]
    expected = whole.stochastic(candles, *parameters)
    assert len(values) > len(expected)  # while nothing moves, the last one stays
    _same([v for n, v in enumerate(values) if not n or v is not values[n - 1]], expected)


def test_a_price_without_losses_has_a_strength_of_100() -> None:
    assert fed(RSI(3), [Prices(p, p, p, p, 1, 0) for p in (1.0, 2.0, 3.0, 4.0)])[-1] == 100


def test_a_price_that_was_nothing_has_no_rate_of_change() -> None:
    roc = ROC(1)
    assert [roc.update(close) for close in (0.0, 5.0, 10.0)] == [None, None, 100.0]


def test_an_outlier_leaves_no_trace() -> None:
    candles = generated()
    spoiled = [*candles[:100], candles[100]._replace(close=1e18), *candles[101:]]
    for indicator in (SMA(20), WMA(20), StdDev(20)):
        kind = type(indicator)
        clean, after = fed(kind(20), candles), fed(kind(20), spoiled)
        assert after[100] != clean[100]
        _same(after[140:], clean[140:])


def test_the_last_digit_of_a_mean_is_that_of_the_exact_sum_on_every_python() -> None:
    """`sum` rounds otherwise from Python 3.12 on, and the page's Python is not the program's."""
    closes, deviation = [candle.close for candle in generated()], StdDev(20)
    for place, close in enumerate(closes, start=1):
        if deviation.update(close) is not None:
            exact = sum(map(Fraction, closes[place - 20 : place]))
            assert deviation.mean == float(exact) / 20


def test_a_large_and_calm_price_keeps_its_deviation() -> None:
    deviation = StdDev(4)
    values = [deviation.update(1e9 + step * 1e-3) for step in (0, 1, 0, 1, 0, 1)]
    assert values[3:] == pytest.approx([5e-4] * 3, rel=1e-3)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SMA(0), "length is 0; it must be a whole number from 1 to 100000"),
        (lambda: EMA(2.5), "length is 2.5; it must be a whole number"),  # type: ignore[arg-type]
        (lambda: Bollinger(20, 0), "factor is 0; it must be a number above 0"),
        (lambda: Supertrend(float("nan"), 10), "factor is nan; it must be a number above 0"),
    ],
)
def test_odd_parameters_are_refused(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


def _same(found: list[Any], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    assert any(value is not None for value in expected)
    for number, (value, wanted) in enumerate(zip(found, expected, strict=True)):
        if wanted is None:
            assert value is None, number
        else:
            assert value == pytest.approx(wanted, rel=1e-9, abs=1e-9), number
