"""Every indicator on recorded minutes of BTC/USDT, against what TA-Lib and talipp say of them.

They were asked by hand (TA-Lib 0.8.2, BSD; talipp 2.7.0, MIT) about the first 5,000 candles of the
month; these are their answers at the 3,000th and at the 5,000th, the same from both where both have
the indicator, but for what is said beside it.
"""

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
from chalicelib.domain.bots.indicators.indicator import Indicator
from chalicelib.domain.bots.indicators.named import KINDS, Prices
from chalicelib.domain.bots.indicators.patterns import PATTERNS
from tests.real.test_candles import recorded, rows
from tests.unit.indicators.candles import fed

MONTH = "BTC-USDT.1m.2026-03-23.2026-04-22.parquet"
AT = (2999, 4999)

SAID: list[tuple[Indicator, Any, Any]] = [
    (SMA(20), 71596.3759999999, 68789.50150000011),
    (EMA(20), 71589.56974870723, 68774.77160893155),
    (WMA(20), 71563.81728571428, 68758.71280952377),
    (RMA(14), 71612.52830916348, 68791.82864071567),  # talipp's SMMA
    (RSI(14), 42.52192124733175, 29.437329509545073),
    (ROC(9), -0.0835831421058697, -0.2355265411077112),
    (StdDev(20), 83.55237282088758, 65.61295544899006),
    (ATR(14), 100.47582272472222, 39.03164385696213),
    (
        MACD(12, 26, 9),
        (-59.05962430007639, -49.32979872673477, -9.729825573341621),
        (-47.53557358530816, -31.607241664603492, -15.928331920704665),
    ),
    (
        Bollinger(20, 2.0),
        (71596.3759999999, 71763.48074564167, 71429.27125435813),
        (68789.50150000011, 68920.7274108981, 68658.27558910214),
    ),
    (
        ADX(14, 14),
        (22.058440535781195, 31.42785986311037, 19.205814229498625),
        (9.144773417886224, 37.59807707207553, 35.153150493823254),
    ),
    (
        Stochastic(14, 1, 3),  # TA-Lib's STOCHF
        (36.060439990603136, 32.63742094870113),
        (22.776190476191307, 15.23004527780372),
    ),
    # TA-Lib's EMA of the closes and of its TRANGE. talipp takes Wilder's average of the range.
    (
        Keltner(20, 2.0),
        (71589.56974870723, 71796.41444989864, 71382.72504751582),
        (68774.77160893155, 68854.63976278863, 68694.90345507447),
    ),
    (
        Donchian(20),
        (71575.005, 71766.6, 71383.41),
        (68762.475, 68884.95, 68640.0),
    ),
    (Supertrend(3.0, 10), (71766.27240313344, 1.0), (68780.81977535736, 1.0)),  # talipp
    # TA-Lib. talipp's is another one at the 5,000th: 68728.0185216.
    (PSAR(0.02, 0.02, 0.2), 71692.81463984046, 68791.14338515722),
    (VWAP(), 71216.64626404225, 69542.11551037664),  # talipp, fed with the candles of the day
    # Both begin with the first candle's volume, which is taken away here.
    (OBV(), -911.6594800000012, -2994.180200000003),
]


@pytest.fixture(scope="module")
def prices() -> list[Prices]:
    found = rows(recorded(MONTH))[:5000]
    return [
        Prices(
            open=float(row.open),
            high=float(row.high),
            low=float(row.low),
            close=float(row.close),
            volume=float(row.volume),
            day=row.start.toordinal(),
        )
        for row in found
    ]


@pytest.mark.parametrize(
    ("indicator", "first", "second"), SAID, ids=[type(each[0]).__name__ for each in SAID]
)
def test_the_values_are_theirs(
    indicator: Indicator, first: Any, second: Any, prices: list[Prices]
) -> None:
    values = fed(indicator, prices)
    for place, said in zip(AT, (first, second), strict=True):
        assert values[place] == pytest.approx(said, rel=1e-11)


def test_so_is_the_cloud(prices: list[Prices]) -> None:
    """Of talipp, looked up 25 candles back, as TradingView's displacement of 26 means it."""
    values = fed(Ichimoku(9, 26, 52, 26), prices)
    found = [(v.conversion, v.base, v.cloud_a, v.cloud_b) for v in (values[place] for place in AT)]
    assert found == [
        pytest.approx((71541.64, 71618.36, 71807.10250000001, 71625.39000000001), rel=1e-12),
        pytest.approx((68745.0, 68817.08, 68897.08, 68812.275), rel=1e-12),
    ]


def test_none_is_left_out() -> None:
    asked = {type(indicator) for indicator, _, _ in SAID} | {Ichimoku}
    assert asked == set(KINDS.values()) - set(PATTERNS.values())
