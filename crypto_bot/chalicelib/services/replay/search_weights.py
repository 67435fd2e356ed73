"""Weights that are chosen by the first part of the time, and judged by the part after it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from chalicelib.domain.bots.candles import moment
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.weights import Search, deflated, drawn_weights, trial_of
from chalicelib.services.replay.compare_policies import OpensDesk, replay_policy


class Terms(NamedTuple):
    """So many `trials` are drawn, which add up to `whole`; `share` of the time chooses."""

    whole: Decimal
    trials: int
    seed: int
    share: float


def search_weights(
    portfolio: Portfolio,
    policy: str,
    given: Mapping[str, Decimal],
    opens: OpensDesk,
    terms: Terms,
    tried: Callable[[int], object] = lambda _: None,
) -> Search:
    """The given weights and the drawn ones, of which one is best before the split."""
    split = split_of(portfolio, terms.share)
    before, after = portfolio.between(None, split), portfolio.between(split, None)
    best = replay_policy(before, policy, given, opens)
    found = [trial_of(best)]
    tried(1)
    for weights in drawn_weights(list(given), terms.whole, terms.trials, terms.seed):
        result = replay_policy(before, policy, weights, opens)
        found.append(trial_of(result))
        if found[-1].rank > trial_of(best).rank:
            best = result
        tried(1)
    return Search(
        split=f"{split:%Y-%m-%dT%H:%M:%SZ}",
        seed=terms.seed,
        tried=tuple(found),
        best=trial_of(best),
        deflated=deflated(best, found, float(portfolio.cash)),
        chosen=replay_policy(after, policy, best.weights, opens),
        given=replay_policy(after, policy, given, opens),
    )


def split_of(portfolio: Portfolio, share: float) -> datetime:
    """Where so much of the time is over for which prices are known."""
    first, last = portfolio.bounds()
    return moment(first + int((last - first) * share))
