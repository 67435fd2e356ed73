"""What is replayed: strategies with their alerts, an account, and what the market was worth."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.replay.curves import Marks
from chalicelib.domain.replay.telling import Telling
from chalicelib.domain.trading.account import Account, Subscription
from chalicelib.domain.trading.strategy import Strategy


class Portfolio(NamedTuple):
    """`symbols`, `subscriptions` and `marks` are by strategy, by strategy and by symbol.

    `told` is in turn; each alert arrives `lag` after it was sent. `cash` is in quote.
    """

    account: Account
    strategies: tuple[Strategy, ...]
    symbols: Mapping[str, str]
    subscriptions: Mapping[str, Subscription]
    told: tuple[Telling, ...]
    marks: Mapping[str, Marks]
    cash: Decimal
    lag: timedelta

    def following(self, weights: Mapping[str, Decimal]) -> tuple[Subscription, ...]:
        """The account's subscriptions with these weights."""
        return tuple(
            replace(self.subscriptions[name], weight=weight) for name, weight in weights.items()
        )

    def between(self, since: datetime | None, until: datetime | None) -> "Portfolio":
        """Alerts sent from `since` to before `until`, and what was known of prices in that time.

        It begins flat: what an earlier alert has bought is not there, and its exit finds nothing.
        """
        told = tuple(
            each
            for each in self.told
            if (since is None or each.at >= since) and (until is None or each.at < until)
        )
        marks = {symbol: _cut(each, since, until) for symbol, each in self.marks.items()}
        return self._replace(told=told, marks={s: each for s, each in marks.items() if each.at})


def _cut(marks: Marks, since: datetime | None, until: datetime | None) -> Marks:
    first = 0 if since is None else bisect_left(marks.at, at_ms(since))
    end = len(marks.at) if until is None else bisect_left(marks.at, at_ms(until))
    return Marks(marks.at[first:end], marks.price[first:end])
