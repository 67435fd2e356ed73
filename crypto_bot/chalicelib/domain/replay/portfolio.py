"""What is replayed: strategies with their alerts, an account, and what the market was worth."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from chalicelib.domain.replay.curves import ALWAYS, Marks, Span
from chalicelib.domain.replay.telling import Telling
from chalicelib.domain.trading.account import Account, Subscription
from chalicelib.domain.trading.strategy import Strategy


class Portfolio(NamedTuple):
    """`symbols`, `subscriptions` and `marks` are by strategy, by strategy and by symbol.

    `told` is in turn; each alert arrives `lag` after it was sent. `cash` is in quote. `told` is of
    `span` alone, `marks` of the whole time.
    """

    account: Account
    strategies: tuple[Strategy, ...]
    symbols: Mapping[str, str]
    subscriptions: Mapping[str, Subscription]
    told: tuple[Telling, ...]
    marks: Mapping[str, Marks]
    cash: Decimal
    lag: timedelta
    span: Span = ALWAYS

    def following(self, weights: Mapping[str, Decimal]) -> tuple[Subscription, ...]:
        """The account's subscriptions with these weights."""
        return tuple(
            replace(self.subscriptions[name], weight=weight) for name, weight in weights.items()
        )

    def between(self, since: datetime | None, until: datetime | None) -> "Portfolio":
        """Alerts sent from `since` to before `until`.

        It begins flat: what an earlier alert has bought is not there, and its exit finds nothing.
        """
        span = self.span.part(since, until)
        told = tuple(each for each in self.told if span.holds(each.at))
        return self._replace(told=told, span=span)

    def unmarked(self) -> list[str]:
        """The symbols of its alerts of which no price is marked in its span, by name."""
        traded = {self.symbols[each.strategy] for each in self.told}
        return sorted(each for each in traded if not self.span.of(self.marks[each].at))

    def bounds(self) -> tuple[int, int]:
        """The first and the last moment (ms) in its span of which prices are marked."""
        found = [moments for each in self.marks.values() if (moments := self.span.of(each.at))]
        return min(each[0] for each in found), max(each[-1] for each in found)
