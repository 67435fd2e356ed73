"""Where the books and the venue differ, and whose money that may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.ledger import POOL, UNMANAGED, Portfolio


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Exact):
    """One asset of which the venue holds more or less than the books say.

    `strategies`, `pool` and `unmanaged` are the parts that the books are made of.
    """

    asset: str
    books: Decimal
    venue: Decimal
    strategies: Decimal
    pool: Decimal
    unmanaged: Decimal

    @property
    def difference(self) -> Decimal:
        """What the venue holds beyond the books; below zero where something is missing."""
        with exact_arithmetic():
            return self.venue - self.books

    @property
    def lacking(self) -> Decimal:
        """How much the strategies and the pool own that is not there; zero where all of it is."""
        with exact_arithmetic():
            return max(-(self.unmanaged + self.difference), ZERO)

    @property
    def is_doubtful(self) -> bool:
        """Whether what is missing may be the strategies' or the pool's, and not the owner's own."""
        return self.difference < 0 and (self.strategies > 0 or self.pool > 0)


def gaps_between(portfolio: Portfolio, balances: Mapping[str, Balance]) -> list[Gap]:
    """Every asset that differs, sorted by name."""
    known = {asset for assets in portfolio.balances.values() for asset in assets}
    found = (_gap(portfolio, asset, balances) for asset in sorted(known | set(balances)))
    return [gap for gap in found if gap.difference]


def _gap(portfolio: Portfolio, asset: str, balances: Mapping[str, Balance]) -> Gap:
    with exact_arithmetic():
        return Gap(
            asset=asset,
            books=portfolio.owned(asset),
            venue=balances[asset].total if asset in balances else ZERO,
            strategies=portfolio.owned_by_strategies(asset),
            pool=portfolio.amount(POOL, asset),
            unmanaged=portfolio.amount(UNMANAGED, asset),
        )
