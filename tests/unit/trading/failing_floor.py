"""A trading floor on which planning fails: by a strategy's numbers, or by what the venue states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from chalicelib.domain.trading.instrument import Instrument, Ticker
from tests.trading_floor import TradingFloor

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.2"}
# `strategies apply` takes it, and it is more days than a span of time can have.
ENDLESS = "99999999999w"


@dataclass
class OddVenue:
    """A venue around another that states odd filters and prices of some symbols."""

    venue: Any
    filters: dict[str, dict[str, Any]] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        found = self.venue.instruments(symbols)
        return {s: replace(i, **self.filters.get(s, {})) for s, i in found.items()}

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
