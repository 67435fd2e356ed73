"""CoinGecko's list of coins by market capitalisation. It asks to be named as the source."""

from typing import Any, Final

from chalicelib.adapters.rankings.asking import ask, malformed
from chalicelib.domain.market.ranking import ListedCoin, listed_coin
from chalicelib.ports import Clock

_PAGE: Final = (
    "/api/v3/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=250&page={number}"
)
_PAGES: Final = 2


class CoinGecko:
    """`RankingSource`; `key` is one of the free demo plan, '' asks without."""

    name: str = "coingecko"

    def __init__(self, address: str, key: str, clock: Clock) -> None:
        self._address = address.rstrip("/")
        self._headers = {"x-cg-demo-api-key": key} if key else {}
        self._clock = clock

    def coins(self) -> list[ListedCoin]:
        """See `RankingSource.coins`."""
        found: list[ListedCoin] = []
        for number in range(1, _PAGES + 1):
            url = self._address + _PAGE.format(number=number)
            entries = ask(self.name, url, self._clock, self._headers)
            if not isinstance(entries, list):
                raise malformed(self.name, "a list of coins")
            found += [coin for coin in map(_coin, entries) if coin is not None]
        if not found:
            raise malformed(self.name, "any coin that has a rank")
        return found


def _coin(entry: Any) -> ListedCoin | None:
    if not isinstance(entry, dict):
        return None
    cap = entry.get("market_cap")
    return listed_coin(entry.get("market_cap_rank"), entry.get("symbol"), entry.get("id"), cap)
