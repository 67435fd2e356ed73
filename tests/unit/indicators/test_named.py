"""An indicator by its name, and the columns that it fills."""

import json

import pytest

from chalicelib.domain.bots.indicators import MACD, SMA, VWAP
from chalicelib.domain.bots.indicators.named import NamedIndicator
from tests.unit.indicators.candles import fed, generated


@pytest.mark.parametrize(
    ("text", "name", "columns"),
    [
        ("rsi", "rsi:14", ("rsi_14",)),
        ("rsi:7", "rsi:7", ("rsi_7",)),
        ("vwap", "vwap", ("vwap",)),
        ("macd:5", "macd:5:26:9", tuple(f"macd_5_26_9_{p}" for p in MACD.made_of._fields)),
        (
            "bollinger:20:2.5",
            "bollinger:20:2.5",
            ("bollinger_20_2p5_middle", "bollinger_20_2p5_upper", "bollinger_20_2p5_lower"),
        ),
        ("supertrend", "supertrend:3:10", ("supertrend_3_10_line", "supertrend_3_10_direction")),
    ],
)
def test_a_name_is_completed_with_the_usual_parameters(
    text: str, name: str, columns: tuple[str, ...]
) -> None:
    indicator = NamedIndicator(text)
    assert (indicator.name, indicator.columns) == (name, columns)
    assert NamedIndicator(name).columns == columns


def test_it_takes_from_a_candle_what_it_works_on() -> None:
    candles = generated(60)
    for text, plain in (("sma:5", SMA(5)), ("vwap", VWAP())):
        indicator = NamedIndicator(text)
        assert [tuple(indicator.update(c)) for c in candles] == [(v,) for v in fed(plain, candles)]
    macd = NamedIndicator("macd")
    values = [tuple(macd.update(candle)) for candle in candles]
    assert values[32:] == [(None,) * 3, *map(tuple, fed(MACD(), candles)[33:])]


def test_it_goes_on_from_what_it_stored() -> None:
    candles = generated(60)
    whole, first, second = (NamedIndicator("ema:9") for _ in range(3))
    for candle in candles[:30]:
        first.update(candle)
    second.restore(json.loads(json.dumps(first.state())))
    continued = [second.update(candle) for candle in candles[30:]]
    assert [whole.update(candle) for candle in candles][30:] == continued


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("smma", "there is no indicator 'smma'; there are adx, atr, bollinger, donchian, ema"),
        ("", "there is no indicator ''"),
        ("rsi:14:3", "rsi:14:3 has too many parameters; it takes length"),
        ("macd:1:2:3:4", "macd:1:2:3:4 has too many parameters; it takes fast, slow, signal$"),
        ("vwap:1", "vwap:1 has too many parameters; it takes no parameters$"),
        ("rsi:x", "rsi:x: 'x' is no number such as 20 or 2.5"),
        ("rsi:-1", "rsi:-1: '-1' is no number"),
        ("rsi:1e3", "rsi:1e3: '1e3' is no number"),
        ("rsi:14.5", "rsi:14.5: length is 14.5; it must be a whole number from 1 to 100000"),
    ],
)
def test_a_name_that_fits_nothing_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        NamedIndicator(text)
