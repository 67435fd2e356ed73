"""Prices that move, the same at every run."""

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.dice import dice_for
from tests.unit.bots.paper_market import candles


def moving(count: int, words: str = "prices") -> Candles:
    """By up to a percent from one hour to the next."""
    dice, rows, price = dice_for(7, words), list[tuple[float, ...]](), 100.0
    for _ in range(count):
        opened = price
        price = round(opened * (1 + dice.uniform(-0.01, 0.01)), 2)
        rows.append((opened, max(opened, price) + 0.1, min(opened, price) - 0.1, price))
    return candles(*rows)
