"""A venue's message about a trade -> Trade, as `parse_trade` has it, at a fraction of its cost.

What is said in the usual words alone is read here. Anything else, were it one unknown field, is
left to `parse_trade`, which knows what is a trade all the same, and what to say of the rest.
"""

from typing import Annotated, Final

import msgspec

from chalicelib.domain.market.trade import (
    AGGREGATED,
    END_MS,
    FIRST_MS,
    LONGEST_MESSAGE,
    MOST_COUNTED,
    SINGLE,
    Trade,
    amount_of,
    known_symbol,
    parse_trade,
)

_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_COUNTED)]
_Instant = Annotated[int, msgspec.Meta(ge=FIRST_MS, lt=END_MS)]  # in ms


class _Aggregated(
    msgspec.Struct, tag_field="e", tag=AGGREGATED, forbid_unknown_fields=True, gc=False
):
    s: str
    a: _Count
    p: str
    q: str
    f: _Count
    l: _Count  # noqa: E741 - the venue's word
    T: _Instant
    m: bool
    E: int = 0
    M: bool = True


class _Single(msgspec.Struct, tag_field="e", tag=SINGLE, forbid_unknown_fields=True, gc=False):
    s: str
    t: _Count
    p: str
    q: str
    T: _Instant
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
    symbol, price, quantity = known_symbol(said.s), amount_of(said.p), amount_of(said.q)
    if not (symbol and price and quantity):
        return parse_trade(text)
    if isinstance(said, _Aggregated):
        return Trade(AGGREGATED, symbol, said.a, price, quantity, said.T, said.m, said.f, said.l)
    number = said.t
    return Trade(SINGLE, symbol, number, price, quantity, said.T, said.m, number, number)
