"""Which way an order goes."""

from enum import StrEnum


class Side(StrEnum):
    """Buy spends quote for base, sell the reverse."""

    BUY = "buy"
    SELL = "sell"
