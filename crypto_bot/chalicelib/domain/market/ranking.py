"""Who is the largest: a list of coins, and the markets of a venue -> the markets worth watching."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.market.pegged_coins import PEGGED
from chalicelib.domain.money import ZERO, Exact, parse_amount, plain

LATEST: Final = "top_marketcap/latest.json"
DATED: Final = "top_marketcap/dt="  # how the keys of the days begin
BY_VOLUME: Final = "volume"

_SCHEMA: Final = 1
# A source that lists so much less than before has lost something.
_LEAST_KEPT: Final = Decimal("0.8")
# For so long the last list is better than none, and than one that has lost something.
_GOOD_FOR: Final = timedelta(days=7)
_SYMBOL: Final = re.compile(r"[\w$.-]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCoin(Exact):
    """What a list of coins says; `symbol` in upper case may be that of several coins."""

    rank: int
    symbol: str
    id: str
    market_cap: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradableMarket(Exact):
    """An open spot market: last price, and volume of 24 hours in the quote currency."""

    symbol: str
    base: str
    price: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedMarket(Exact):
    """One item of the list. `rank` is that of the source, so that numbers may be left out."""

    rank: int
    symbol: str
    id: str
    market: str
    market_cap: Decimal | None
    price: Decimal
    volume_24h: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """`source` is who said so; where it is "volume", nobody knew of capitalisations."""

    as_of: datetime
    source: str
    quote: str
    items: tuple[RankedMarket, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingRules:
    """At most `size` markets of `quote`, with `least_volume` in 24 hours."""

    quote: str
    size: int
    least_volume: Decimal = ZERO


def ranked(
    coins: Iterable[ListedCoin], markets: Iterable[TradableMarket], rules: RankingRules
) -> tuple[RankedMarket, ...]:
    """Of coins that share a symbol the largest one is meant: so a venue names them too."""
    tradable = {market.base.upper(): market for market in markets if _is_liquid(market, rules)}
    items: dict[str, RankedMarket] = {}
    for coin in sorted(coins, key=lambda coin: coin.rank):
        market = tradable.get(coin.symbol)
        if market is None or coin.symbol in items or coin.symbol in PEGGED:
            continue
        items[coin.symbol] = RankedMarket(
            rank=coin.rank,
            symbol=coin.symbol,
            id=coin.id,
            market=market.symbol,
            market_cap=coin.market_cap,
            price=market.price,
            volume_24h=market.volume,
        )
    return tuple(items.values())[: rules.size]


def ranked_by_volume(
    markets: Iterable[TradableMarket], rules: RankingRules
) -> tuple[RankedMarket, ...]:
    """For want of a list of coins."""
    largest = sorted(markets, key=lambda market: (-market.volume, market.symbol))
    coins = (
        ListedCoin(rank=rank, symbol=market.base.upper(), id=market.base, market_cap=None)
        for rank, market in enumerate(largest, 1)
    )
    return ranked(coins, largest, rules)


def is_fresh(last: Ranking | None, rules: RankingRules, now: datetime) -> bool:
    """Whether it may stand for one of now; a list of another quote currency may not."""
    return last is not None and last.quote == rules.quote and now - last.as_of <= _GOOD_FOR


def has_shrunk(
    items: Sequence[RankedMarket], last: Ranking | None, rules: RankingRules, now: datetime
) -> bool:
    """Whether more than a fifth is gone since the last list, other than by wanting fewer."""
    if last is None or not is_fresh(last, rules, now):
        return False
    return len(items) < _LEAST_KEPT * min(len(last.items), rules.size)


def dated_key(at: datetime) -> str:
    """Where the list of a day stays."""
    return f"{DATED}{at:%Y-%m-%d}/top.json"


def ranking_document(ranking: Ranking) -> bytes:
    """JSON, money as text."""
    items = [
        {
            "rank": item.rank,
            "symbol": item.symbol,
            "id": item.id,
            "market": item.market,
            "market_cap": None if item.market_cap is None else plain(item.market_cap),
            "price": plain(item.price),
            "volume_24h": plain(item.volume_24h),
        }
        for item in ranking.items
    ]
    document = {
        "schema": _SCHEMA,
        "as_of": f"{ranking.as_of:%Y-%m-%dT%H:%M:%SZ}",
        "source": ranking.source,
        "quote": ranking.quote,
        "items": items,
    }
    return json.dumps(document, indent=1).encode()


def read_ranking(document: bytes) -> Ranking:
    """What `ranking_document` wrote; ValueError for anything else."""
    try:
        fields = json.loads(document)
        if fields["schema"] != _SCHEMA:
            raise ValueError(f"schema is {fields['schema']!r}; it must be {_SCHEMA}")
        return Ranking(
            as_of=datetime.fromisoformat(fields["as_of"]).astimezone(UTC),
            source=fields["source"],
            quote=fields["quote"],
            items=tuple(_read_item(item) for item in fields["items"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no ranking: {error!r}") from None


def listed_coin(
    rank: object, symbol: object, name: object, market_cap: object
) -> ListedCoin | None:
    """From a list's own words; None for an entry that names no coin or has no place."""
    text = str(symbol or "").strip().upper()
    if type(rank) is not int or rank < 1 or not _SYMBOL.fullmatch(text):
        return None
    return ListedCoin(
        rank=rank,
        symbol=text,
        id=str(name or text),
        market_cap=amount_or_none(market_cap),
    )


def amount_or_none(value: object) -> Decimal | None:
    """A number above zero as text, or none."""
    try:
        amount = parse_amount(str(value))
    except ValueError:
        return None
    return amount if amount > 0 else None


def _is_liquid(market: TradableMarket, rules: RankingRules) -> bool:
    return market.symbol == f"{market.base}/{rules.quote}" and market.volume >= rules.least_volume


def _read_item(item: dict[str, Any]) -> RankedMarket:
    cap = item["market_cap"]
    return RankedMarket(
        rank=item["rank"],
        symbol=item["symbol"],
        id=item["id"],
        market=item["market"],
        market_cap=None if cap is None else parse_amount(cap),
        price=parse_amount(item["price"]),
        volume_24h=parse_amount(item["volume_24h"]),
    )
