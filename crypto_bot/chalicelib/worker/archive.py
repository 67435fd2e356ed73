"""`crypto-bot worker archive`: the bus's trades into the lake, minute by minute."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import TRADES_TOPIC, bus, lake
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.market.cutting import REJECTED
from chalicelib.domain.operation.market_notices import messages_rejected
from chalicelib.drivers.trade_codec import read_trade
from chalicelib.services.market.archive_trades import Archiving, archive_trades
from chalicelib.services.operation.leave_notices import leave_notices
from chalicelib.worker.rounds import Round, work_in_rounds

_LOG = logging.getLogger(__name__)
_GROUP: Final = "archive"
_IDLE: Final = timedelta(seconds=15)
_WAIT: Final = 0.5


def archive(stopping: Event, *, once: bool) -> None:
    """Until stopped; with `once` until everything that is over by now is in the lake."""

    @contextmanager
    def opened() -> Iterator[Round]:
        with closing(bus()) as opened_bus, closing(opened_bus.read(TRADES_TOPIC, _GROUP)) as reader:
            work = Archiving(
                reader=reader,
                lake=lake(),
                clock=bootstrap.clock(),
                idle=timedelta(0) if once else _IDLE,
                read_trade=read_trade,
            )
            yield lambda: _round(work, once=once)

    work_in_rounds(opened, stopping, stage="worker archive")


def _round(work: Archiving, *, once: bool) -> bool:
    report = archive_trades(work, wait=_WAIT)
    if report.objects:
        _LOG.info("%d objects from %d messages", report.objects, report.messages)
    if report.rejected:
        _LOG.warning("%d messages are no trades; see %s", report.rejected, REJECTED)
        found = messages_rejected(report.rejected, REJECTED, bootstrap.clock().now())
        leave_notices(notices(), [found])
    if not once or report.messages or report.waiting or not work.cutters:
        return True
    return work.reader.lag() > 0
