"""How a strategy has done on one account: what it earned, and how faithfully it was followed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.drift import Tally
from chalicelib.domain.trading.ledger import Entry, Holding
from chalicelib.domain.trading.position import ClosedPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord(Exact):
    """Amounts in quote. `trades` are exits, whole or in part, and `win_rate` is a fraction of them.

    `drawdown` is the deepest fall of their summed profits below the best; what is open is left out.
    """

    account: str
    strategy: str
    since: datetime | None
    days: Decimal
    trades: int
    win_rate: Decimal | None
    profit: Decimal
    fees: Decimal
    drawdown: Decimal
    holding: bool
    followed: Tally


def track_record(
    *,
    tally: Tally,
    entries: Iterable[Entry],
    closed: Iterable[ClosedPosition],
    holdings: Iterable[Holding],
    now: datetime,
) -> TrackRecord:
    """Of the tally's strategy on its account; what is of others among the rest is left out."""
    name = tally.strategy
    own = [e for e in entries if any(execution.strategy == name for execution in e.executions)]
    plans = {entry.id: entry.reference.partition("#")[0] for entry in own}
    profits = _profits([position for position in closed if position.strategy == name], plans)
    mine = [holding for holding in holdings if holding.strategy == name]
    since = min((entry.at for entry in own), default=None)
    with exact_arithmetic():
        return TrackRecord(
            account=tally.account,
            strategy=name,
            since=since,
            days=ZERO if since is None else _days(now - since),
            trades=len(profits),
            win_rate=_share(sum(profit > 0 for profit in profits), len(profits)),
            profit=sum(profits, ZERO),
            fees=sum((holding.fees for holding in mine), ZERO),
            drawdown=_drawdown(profits),
            holding=any(holding.quantity > 0 for holding in mine),
            followed=tally,
        )


def _profits(closed: Sequence[ClosedPosition], plans: Mapping[str, str]) -> list[Decimal]:
    """One per plan and instrument, however many fills it took and purchases it sold, in order."""
    sales: dict[tuple[str, str], Decimal] = {}
    with exact_arithmetic():
        for position in closed:
            key = (plans[position.exit_id], position.symbol)
            sales[key] = sales.get(key, ZERO) + position.profit
    return list(sales.values())


def _drawdown(profits: Sequence[Decimal]) -> Decimal:
    best = total = deepest = ZERO
    for profit in profits:
        total += profit
        best = max(best, total)
        deepest = max(deepest, best - total)
    return deepest


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.001")) if whole else None


def _days(span: timedelta) -> Decimal:
    return (Decimal(int(span.total_seconds())) / 86_400).quantize(Decimal("0.1"))
