"""Which candles are resampled and what is derived from them, as the environment says."""

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.interval import Interval
from chalicelib.series_settings import SeriesSettings


def test_without_a_word_the_usual_ones_are_made() -> None:
    settings = SeriesSettings.from_environment({})
    assert settings.table == ""
    assert settings.intervals == tuple(map(Interval, ("5m", "15m", "1h", "4h", "1d")))
    assert settings.indicators[2:4] == ("rsi:14", "macd:12:26:9")


def test_what_is_set_is_taken_with_its_usual_parameters() -> None:
    settings = SeriesSettings.from_environment(
        {
            "SERIES_INTERVALS": "1h, 1w 1h",
            "SERIES_INDICATORS": " rsi adx:14,bollinger:20:2.5 rsi:14 ",
            "SERIES_TABLE": "crypto-bot-prod-market",
            "SERIES_TIMESTREAM": "crypto-bot-prod.candles",
        }
    )
    assert settings == SeriesSettings(
        intervals=(Interval.H1, Interval.W1),
        indicators=("rsi:14", "adx:14:14", "bollinger:20:2.5"),
        table="crypto-bot-prod-market",
        timestream=("crypto-bot-prod", "candles"),
    )
    nothing = {"SERIES_INTERVALS": "none", "SERIES_INDICATORS": "none"}
    assert SeriesSettings.from_environment(nothing) == SeriesSettings(intervals=(), indicators=())


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("SERIES_INTERVALS", "1h 7m", "SERIES_INTERVALS has '7m'; it must list some of 1m, 3m"),
        ("SERIES_INDICATORS", "rsi:0", "SERIES_INDICATORS: rsi:0: length is 0; it must be a whole"),
        ("SERIES_TIMESTREAM", "candles", "SERIES_TIMESTREAM is 'candles'; it must be a database"),
        ("SERIES_TIMESTREAM", "a.b.c", "SERIES_TIMESTREAM is 'a.b.c'; it must be a database"),
        ("SERIES_INDICATORS", "hype", "SERIES_INDICATORS: there is no indicator 'hype'"),
    ],
)
def test_odd_words_are_named(name: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        SeriesSettings.from_environment({name: text})
