"""The volatility of a day, read from the analyses of instruments."""

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.analysis import VOLATILITY_DAY, instrument_subject

if TYPE_CHECKING:  # a cold tick seldom sizes by volatility
    from chalicelib.domain.market.analysis import Analysis
    from chalicelib.market_ports.series import Analyses

# The analysis runs hourly, as of the last closed candle; two days allow for a stage that stood.
RECENT: Final = timedelta(days=2)

_LOG = logging.getLogger(__name__)


class AnalysedVolatilities:
    """`Volatilities`. `open_analyses` gives None where nothing is analysed; asked at each look."""

    def __init__(self, open_analyses: "Callable[[], Analyses | None]") -> None:
        self._open = open_analyses

    def of_day(self, venue: str, symbol: str, now: datetime) -> Decimal | None:
        """See `Volatilities.of_day`; None too where the analyses cannot be read."""
        try:
            newest = self._newest(instrument_subject(venue, symbol), now)
        except StoreUnavailable as error:  # the venue's own candles will do
            _LOG.warning("no analysis of %s is at hand: %s", symbol, error)
            return None
        if newest is None or now - newest.at > RECENT:
            return None
        figure = newest.figures.get(VOLATILITY_DAY)
        return Decimal(str(figure)) if figure else None

    def _newest(self, subject: str, now: datetime) -> "Analysis | None":
        analyses = self._open()
        if analyses is None:
            return None
        with closing(analyses):
            return next(iter(analyses.newest(subject, 1, now)), None)
