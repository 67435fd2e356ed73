"""[lake of rankings, analyses] -> what a bot may know of them at the close of a live candle."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.views import Views
from chalicelib.domain.market.interval import Interval
from chalicelib.services.bots.past_views import Findings, past_views


class LiveViews:
    """As a backtest shows it, looked up once in five minutes: on shorter candles it is that old.

    `findings` opens where they are kept; StoreUnavailable where that fails.
    """

    def __init__(
        self, findings: Callable[[], AbstractContextManager[Findings]], venue: str
    ) -> None:
        self._findings = findings
        self._venue = venue
        self._known: dict[tuple[str, ...], tuple[datetime, Views]] = {}

    def __call__(self, setup: Setup, closed_at: datetime) -> Views:
        """For a candle that closed then."""
        at = Interval.M5.start_of(closed_at)
        known = self._known.get(setup.instruments)
        if known is None or known[0] != at:
            with self._findings() as findings:
                known = at, past_views(findings, setup, self._venue, at, at)
            self._known[setup.instruments] = known
        return known[1]
