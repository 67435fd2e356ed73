"""`crypto-bot worker klines`: the bus's closed candles into the store of recent ones."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import bus
from chalicelib.bootstrap.series import klines as kline_store
from chalicelib.bootstrap.streaming import KLINES_TOPIC
from chalicelib.market_ports.bus import BusReader
from chalicelib.market_ports.klines import Klines
from chalicelib.services.market.store_klines import store_klines
from chalicelib.worker.rounds import Round, work_in_rounds

_LOG = logging.getLogger(__name__)
_GROUP: Final = "klines"
_WAIT: Final = 0.5
_GLANCE: Final = 0.05


def klines(stopping: Event, *, once: bool) -> int:
    """Until stopped; with `once` until all candles on the bus are stored. How many there were."""
    count = _Count()

    @contextmanager
    def opened() -> Iterator[Round]:
        with (
            closing(bus()) as opened_bus,
            closing(opened_bus.read(KLINES_TOPIC, _GROUP)) as reader,
            closing(kline_store()) as store,
        ):
            yield lambda: _round(reader, store, count, once=once)

    work_in_rounds(opened, stopping, stage="worker klines")
    return count.stored


class _Count:
    stored = 0
    has_begun = False


def _round(reader: BusReader, store: Klines, count: _Count, *, once: bool) -> bool:
    report = store_klines(reader, store, bootstrap.clock(), wait=_GLANCE if once else _WAIT)
    count.stored += report.stored
    count.has_begun |= report.has_begun
    if report.malformed:
        _LOG.warning("%d messages are no closed candles", report.malformed)
    if not once or report.messages or not count.has_begun:
        return True
    return reader.lag() > 0
