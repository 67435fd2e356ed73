"""Weights drawn at random, all sets of them alike likely, and which of the tried ones is best."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from math import log, sqrt
from typing import Final, NamedTuple

from chalicelib.domain.bots.deflated_sharpe import deflated_sharpe
from chalicelib.domain.bots.dice import dice_for
from chalicelib.domain.bots.metrics import daily_returns
from chalicelib.domain.replay.result import PolicyResult

GRAIN: Final = Decimal("0.001")

_LEAST: Final = 2.0**-53
_YEAR: Final = 365


class Trial(NamedTuple):
    """What one set of weights came to in the time that chooses."""

    weights: Mapping[str, Decimal]
    sharpe: float | None
    total_return: float | None
    max_drawdown: float | None

    @property
    def rank(self) -> tuple[bool, float, float]:
        """By Sharpe ratio where there is one, then by what was won."""
        won = -1.0 if self.total_return is None else self.total_return
        return (self.sharpe is not None, self.sharpe or 0.0, won)


class Search(NamedTuple):
    """`tried` are those that chose, the given weights among them; the time after `split` judges.

    `chosen` and `given` are what the best and the given weights came to there. `deflated` is how
    likely it is that the best is more than the luck of having tried so often.
    """

    split: str
    seed: int
    tried: tuple[Trial, ...]
    best: Trial
    deflated: float | None
    chosen: PolicyResult
    given: PolicyResult


def equal_weights(names: Sequence[str], whole: Decimal) -> dict[str, Decimal]:
    """The same for each, as much as the reserve leaves."""
    return dict.fromkeys(names, _down(whole / len(names)))


def drawn_weights(
    names: Sequence[str], whole: Decimal, count: int, seed: int
) -> Iterable[dict[str, Decimal]]:
    """So many sets that add up to `whole`, but for what rounding leaves."""
    dice = dice_for(seed, "weights")
    for _ in range(count):
        lengths = [-log(max(dice.random(), _LEAST)) for _ in names]
        total = sum(lengths)
        parts = (Decimal(length / total) * whole for length in lengths)
        yield dict(zip(names, map(_down, parts), strict=True))


def deflated(best: PolicyResult, tried: Sequence[Trial], cash: float) -> float | None:
    """By the daily returns of the best; None where they are too few or all the same."""
    returns = daily_returns(best.curves.at, best.curves.equity, cash)
    daily = [trial.sharpe / sqrt(_YEAR) for trial in tried if trial.sharpe is not None]
    return deflated_sharpe(returns, daily, len(tried))


def trial_of(result: PolicyResult) -> Trial:
    """What chooses."""
    found = result.metrics
    return Trial(result.weights, found.sharpe, found.total_return, found.max_drawdown)


def _down(weight: Decimal) -> Decimal:
    return weight.quantize(GRAIN, rounding=ROUND_DOWN)
