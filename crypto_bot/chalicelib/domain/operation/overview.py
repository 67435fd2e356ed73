"""How the accounts are doing, for the first look: figures per account, and totals of like money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.signal import DesiredState

BADGES: Final = {Mode.VIRTUAL: "PAPER", Mode.SANDBOX: "SANDBOX", Mode.LIVE: "LIVE"}

_DAYS: Final = {"week": timedelta(days=7), "month": timedelta(days=30)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profit(Exact):
    """What came in since a time, in quote; `realized` is after fees."""

    since: datetime
    realized: Decimal
    unrealized: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFigures(Exact):
    """One account. `at` is when the prices were looked at; None before the first figures.

    `stopped_by` are its open breakers, `blocked` why its venue is not asked anything now, `frozen`
    the symbols of which nothing is bought, each with the reason.
    """

    account: str
    badge: str
    exchange: str
    quote: str
    cash: Decimal
    equity: Decimal | None = None
    at: datetime | None = None
    today: Profit | None = None
    week: Profit | None = None
    month: Profit | None = None
    stopped_by: tuple[str, ...] = ()
    blocked: str = ""
    frozen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Total(Exact):
    """Accounts whose money may be added: of one badge and one quote currency.

    `at` is when the oldest of their figures was taken.
    """

    badge: str
    quote: str
    accounts: tuple[str, ...]
    equity: Decimal
    at: datetime
    today: Profit
    week: Profit
    month: Profit


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(Exact):
    """What a strategy holds; money in quote. `price` is what it has paid on the average."""

    account: str
    badge: str
    strategy: str
    symbol: str
    state: DesiredState
    quantity: Decimal
    price: Decimal
    cost: Decimal
    realized: Decimal
    fees: Decimal
    quote: str
    stop_loss: Decimal | None
    take_profit: Decimal | None
    stop_refused: str
    frozen: str


def beginnings(now: datetime) -> dict[str, datetime]:
    """From when profit is counted: the UTC day, and the last 7 and 30 days."""
    dawn = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {"today": dawn} | {name: now - span for name, span in _DAYS.items()}


def profit_since(
    since: datetime, newest: PerformancePoint, before: PerformancePoint | None
) -> Profit:
    """`before` is the last figure until then; None for an account whose books are younger."""
    with exact_arithmetic():
        realized = newest.realized - (ZERO if before is None else before.realized)
        unrealized = newest.unrealized - (ZERO if before is None else before.unrealized)
        total = realized + unrealized
    return Profit(since=since, realized=realized, unrealized=unrealized, total=total)


def totals_of(figures: Sequence[AccountFigures]) -> list[Total]:
    """One per badge and quote currency, live first; accounts without figures are in none."""
    kinds: dict[tuple[str, str], list[AccountFigures]] = {}
    for each in figures:
        if each.equity is not None:
            kinds.setdefault((each.badge, each.quote), []).append(each)
    order = [*reversed(BADGES.values())]
    return [_total(kinds[kind]) for kind in sorted(kinds, key=lambda k: (order.index(k[0]), k[1]))]


def _total(figures: Sequence[AccountFigures]) -> Total:
    with exact_arithmetic():
        equity = sum((each.equity or ZERO for each in figures), ZERO)
    return Total(
        badge=figures[0].badge,
        quote=figures[0].quote,
        accounts=tuple(each.account for each in figures),
        equity=equity,
        at=min(each.at for each in figures if each.at is not None),
        today=_sum([each.today for each in figures if each.today is not None]),
        week=_sum([each.week for each in figures if each.week is not None]),
        month=_sum([each.month for each in figures if each.month is not None]),
    )


def _sum(profits: Sequence[Profit]) -> Profit:
    with exact_arithmetic():
        return Profit(
            since=profits[0].since,
            realized=sum((p.realized for p in profits), ZERO),
            unrealized=sum((p.unrealized for p in profits), ZERO),
            total=sum((p.total for p in profits), ZERO),
        )


def positions_of(
    account: Account, portfolio: Portfolio, state: AccountState, *, empty: bool = False
) -> list[Position]:
    """What the account's strategies hold; with `empty` what they held once, too."""
    found = []
    for holding in portfolio.holdings:
        if not (holding.quantity or empty):
            continue
        stance = state.stance(holding.strategy, holding.symbol)
        with exact_arithmetic():
            price = holding.cost / holding.quantity if holding.quantity else ZERO
        found.append(
            Position(
                account=account.name,
                badge=BADGES[account.mode],
                strategy=holding.strategy,
                symbol=holding.symbol,
                state=stance.state,
                quantity=holding.quantity,
                price=price,
                cost=holding.cost,
                realized=holding.realized,
                fees=holding.fees,
                quote=account.quote,
                stop_loss=stance.stop_loss,
                take_profit=stance.take_profit,
                stop_refused=stance.stop_refused,
                frozen=state.barred.get(holding.symbol, ""),
            )
        )
    return found
