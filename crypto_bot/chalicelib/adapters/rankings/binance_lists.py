"""What Binance's web pages are made of: two lists without a contract, for when there is no other.

`symbol/list` has the capitalisation; `get-products` has price and circulating supply of each
market, whose product is the same thing.
"""

from decimal import Decimal
from typing import Any, Final

from chalicelib.adapters.rankings.asking import ask, malformed
from chalicelib.domain.market.ranking import ListedCoin, amount_or_none, listed_coin
from chalicelib.domain.money import exact_arithmetic
from chalicelib.ports import Clock

_LIST: Final = "/bapi/composite/v1/public/marketing/symbol/list"
_PRODUCTS: Final = "/bapi/asset/v2/public/asset-service/product/get-products"
_DOLLARS: Final = "USDT"

_Cap = tuple[Decimal, str, object]  # capitalisation, symbol, and the coin's full name if any


class BinanceSymbols:
    """`RankingSource` by the list of symbols."""

    name: str = "binance-symbols"

    def __init__(self, address: str, clock: Clock) -> None:
        self._url = address.rstrip("/") + _LIST
        self._clock = clock

    def coins(self) -> list[ListedCoin]:
        """See `RankingSource.coins`."""
        caps: list[_Cap] = []
        for entry in _entries(self.name, self._url, self._clock):
            cap = amount_or_none(entry.get("marketCap"))
            if cap is not None:
                caps.append((cap, str(entry.get("name")), entry.get("fullName")))
        return _numbered(self.name, caps)


class BinanceProducts:
    """`RankingSource` by the products: price times circulating supply."""

    name: str = "binance-products"

    def __init__(self, address: str, clock: Clock) -> None:
        self._url = address.rstrip("/") + _PRODUCTS
        self._clock = clock

    def coins(self) -> list[ListedCoin]:
        """See `RankingSource.coins`."""
        caps: list[_Cap] = []
        for entry in _entries(self.name, self._url, self._clock):
            price, supply = amount_or_none(entry.get("c")), amount_or_none(entry.get("cs"))
            if entry.get("q") == _DOLLARS and price is not None and supply is not None:
                with exact_arithmetic():
                    caps.append((price * supply, str(entry.get("b")), entry.get("an")))
        return _numbered(self.name, caps)


def _numbered(name: str, caps: list[_Cap]) -> list[ListedCoin]:
    """A symbol may be listed several times; the first counts."""
    caps.sort(key=lambda cap: (-cap[0], cap[1]))
    coins = (
        listed_coin(rank, symbol, full_name, cap)
        for rank, (cap, symbol, full_name) in enumerate(caps, 1)
    )
    found = [coin for coin in coins if coin is not None]
    if not found:
        raise malformed(name, "any coin that has a capitalisation")
    return found


def _entries(name: str, url: str, clock: Clock) -> list[dict[str, Any]]:
    document = ask(name, url, clock, {})
    entries = document.get("data") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise malformed(name, "a list under data")
    return [entry for entry in entries if isinstance(entry, dict)]
