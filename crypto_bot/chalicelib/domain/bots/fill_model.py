"""How a backtest fills orders. `ASSUMPTIONS` says it in words; they are printed with every result.

The functions are told an order's price and a candle and say at what price the order is filled; None
where it is not.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.side import Side

ASSUMPTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("decision", "On a closed candle, from what was known at its close."),
    ("market order", "Filled at the open of the instrument's next candle, with slippage."),
    ("order of fills", "At one open, what reduces a position comes before what enlarges one."),
    (
        "size",
        "At the price of the fill; of a limit or stop order at its own, unless it sells all.",
    ),
    ("rounding", "Quantities down to the instrument's step; what is below its minimum is denied."),
    ("ticks", "A limit to the tick that is no worse than asked for, a stop to the one beyond it."),
    ("cash", "What cash does not cover, fee included, is not bought. There is no credit."),
    ("short", "A sale ends at nothing, unless the test allows short positions."),
    ("slippage", "Market and stop orders: so many hundredths of a percent worse than the price."),
    ("fees", "Of the notional, in the quote currency, for buying and for selling."),
    ("maker and taker", "A limit order that waits pays the maker's fee, all others the taker's."),
    (
        "limit order",
        "At the next open if that is as good; later when traded through, at its price.",
    ),
    (
        "stop order",
        "At its price, or at the open of a candle that begins beyond it; slipped.",
    ),
    (
        "trailing stop",
        "Behind the best price of earlier candles; this one moves it afterwards.",
    ),
    ("inside one candle", "The stop comes before the target, unless finer candles are given."),
    ("entry inside a candle", "Its stop may be hit in the same candle, its target only later."),
    (
        "entry beyond its target",
        "What is bought above its target, or sold short below it, is left at once.",
    ),
    ("bracket", "Stop and target cancel each other, and end with the position."),
    ("expiry", "After so many candles an order that still waits is withdrawn."),
    ("volume", "Every order is filled whole: it takes no notice of how much was traded."),
    ("gaps", "Where candles are missing nothing is filled; they are counted in the result."),
    ("end", "An open position is valued at the last close and not sold."),
    ("marks", "Equity at each close, in floats; cash and fills are exact decimals."),
)

BUYS: Final = Side.BUY  # as names: see intent.py
SELLS: Final = Side.SELL

_BASIS_POINTS: Final = Decimal(10_000)


class Costs(NamedTuple):
    """Fees as fractions of the notional; slippage in hundredths of a percent of the price."""

    maker_fee: Decimal = Decimal("0.001")
    taker_fee: Decimal = Decimal("0.001")
    slippage_bps: Decimal = ZERO

    def slipped(self, price: Decimal, side: Side) -> Decimal:
        """A buyer pays more, a seller gets less."""
        if not self.slippage_bps:
            return price
        moved = price * self.slippage_bps / _BASIS_POINTS
        return price + moved if side is BUYS else price - moved


def limit_at_open(side: Side, limit: float, opened: float) -> float | None:
    """A new limit order that the market is already beyond."""
    is_met = opened <= limit if side is BUYS else opened >= limit
    return opened if is_met else None


def limit_within(side: Side, limit: float, high: float, low: float) -> float | None:
    """Traded through: to touch the price is not enough, others were first."""
    is_met = low < limit if side is BUYS else high > limit
    return limit if is_met else None


def stop_within(side: Side, stop: float, opened: float, high: float, low: float) -> float | None:
    """Where the candle begins beyond the stop, there was no trade at its price."""
    if side is BUYS:
        if high < stop:
            return None
        return max(opened, stop)
    if low > stop:
        return None
    return min(opened, stop)
