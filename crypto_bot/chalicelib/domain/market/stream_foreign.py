"""ccxt's words for a public trade -> ours, which are Binance's for a single trade.

Ids of other venues are no unbroken count and may be no numbers at all. One that is a number is
kept; any other becomes a number by its digest, the same each time.
"""

import json
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Final

from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.trade import SINGLE

MOST_REMEMBERED: Final = 5_000
_LARGEST: Final = 1 << 63


def in_our_words(symbol: str, trades: Iterable[Mapping[str, Any]]) -> list[Numbered]:
    """In the order of their times. What a venue left out is null, so that the archive sees it."""
    told: list[Numbered] = []
    alike: Counter[str] = Counter()
    for trade in sorted(trades, key=_time):
        at_ms, side = _time(trade), trade.get("side")
        price, amount = _amount(trade.get("price")), _amount(trade.get("amount"))
        name = trade.get("id")
        if name is None:  # two that are alike at one moment are two nevertheless
            likeness = f"{at_ms} {price} {amount} {side}"
            name = f"{likeness} {alike[likeness]}"
            alike[likeness] += 1
        number = _number(symbol, str(name))
        fields = {
            "e": SINGLE,
            "s": symbol,
            "t": number,
            "p": price,
            "q": amount,
            "T": at_ms,
            "m": {"sell": True, "buy": False}.get(str(side)),
        }
        text = json.dumps(fields, separators=(",", ":")).encode()
        told.append(Numbered(number, at_ms, text))
    return told


class Remembered:
    """The numbers that came last, to know a copy by."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[int, None] = OrderedDict()

    def new(self, told: Iterable[Numbered]) -> list[Numbered]:
        """Those that did not come before; from now on they have."""
        fresh = []
        for message in told:
            if message.number in self._numbers:
                continue
            self._numbers[message.number] = None
            fresh.append(message)
        while len(self._numbers) > MOST_REMEMBERED:
            self._numbers.popitem(last=False)
        return fresh


def _time(trade: Mapping[str, Any]) -> int:
    at_ms = trade.get("timestamp")
    return at_ms if isinstance(at_ms, int) else 0


def _number(symbol: str, name: str) -> int:
    if name.isascii() and name.isdecimal() and int(name) < _LARGEST:
        return int(name)
    digest = blake2b(f"{symbol} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _LARGEST


def _amount(value: object) -> str | None:
    """Without an exponent, and as exact as it was told."""
    try:
        return f"{Decimal(str(value)):f}" if value is not None else None
    except InvalidOperation:
        return str(value)
