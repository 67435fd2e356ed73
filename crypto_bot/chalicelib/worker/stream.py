"""`crypto-bot worker stream`: what a venue tells of its markets, onto the bus."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event
from typing import Final

from chalicelib.bootstrap.market import bus
from chalicelib.bootstrap.streaming import TOPICS, OpenFeed, overlap
from chalicelib.market_ports.bus import Bus
from chalicelib.market_ports.feeds import Feed
from chalicelib.services.market.stream_trades import beginning, stream_trades
from chalicelib.worker.rounds import Round, work_in_rounds

_LOG = logging.getLogger(__name__)
_WAIT: Final = 0.2
_SAY_EVERY: Final = 10_000


def stream(stopping: Event, open_feed: OpenFeed) -> int:
    """Until stopped, or until the feed ends; how many messages went onto the bus."""
    count = _Count()

    @contextmanager
    def opened() -> Iterator[Round]:
        with closing(bus()) as opened_bus:
            begin = beginning(opened_bus, TOPICS, overlap=overlap())
            with closing(open_feed(begin)) as feed:
                yield lambda: _round(feed, opened_bus, count)

    work_in_rounds(opened, stopping)
    return count.messages


class _Count:
    messages = 0


def _round(feed: Feed, opened_bus: Bus, count: _Count) -> bool:
    report = stream_trades(feed, opened_bus, TOPICS, wait=_WAIT)
    before = count.messages
    count.messages += report.trades + report.candles
    if count.messages // _SAY_EVERY > before // _SAY_EVERY:
        _LOG.info("%d messages are on the bus", count.messages)
    return not report.ended
