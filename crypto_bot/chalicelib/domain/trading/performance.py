"""How an account and its strategies are doing, from the books and a set of marks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.ledger import Portfolio, marked_equity


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformancePoint(Exact):
    """Figures at one instant, in quote; `strategy` '' is the whole account.

    `equity` of a strategy is what it owns at mark. `realized` and `fees` count from the opening;
    `realized` is after fees, by average cost.
    """

    account: str
    strategy: str
    at: datetime
    equity: Decimal
    realized: Decimal
    unrealized: Decimal
    fees: Decimal


def performance_points(
    portfolio: Portfolio, prices: Mapping[str, Decimal], at: datetime
) -> list[PerformancePoint]:
    """One point per strategy that ever traded, then one for the account."""
    points = []
    with exact_arithmetic():
        for name in sorted({h.strategy for h in portfolio.holdings}):
            held = [h for h in portfolio.holdings if h.strategy == name]
            value = sum((h.quantity * prices[h.symbol] for h in held if h.quantity), ZERO)
            points.append(
                PerformancePoint(
                    account=portfolio.account,
                    strategy=name,
                    at=at,
                    equity=value,
                    realized=sum((h.realized for h in held), ZERO),
                    unrealized=value - sum((h.cost for h in held), ZERO),
                    fees=sum((h.fees for h in held), ZERO),
                )
            )
        total = PerformancePoint(
            account=portfolio.account,
            strategy="",
            at=at,
            equity=marked_equity(portfolio, prices),
            realized=sum((p.realized for p in points), ZERO),
            unrealized=sum((p.unrealized for p in points), ZERO),
            fees=sum((p.fees for p in points), ZERO),
        )
    return [*points, total]
