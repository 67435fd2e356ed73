"""A venue's message about a trade -> Trade, as `parse_trade` has it, at a fraction of its cost.

What is said in the usual words alone is read here. Anything else, were it one unknown field, is
left to `parse_trade`, which knows what is a trade all the same, and what to say of the rest.
"""

from decimal import Decimal
from typing import Final

import msgspec

from chalicelib.domain.market.trade import (
    AGGREGATED,
    LONGEST_MESSAGE,
    SINGLE,
    Trade,
    amount_of,
    is_plausible,
    known_symbol,
    parse_trade,
)

_MOST: Final = (1 << 63) - 1


class _Aggregated(
    msgspec.Struct, tag_field="e", tag=AGGREGATED, forbid_unknown_fields=True, gc=False
):
    s: str
    a: int
    p: str
    q: str
    f: int
    l: int  # noqa: E741 - the venue's word
    T: int
    m: bool
    E: int = 0
    M: bool = True


class _Single(msgspec.Struct, tag_field="e", tag=SINGLE, forbid_unknown_fields=True, gc=False):
    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool
    E: int = 0
    M: bool = True
    b: int = 0
    a: int = 0


_DECODER: Final = msgspec.json.Decoder(_Aggregated | _Single)


def read_trade(text: bytes) -> Trade:
    """See `parse_trade`."""
    if len(text) > LONGEST_MESSAGE or not text.isascii():
        return parse_trade(text)
    try:
        said = _DECODER.decode(text)
    except msgspec.DecodeError:
        return parse_trade(text)
    kind = AGGREGATED
    if isinstance(said, _Aggregated):
        number, first, last = said.a, said.f, said.l
        is_counted = 0 <= number <= _MOST and 0 <= first <= _MOST and 0 <= last <= _MOST
    else:
        kind = SINGLE
        number = first = last = said.t
        is_counted = 0 <= number <= _MOST
    symbol = known_symbol(said.s)
    price: Decimal = amount_of(said.p)
    quantity: Decimal = amount_of(said.q)
    if not (is_counted and symbol and price and quantity and is_plausible(said.T)):
        return parse_trade(text)
    return Trade(kind, symbol, number, price, quantity, said.T, said.m, first, last)
