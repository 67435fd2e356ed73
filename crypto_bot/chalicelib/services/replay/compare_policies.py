"""One portfolio under each policy, on a desk of its own each time: what it came to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.result import PolicyResult, result_of
from chalicelib.domain.trading.account import Account, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.services.replay.replay_portfolio import ReplayDesk, replay_portfolio

OpensDesk = Callable[[Account, Sequence[Strategy], Sequence[Subscription]], ReplayDesk]
Heard = Callable[[int], object]


def compare_policies(
    portfolio: Portfolio,
    policies: Sequence[str],
    weights: Mapping[str, Decimal],
    opens: OpensDesk,
    heard: Heard = lambda _: None,
) -> Iterator[PolicyResult]:
    """In the order of the policies, each as soon as it is known."""
    for policy in policies:
        yield replay_policy(portfolio, policy, weights, opens, heard)


def replay_policy(
    portfolio: Portfolio,
    policy: str,
    weights: Mapping[str, Decimal],
    opens: OpensDesk,
    heard: Heard = lambda _: None,
) -> PolicyResult:
    """From the first alert to what follows of the last one."""
    account = replace(portfolio.account, policy=policy)
    with closing(opens(account, portfolio.strategies, portfolio.following(weights))) as desk:
        books = replay_portfolio(desk, portfolio.told, portfolio.lag, heard)
    return result_of(policy, weights, books, portfolio)
