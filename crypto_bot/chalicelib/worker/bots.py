"""`crypto-bot worker bots --bot`: the bus's closed candles to a bot that comes with the program."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import bot_states, live_views, reader_group
from chalicelib.bootstrap.market import bus
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.streaming import KLINES_TOPIC
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.operation.bot_notices import bot_stopped
from chalicelib.market_ports.bus import BusReader
from chalicelib.services.bots.check_strategy import check_strategy
from chalicelib.services.bots.run_bots import BotReport, RunningBots, run_bots
from chalicelib.services.operation.leave_notices import leave_notices
from chalicelib.worker.rounds import Round, work_in_rounds

_LOG = logging.getLogger(__name__)
_WAIT: Final = 0.5
_GLANCE: Final = 0.05


def bots(stopping: Event, deployment: Deployment, *, once: bool) -> int:
    """Until stopped; with `once` until all candles on the bus are seen. How many wishes there were.

    SettingsError where the strategy that it speaks for is not there.
    """
    check_strategy(deployment, bootstrap.webhook())

    known = live_views()

    def make(reader: BusReader) -> RunningBots:
        return RunningBots(
            reader=reader,
            states=bot_states(),
            inbox=bootstrap.webhook(),
            deployment=deployment,
            known=known,
        )

    return show_candles(stopping, deployment.name, make, _tell_stopped, once=once)


def show_candles(
    stopping: Event,
    name: str,
    make: Callable[[BusReader], RunningBots],
    tell: Callable[[BotReport], None],
    *,
    once: bool,
) -> int:
    """What `bots` does, for the deployment of this name. `tell` hears of each round."""
    count = _Count()

    @contextmanager
    def opened() -> Iterator[Round]:
        group = reader_group(name)
        with closing(bus()) as opened_bus, closing(opened_bus.read(KLINES_TOPIC, group)) as reader:
            work = make(reader)
            yield lambda: _round(work, count, tell, once=once)

    work_in_rounds(opened, stopping, stage="worker bots")
    return count.wishes


class _Count:
    wishes = 0


def _round(
    work: RunningBots, count: _Count, tell: Callable[[BotReport], None], *, once: bool
) -> bool:
    report = run_bots(work, wait=_GLANCE if once else _WAIT)
    count.wishes += report.wishes
    _log(report)
    tell(report)
    if not once or report.messages or report.late or not work.has_begun:
        return True
    return work.reader.lag() > 0


def _log(report: BotReport) -> None:
    if report.wishes:
        _LOG.info("%d signals", report.wishes)
    if report.malformed:
        _LOG.warning("%d messages are no closed candles, and no bot sees them", report.malformed)
    for sentence in (*report.stopped, *report.refused):
        _LOG.error("%s", sentence)


def _tell_stopped(report: BotReport) -> None:
    if report.stopped:
        now = bootstrap.clock().now()
        leave_notices(notices(), [bot_stopped(sentence, now) for sentence in report.stopped])
