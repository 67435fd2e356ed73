"""The owner gives what is unmanaged to a strategy or to the pool, or takes it back out of the pool.

Only the books change: nothing is bought, sold or sent anywhere.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.money import Exact, exact_arithmetic, plain
from chalicelib.domain.trading.configuration.names import strategy_named
from chalicelib.domain.trading.ledger import POOL, UNMANAGED, Entry, Holding, Portfolio, post
from chalicelib.domain.trading.owner_entries import adoption_entry, part_of, pool_entry
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.fresh_books import fresh_books
from chalicelib.services.trading.owner_desk import owner_desk
from chalicelib.services.trading.wake_account import wake_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption(Exact):
    """`to` is a strategy, `pool` or `unmanaged`; `price` (quote) None is the one of now."""

    asset: str
    quantity: Decimal
    to: str
    price: Decimal | None = None
    reason: str = ""


def adopt_holding(
    ports: TradingPorts, account: str, adoption: Adoption, *, owner: str, dry_run: bool
) -> list[Entry]:
    """The entries that say so; what the venue holds beyond the books is booked before them.

    ActionRefused for more than is there. A strategy that owns something is in: it counts as long
    from then on, and its next exit sells it.
    """
    if adoption.quantity <= 0:
        raise ActionRefused(
            f"the quantity is {plain(adoption.quantity)}; it must be more than nothing"
        )
    with owner_desk(ports, account, owner) as desk:
        before, noted = fresh_books(desk, adoption.asset)
        entry = _entry(desk, before, adoption)
        after, booked = post(before, entry)
        if not dry_run:
            if entry.executions:
                _take_stance(desk, before, adoption)
            ports.ledger.book(after, [*noted, booked])
            wake_account(ports.plans, account, ports.clock.now())
    return [*noted, booked]


def _entry(desk: Desk, portfolio: Portfolio, adoption: Adoption) -> Entry:
    now = desk.ports.clock.now()
    reason = adoption.reason or f"adopted by the owner: to {adoption.to}"
    if adoption.to in {POOL, UNMANAGED}:
        _refuse_pooling(portfolio, adoption)
        with exact_arithmetic():
            into_pool = adoption.quantity if adoption.to == POOL else -adoption.quantity
        return pool_entry(portfolio, into_pool, reason=reason, at=now)
    _refuse_more_than(portfolio.amount(UNMANAGED, adoption.asset), UNMANAGED, adoption)
    wanted = _wanted(desk, adoption)
    return adoption_entry(portfolio, wanted, reason=reason, at=now)


def _refuse_pooling(portfolio: Portfolio, adoption: Adoption) -> None:
    if adoption.asset != portfolio.quote:
        raise ActionRefused(
            f"the pool holds {portfolio.quote} and nothing else, and {adoption.asset} was to go "
            f"{'in' if adoption.to == POOL else 'out'}; name a strategy with --to"
        )
    giver = UNMANAGED if adoption.to == POOL else POOL
    _refuse_more_than(portfolio.amount(giver, adoption.asset), giver, adoption)


def _refuse_more_than(there: Decimal, giver: str, adoption: Adoption) -> None:
    if adoption.quantity > there:
        raise ActionRefused(
            f"{plain(there)} {adoption.asset} of the account is {giver}, and "
            f"{plain(adoption.quantity)} was to be adopted; name at most that much"
        )


def _wanted(desk: Desk, adoption: Adoption) -> Holding:
    """The part that the strategy gets. ActionRefused where it could never sell it here."""
    strategy = strategy_named(desk.configuration, adoption.to)
    symbol = f"{adoption.asset}/{desk.account.quote}"
    if desk.name not in desk.configuration.followers(strategy.name):
        raise ActionRefused(
            f"account {desk.name} does not follow {strategy.name}, so nobody would sell it; "
            "crypto-bot accounts list shows who follows what"
        )
    if symbol not in strategy.symbols():
        raise ActionRefused(
            f"{strategy.name} does not trade {symbol}; it trades {', '.join(strategy.symbols())}"
        )
    price = adoption.price
    if price is None:
        ticker = desk.exchange.tickers([symbol]).get(symbol)
        if ticker is None:
            raise ActionRefused(f"the venue has no price for {symbol} now; name one with --price")
        price = ticker.last
    nothing = Holding(strategy=strategy.name, symbol=symbol)
    return part_of(nothing, adoption.quantity, price)


def _take_stance(desk: Desk, portfolio: Portfolio, adoption: Adoption) -> None:
    """Before the books: what a strategy owns that is not in would be sold by the next tick."""
    symbol = f"{adoption.asset}/{desk.account.quote}"
    state = desk.ports.plans.state(desk.name)
    stance = state.stance(adoption.to, symbol)
    if stance.state is DesiredState.LONG:
        return
    realized = portfolio.holding(adoption.to, symbol).realized
    entered = replace(stance, state=DesiredState.LONG, left_by="", realized_before=realized)
    desk.ports.plans.save_state(state.with_stances((entered,)))
