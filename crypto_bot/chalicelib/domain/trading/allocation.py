"""Allocation policies: who may hold how much of the equity. Pure functions behind one interface.

A user adds a policy by adding one function to POLICIES.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from chalicelib.domain.money import ONE, ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.signal import Size, SizeUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Exact):
    """One strategy's claim on one instrument. `weight` is a fraction of equity, `price` in quote.

    `active` is whether it wants to be invested after the signals at hand; `volatility` is the
    standard deviation of daily returns.
    """

    strategy: str
    symbol: str
    weight: Decimal
    price: Decimal
    active: bool
    priority: int = 0
    size: Size | None = None
    stop_loss: Decimal | None = None
    volatility: Decimal | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Strategy and symbol: unique within an account."""
        return (self.strategy, self.symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Exact):
    """What the account brings: equity in quote, fractions for the reserve and the risk a trade."""

    equity: Decimal
    reserve: Decimal
    risk_per_trade: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Exact):
    """A notional in quote, or the code that says why none can be given."""

    notional: Decimal = ZERO
    denial: str = ""
    surplus: bool = False


Policy = Callable[[Sequence[Claim], Terms], Mapping[tuple[str, str], Target]]


def fixed(claims: Sequence[Claim], terms: Terms) -> dict[tuple[str, str], Target]:
    """Each active strategy its weight."""
    return {c.key: Target(notional=c.weight * terms.equity) for c in claims if c.active}


def boost(claims: Sequence[Claim], terms: Terms) -> dict[tuple[str, str], Target]:
    """As fixed, and the active strategy of highest weight also gets the weights of inactive ones.

    Ties go to the higher priority, then to the name that sorts first.
    """
    active = [claim for claim in claims if claim.active]
    if not active:
        return {}
    first = precedence(active)
    idle = sum((claim.weight for claim in claims if not claim.active), ZERO)
    targets = fixed(claims, terms)
    targets[first.key] = Target(notional=(first.weight + idle) * terms.equity, surplus=True)
    return targets


def precedence(active: Sequence[Claim]) -> Claim:
    """Who holds the surplus under boost."""
    return min(active, key=lambda claim: (-claim.weight, -claim.priority, *claim.key))


def equal(claims: Sequence[Claim], terms: Terms) -> dict[tuple[str, str], Target]:
    """Everything but the reserve in equal parts over all claims, active or not; weights unused."""
    part = (ONE - terms.reserve) * terms.equity / max(len(claims), 1)
    return {claim.key: Target(notional=part) for claim in claims if claim.active}


def inverse_volatility(claims: Sequence[Claim], terms: Terms) -> dict[tuple[str, str], Target]:
    """Everything but the reserve in parts inverse to volatility, over all claims, not weights."""
    known = [claim for claim in claims if claim.volatility]
    whole = sum((ONE / _volatility(claim) for claim in known), ZERO)
    budget = (ONE - terms.reserve) * terms.equity
    return {
        claim.key: Target(notional=budget / _volatility(claim) / whole)
        if claim.volatility
        else Target(denial="VOLATILITY_UNKNOWN")
        for claim in claims
        if claim.active
    }


def _volatility(claim: Claim) -> Decimal:
    return claim.volatility or ZERO


def risk_per_trade(claims: Sequence[Claim], terms: Terms) -> dict[tuple[str, str], Target]:
    """So much that a fall to the stop costs `risk_per_trade` of equity; at most the weight."""
    return {claim.key: _risked(claim, terms) for claim in claims if claim.active}


def _risked(claim: Claim, terms: Terms) -> Target:
    if claim.stop_loss is None:
        return Target(denial="STOP_LOSS_MISSING")
    if not ZERO < claim.stop_loss < claim.price:
        return Target(denial="STOP_LOSS_ABOVE_PRICE")
    distance = (claim.price - claim.stop_loss) / claim.price
    wanted = terms.risk_per_trade * terms.equity / distance
    return Target(notional=min(wanted, claim.weight * terms.equity))


def signal_sized(claims: Sequence[Claim], terms: Terms) -> dict[tuple[str, str], Target]:
    """What the alert itself asks for: contracts, cash, or percent of equity; weights unused."""
    return {claim.key: _sized(claim, terms) for claim in claims if claim.active}


def _sized(claim: Claim, terms: Terms) -> Target:
    if claim.size is None:
        return Target(denial="SIZE_MISSING")
    if claim.size.unit is SizeUnit.QUANTITY:
        return Target(notional=claim.size.amount * claim.price)
    if claim.size.unit is SizeUnit.NOTIONAL:
        return Target(notional=claim.size.amount)
    return Target(notional=claim.size.amount / 100 * terms.equity)


POLICIES: Final[Mapping[str, Policy]] = {
    "fixed": fixed,
    "boost": boost,
    "equal": equal,
    "inverse_volatility": inverse_volatility,
    "risk_per_trade": risk_per_trade,
    "signal_sized": signal_sized,
}


def allocate(
    policy: str, claims: Sequence[Claim], terms: Terms
) -> Mapping[tuple[str, str], Target]:
    """Target of every active claim under the named policy. KeyError for a name not in POLICIES."""
    with exact_arithmetic():
        return POLICIES[policy](claims, terms)


def daily_volatility(closes: Sequence[Decimal]) -> Decimal | None:
    """Sample standard deviation of daily log returns; None with fewer than three closes."""
    with exact_arithmetic():
        returns = [(b / a).ln() for a, b in pairwise(closes) if a > 0 < b]
        if len(returns) < 2:  # noqa: PLR2004 - a deviation needs two returns
            return None
        mean = sum(returns, ZERO) / len(returns)
        squares = sum(((r - mean) ** 2 for r in returns), ZERO)
        return (squares / (len(returns) - 1)).sqrt() or None
