"""Indicators that are computed candle by candle, to TradingView's definitions."""

from chalicelib.domain.bots.indicators.averages import EMA, RMA, SMA, WMA
from chalicelib.domain.bots.indicators.indicator import Indicator
from chalicelib.domain.bots.indicators.oscillators import MACD, ROC, RSI, Stochastic
from chalicelib.domain.bots.indicators.patterns import (
    Hammer,
    HangingMan,
    InvertedHammer,
    ShootingStar,
)
from chalicelib.domain.bots.indicators.ranges import ATR, Bollinger, Donchian, Keltner, StdDev
from chalicelib.domain.bots.indicators.trends import ADX, PSAR, Ichimoku, Supertrend
from chalicelib.domain.bots.indicators.volumes import OBV, VWAP

__all__ = [
    "ADX",
    "ATR",
    "EMA",
    "MACD",
    "OBV",
    "PSAR",
    "RMA",
    "ROC",
    "RSI",
    "SMA",
    "VWAP",
    "WMA",
    "Bollinger",
    "Donchian",
    "Hammer",
    "HangingMan",
    "Ichimoku",
    "Indicator",
    "InvertedHammer",
    "Keltner",
    "ShootingStar",
    "StdDev",
    "Stochastic",
    "Supertrend",
]
