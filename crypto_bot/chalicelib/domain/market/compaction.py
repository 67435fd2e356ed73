"""Which stretch of a candle series is finished, so that its files may become one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.market.candle_gaps import Gap
from chalicelib.domain.market.candle_series import CandleFile

# A venue corrects and refills what is young; whoever collects asks for it every hour.
SETTLED: Final = timedelta(days=7)


def is_settled(whole: CandleFile, newest: datetime, gaps: Iterable[Gap], now: datetime) -> bool:
    """Whether nothing more is expected of it: later candles have come, and no gap is open.

    `newest` is the start of the last candle of the series.
    """
    if now < whole.end + SETTLED or newest < whole.end:
        return False
    return not any(gap.is_open and whole.meets(gap.start, gap.end) for gap in gaps)
