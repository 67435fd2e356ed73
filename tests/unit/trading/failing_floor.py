"""A trading floor on which planning fails: by a strategy's numbers, or by what the venue states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.domain.trading.order import OrderIntent, OrderReport
from tests.trading_floor import TradingFloor

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.2"}
# It is more days than a span of time can have: `strategies apply` once took it.
ENDLESS = "99999999999w"


@dataclass
class OddVenue:
    """A venue around another that states odd filters, prices and fees of some symbols.

    Of `hidden` ones it states no filters at all, and of those in `reasons` it says why.
    """

    venue: Any
    filters: dict[str, dict[str, Any]] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    fees: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        stated = [s for s in symbols if s not in self.hidden and s not in self.reasons]
        found = self.venue.instruments(stated)
        return {s: replace(i, **self.filters.get(s, {})) for s, i in found.items()}

    def unusable(self) -> Mapping[str, str]:
        return self.reasons

    def submit(self, intent: OrderIntent, permit_until: datetime) -> OrderReport:
        return self._charged(intent, self.venue.submit(intent, permit_until))

    def find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        found = self.venue.find(intent, since)
        return None if found is None else self._charged(intent, found)

    def _charged(self, intent: OrderIntent, report: OrderReport) -> OrderReport:
        if intent.symbol not in self.fees:
            return report
        fee = Decimal(self.fees[intent.symbol])
        return replace(report, fills=tuple(replace(fill, fee=fee) for fill in report.fills))

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        found = self.venue.tickers(symbols)
        return {s: replace(t, last=Decimal(self.prices.get(s, t.last))) for s, t in found.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.venue, name)


def odd_venue(floor: TradingFloor) -> OddVenue:
    venue = OddVenue(floor.exchange)
    floor.exchange = floor.exchanges.by_account[floor.account.name] = venue
    return venue


def give(floor: TradingFloor, strategy: str, timeframe: str) -> None:
    known = floor.ports.strategies.configuration()
    floor.ports.strategies.apply(
        expected_version=known.version,
        strategies=[replace(known.strategies[strategy], timeframe=timeframe)],
    )


def invested(*strategies: str, **changes: Any) -> TradingFloor:
    floor = TradingFloor(PRICES, WEIGHTS, **changes)
    for strategy in strategies:
        floor.alert(strategy, "long")
    floor.tick()
    floor.clock.pass_time(minutes=5)
    assert all(floor.owned(strategy) > 0 for strategy in strategies)
    return floor


def count(floor: TradingFloor, signal_id: str) -> int:
    [failures] = floor.signal(signal_id).failures
    return failures.count
