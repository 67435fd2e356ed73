"""What an account may lose before it stops buying; counted from its own profit, not its deposits.

A drawdown breaker stays open until the owner resumes the account, that of the day until midnight.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.plan import AccountState, Breaker, Watermarks


def watch_losses(
    account: Account,
    state: AccountState,
    portfolio: Portfolio,
    prices: Mapping[str, Decimal],
    now: datetime,
) -> AccountState:
    """The state with its watermarks as of now and the breakers that are open now.

    A holding without a price counts as what it cost, so that a coin that is traded no more does not
    keep the losses of all others from being seen.
    """
    still_open = tuple(b for b in state.breakers if b.is_open(now))
    state = replace(state, breakers=still_open)
    if not account.watches_losses:
        return replace(state, watermarks=None)
    if not portfolio.sequence:
        return state
    with exact_arithmetic():
        profit = _profit(portfolio, prices)
        stake = portfolio.cash - profit + _worth(portfolio, prices)
        marks = _raised(state.watermarks, profit, now)
        state = replace(state, watermarks=marks)
        opened = (
            _drawdown(account, stake, marks.best, profit, now),
            _daily_loss(account, stake, marks.at_dawn, profit, now),
        )
    known = {breaker.code for breaker in still_open}
    fresh = tuple(b for b in opened if b is not None and b.code not in known)
    return replace(state, breakers=(*still_open, *fresh))


def without_breakers(state: AccountState) -> AccountState:
    """The state after the owner's word; what was lost so far does not count again."""
    return replace(state, breakers=(), watermarks=None)


def _worth(portfolio: Portfolio, prices: Mapping[str, Decimal]) -> Decimal:
    return sum(
        (
            h.quantity * prices[h.symbol] if h.symbol in prices else h.cost
            for h in portfolio.holdings
            if h.quantity
        ),
        ZERO,
    )


def _profit(portfolio: Portfolio, prices: Mapping[str, Decimal]) -> Decimal:
    """Realised and not, after fees, in quote: a deposit or a withdrawal does not move it."""
    cost = sum((h.cost for h in portfolio.holdings if h.quantity), ZERO)
    realized = sum((h.realized for h in portfolio.holdings), ZERO)
    return realized + _worth(portfolio, prices) - cost


def _raised(marks: Watermarks | None, profit: Decimal, now: datetime) -> Watermarks:
    today = now.date()
    if marks is None:
        return Watermarks(best=profit, day=today, at_dawn=profit)
    dawn = marks.at_dawn if marks.day == today else profit
    return Watermarks(best=max(marks.best, profit), day=today, at_dawn=dawn)


def _drawdown(
    account: Account, stake: Decimal, best: Decimal, profit: Decimal, now: datetime
) -> Breaker | None:
    most, lost = account.max_drawdown, _lost(stake, best, profit)
    if most is None or lost < most:
        return None
    return Breaker(
        code="DRAWDOWN_EXCEEDED",
        reason=f"equity is {lost:.2%} below its best, at most {most:.2%} is allowed; "
        f"until crypto-bot resume --account {account.name}",
        opened_at=now,
    )


def _daily_loss(
    account: Account, stake: Decimal, at_dawn: Decimal, profit: Decimal, now: datetime
) -> Breaker | None:
    most, lost = account.daily_loss_stop, _lost(stake, at_dawn, profit)
    if most is None or lost < most:
        return None
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    return Breaker(
        code="ACCOUNT_LOSS_EXCEEDED",
        reason=f"the account lost {lost:.2%} today, the stop is {most:.2%}; until midnight UTC",
        opened_at=now,
        until=tomorrow,
    )


def _lost(stake: Decimal, before: Decimal, profit: Decimal) -> Decimal:
    """Fraction of the equity that there was; zero where it has not become less."""
    had = stake + before
    return (before - profit) / had if had > 0 and profit < before else ZERO
