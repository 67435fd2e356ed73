"""The account that a bot is tried on where nothing is said of it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from chalicelib.domain.trading.instrument import Instrument

USUAL_FEE: Final = Decimal("0.001")
_SMALLEST: Final = Decimal("0.00000001")


def usual_instruments(symbols: Iterable[str]) -> dict[str, Instrument]:
    """In the smallest steps, from any amount on."""
    found = {}
    for symbol in symbols:
        base, _, quote = symbol.partition("/")
        found[symbol] = Instrument(
            symbol=symbol, base=base, quote=quote, quantity_step=_SMALLEST, price_tick=_SMALLEST
        )
    return found
