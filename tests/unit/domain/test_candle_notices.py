"""What the owner hears of ranking, candles and analyses: the whole notice, and when it is another.

The key is what makes one occasion of many runs, in the table of those that were told already.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.operation.candle_notices import (
    candles_not_collected,
    candles_not_compacted,
    candles_not_copied,
    candles_not_loaded,
    candles_refused,
    candles_set_aside,
    not_analysed,
    ranking_kept,
)
from chalicelib.domain.operation.notice import Notice, Severity

NOON = datetime(2024, 8, 9, 12, tzinfo=UTC)
SERIES = "binance BTC/USDT 1h"


def said(key: str, sentence: str) -> Notice:
    return Notice(key=key, severity=Severity.P2, sentence=sentence, at=NOON)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            lambda: ranking_kept(
                ["coingecko answered 503", "binance: 429"], NOON - timedelta(days=9), NOON
            ),
            said(
                "market ranking 2024-08-09",
                "markets could not be ranked, and the one of 2024-07-31 stays: coingecko answered"
                " 503; binance: 429",
            ),
        ),
        (
            lambda: ranking_kept(["coingecko answered 503"], None, NOON),
            said(
                "market ranking 2024-08-09",
                "markets could not be ranked, and there is none at all: coingecko answered 503",
            ),
        ),
        (
            lambda: candles_not_collected("no answer", NOON),
            said(
                "market candles 2024-08-09 ad03eb5e",
                "candles were not collected, and will be tried again: no answer",
            ),
        ),
        (
            lambda: candles_refused(SERIES, ["low is 0", "high is 0"], NOON),
            said(
                f"market candles refused 2024-08-09 {SERIES}",
                f"2 candles of {SERIES} cannot be right, such as low is 0",
            ),
        ),
        (
            lambda: candles_not_loaded("no answer", NOON),
            said(
                "market load 2024-08-09 ad03eb5e",
                "candles were not loaded, and will be tried again: no answer",
            ),
        ),
        (
            lambda: candles_set_aside(SERIES, 3, "quarantine/candles/", NOON),
            said(
                f"market candles set aside 2024-08-09 {SERIES}",
                f"3 candles of {SERIES} cannot be right and are not in the time series; the lake"
                " has them with the reasons in quarantine/candles/",
            ),
        ),
        (
            lambda: candles_not_copied(SERIES, "no answer", NOON),
            said(f"market copy 2024-08-09 {SERIES}", f"{SERIES}: no answer"),
        ),
        (
            lambda: not_analysed("no answer", NOON),
            said(
                "market analysis 2024-08-09 ad03eb5e",
                "nothing new was analysed, and will be tried again: no answer",
            ),
        ),
        (
            lambda: candles_not_compacted("no answer", NOON),
            said(
                "market compaction 2024-08-09 ad03eb5e",
                "candles were not made into one file, and will be tried again: no answer",
            ),
        ),
    ],
)
def test_each_says_what_is_the_matter_by_the_end_of_the_day(
    told: Callable[[], Notice], expected: Notice
) -> None:
    assert told() == expected


@pytest.mark.parametrize(
    "told", [candles_not_collected, candles_not_loaded, not_analysed, candles_not_compacted]
)
def test_a_reason_is_told_once_a_day(told: Callable[[str, datetime], Notice]) -> None:
    first = told("no answer", NOON)
    assert told("no answer", NOON + timedelta(hours=11)).key == first.key
    assert told("no answer", NOON + timedelta(hours=12)).key != first.key
    assert told("answered 503", NOON).key != first.key
