"""[lake of rankings, analyses] -> what a bot may know of them at any time between two."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.analysis import Analysis, instrument_subject
from chalicelib.domain.market.ranking import DATED, RankedMarket, Ranking, dated_key, read_ranking
from chalicelib.market_ports.lake import Lake
from chalicelib.market_ports.series import Analyses

# An analysis bears the time of the candles that it is of, and is made within the hour after it.
MADE_WITHIN: Final = timedelta(hours=1)
_AT_ONCE: Final = 1_000
_SECOND: Final = timedelta(seconds=1)


class Findings(NamedTuple):
    """Where they are kept; `analyses` is None where nothing is analysed."""

    rankings: Lake
    analyses: Analyses | None = None


def past_views(
    findings: Findings, setup: Setup, venue: str, since: datetime, until: datetime
) -> Views:
    """From the last ones before `since` on: lists, one of each day, and figures by instrument."""
    rankings = list(_rankings(findings.rankings, since, until))
    return Views(
        analytics=Timeline(_analytics(findings.analyses, setup, venue, since, until)),
        ranking=Timeline((at_ms(kept.as_of), [*map(_row, kept.items)]) for kept in rankings),
        universe=Timeline(
            (at_ms(kept.as_of), [item.market for item in kept.items]) for kept in rankings
        ),
    )


def _rankings(lake: Lake, since: datetime, until: datetime) -> Iterator[Ranking]:
    keys = [kept.key for kept in lake.objects(DATED)]
    before = bisect_left(keys, dated_key(since)) - 1
    for key in keys[max(0, before) :]:
        document = lake.get(key) if key <= dated_key(until) else None
        try:
            if document is not None:
                yield read_ranking(document)
        except ValueError:
            continue  # the list of the day before stands for it


def _row(item: RankedMarket) -> dict[str, Any]:
    """Numbers as a bot's own are."""
    return {
        "rank": item.rank,
        "symbol": item.symbol,
        "id": item.id,
        "market": item.market,
        "market_cap": None if item.market_cap is None else float(item.market_cap),
        "price": float(item.price),
        "volume_24h": float(item.volume_24h),
    }


def _analytics(
    analyses: Analyses | None, setup: Setup, venue: str, since: datetime, until: datetime
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """By when it was known, the newest figures of each instrument that has any."""
    if analyses is None:
        return
    found = [
        (analysis.at + MADE_WITHIN, symbol, analysis.figures)
        for symbol in setup.instruments
        for analysis in _between(analyses, instrument_subject(venue, symbol), since, until)
    ]
    newest: dict[str, Any] = {}
    for known_at, symbol, figures in sorted(found, key=lambda known: known[0]):
        newest[symbol] = figures
        yield at_ms(known_at), dict(newest)


def _between(
    analyses: Analyses, subject: str, since: datetime, until: datetime
) -> Iterator[Analysis]:
    """Those that were known from `since` to `until`, and the last one before; newest first."""
    end = until - MADE_WITHIN
    at_once = 1 if since >= until else _AT_ONCE
    while True:
        page = analyses.newest(subject, at_once, end)
        for analysis in page:
            yield analysis
            if analysis.at + MADE_WITHIN <= since:
                return
        if len(page) < at_once:
            return
        end = page[-1].at - _SECOND
