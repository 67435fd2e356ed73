"""Publishers of capitalisations -> the markets worth watching, as an object in the [lake].

The first publisher that answers with a list like the last one counts. Without any, the last list
stays for a week, and then markets are ranked by their volume at the venue itself. A publisher that
wanted to be left alone is, also by a run that comes too early.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.market.ranking import (
    BY_VOLUME,
    LATEST,
    RankedMarket,
    Ranking,
    RankingRules,
    TradableMarket,
    dated_key,
    has_shrunk,
    is_fresh,
    ranked,
    ranked_by_volume,
    ranking_document,
    read_ranking,
)
from chalicelib.market_ports.lake import Lake
from chalicelib.market_ports.ranking import RankingSource, TradableMarkets
from chalicelib.ports import Clock

SILENCE: Final = "top_marketcap/_silence.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingReport:
    """`is_new`: the list is of now; else it is the last one, or none. `trouble` says why."""

    ranking: Ranking | None
    is_new: bool
    trouble: tuple[str, ...]


@dataclass(slots=True)
class _Attempt:
    now: datetime
    rules: RankingRules
    last: Ranking | None
    silence: dict[str, datetime]
    trouble: list[str] = field(default_factory=list)


def rank_markets(
    sources: Sequence[RankingSource],
    venue: TradableMarkets,
    lake: Lake,
    rules: RankingRules,
    clock: Clock,
) -> RankingReport:
    """Write today's list and the latest; nothing where there is no good one."""
    attempt = _Attempt(clock.now(), rules, last_ranking(lake), _read_silence(lake))
    before = dict(attempt.silence)
    try:
        markets = venue.tradable(rules.quote)
    except ExchangeUnavailable as error:
        return RankingReport(ranking=attempt.last, is_new=False, trouble=(str(error),))
    found = _first_good(sources, markets, attempt)
    if attempt.silence != before:
        lake.put(SILENCE, _silence_document(attempt.silence))
    trouble = tuple(attempt.trouble)
    if found is None:
        return RankingReport(ranking=attempt.last, is_new=False, trouble=trouble)
    document = ranking_document(found)
    lake.put(dated_key(attempt.now), document)
    lake.put(LATEST, document)
    return RankingReport(ranking=found, is_new=True, trouble=trouble)


def last_ranking(lake: Lake) -> Ranking | None:
    """The latest good list; None where there is none that can be read."""
    document = lake.get(LATEST)
    try:
        return None if document is None else read_ranking(document)
    except ValueError:
        return None  # the next good one takes its place


def _first_good(
    sources: Iterable[RankingSource], markets: list[TradableMarket], attempt: _Attempt
) -> Ranking | None:
    for source in sources:
        items = _asked(source, markets, attempt)
        if items is not None and _is_good(source.name, items, attempt):
            return _ranking(source.name, items, attempt)
    if is_fresh(attempt.last, attempt.rules, attempt.now):
        return None
    items = ranked_by_volume(markets, attempt.rules)
    if _is_good(BY_VOLUME, items, attempt):
        return _ranking(BY_VOLUME, items, attempt)
    return None


def _asked(
    source: RankingSource, markets: list[TradableMarket], attempt: _Attempt
) -> tuple[RankedMarket, ...] | None:
    until = attempt.silence.get(source.name)
    if until is not None and attempt.now < until:
        attempt.trouble.append(f"{source.name} is not asked before {until:%Y-%m-%d %H:%M:%S} UTC")
        return None
    attempt.silence.pop(source.name, None)
    try:
        return ranked(source.coins(), markets, attempt.rules)
    except ExchangeUnavailable as error:
        attempt.trouble.append(str(error))
        if error.retry_at is not None:
            attempt.silence[source.name] = error.retry_at
        return None


def _is_good(name: str, items: Sequence[RankedMarket], attempt: _Attempt) -> bool:
    if items and not has_shrunk(items, attempt.last, attempt.rules, attempt.now):
        return True
    were = len(attempt.last.items) if attempt.last else 0
    attempt.trouble.append(f"by {name} there are {len(items)} markets, and there were {were}")
    return False


def _ranking(name: str, items: tuple[RankedMarket, ...], attempt: _Attempt) -> Ranking:
    return Ranking(as_of=attempt.now, source=name, quote=attempt.rules.quote, items=items)


def _read_silence(lake: Lake) -> dict[str, datetime]:
    try:
        said = json.loads(lake.get(SILENCE) or b"{}")
        return {str(name): datetime.fromisoformat(text) for name, text in said.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _silence_document(silence: Mapping[str, datetime]) -> bytes:
    texts = {name: at.astimezone(UTC).isoformat() for name, at in sorted(silence.items())}
    return json.dumps(texts).encode()
