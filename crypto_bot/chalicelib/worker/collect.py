"""`crypto-bot collect-trades`: a venue's trades over REST into the lake, and on each minute."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import lake, market_settings, trade_history
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.market.collecting import in_turn
from chalicelib.services.market.collect_trades import Collecting, CollectReport, collect_trades
from chalicelib.services.operation.report_collection import report_collection
from chalicelib.worker.rounds import Round, work_in_rounds

_LOG = logging.getLogger(__name__)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EVERY: Final = timedelta(minutes=1)
# After a minute has ended, its last trades have shown up by then.
_SETTLED: Final = timedelta(seconds=6)


def collect(
    stopping: Event,
    symbols: Sequence[str],
    *,
    once: bool,
    since: datetime | None = None,
    last: list[CollectReport] | None = None,
) -> list[CollectReport]:
    """Until stopped; with `once` until all symbols are up to date or fail.

    Returns the reports of the last round, which are in `last` while there are rounds.
    """
    last = [] if last is None else last
    start = since

    @contextmanager
    def opened() -> Iterator[Round]:
        with closing(trade_history()) as history:
            clock, venue = bootstrap.clock(), market_settings().venue
            work = Collecting(venue=venue, history=history, lake=lake(), clock=clock)
            yield lambda: do_round(work)

    def do_round(work: Collecting) -> bool:
        nonlocal start
        now = work.clock.now()
        last[:] = collect_trades(work, in_turn(symbols, now), since=start)
        start = None  # begun anew once: from now on the notes tell
        _tell(last)
        report_collection(notices(), work.clock, last)
        work_until = max((r.progress.retry_at for r in last if r.progress.retry_at), default=None)
        if once and work_until is None:
            return False
        stopping.wait(_pause(work.clock.now(), work_until).total_seconds())
        return True

    work_in_rounds(opened, stopping, stage="collecting trades")
    return last


def _pause(now: datetime, retry_at: datetime | None) -> timedelta:
    """Until shortly after the next minute has begun, or until the venue may be asked again."""
    if retry_at is not None and retry_at > now:
        return retry_at - now
    return _EVERY - (now - _SETTLED - _EPOCH) % _EVERY


def _tell(reports: Sequence[CollectReport]) -> None:
    for report in reports:
        if report.trouble:
            _LOG.warning("trades of %s: %s", report.symbol, report.trouble)
        elif report.objects:
            _LOG.info("%s: %d objects", report.symbol, report.objects)
