"""How much of one coin an account may hold, all its strategies together."""

from collections.abc import Mapping
from decimal import Decimal

from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.situation import Key, Slot


def within_exposure(
    most: Decimal | None,
    equity: Decimal,
    slots: Mapping[Key, Slot],
    wanted: Mapping[Key, Decimal],
    leaving: Mapping[Key, Decimal],
) -> dict[Key, Decimal]:
    """`wanted` base cut to what `most` (a fraction of equity) leaves, pro rata within a coin.

    What is `leaving` makes room: it is sold first, or changes hands inside the account.
    """
    if most is None:
        return dict(wanted)
    rooms: dict[str, Decimal] = {}
    asked: dict[str, Decimal] = {}
    for key, slot in slots.items():
        coin = slot.instrument.base
        room = rooms.get(coin, max(most * equity, ZERO))
        rooms[coin] = room - (slot.owned - leaving.get(key, ZERO)) * slot.price
        asked[coin] = asked.get(coin, ZERO) + wanted.get(key, ZERO) * slot.price
    cut = {}
    for key, quantity in wanted.items():
        coin = slots[key].instrument.base
        room = max(rooms[coin], ZERO)
        cut[key] = quantity if asked[coin] <= room else quantity * room / asked[coin]
    return cut
