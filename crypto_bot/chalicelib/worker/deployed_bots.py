"""`crypto-bot worker bots`: all deployments that run, each in a thread of its own.

What the owner deploys, updates or stops meanwhile is seen within seconds. What one of them cannot
go on with stops that one alone, and is on its record.
"""

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import (
    bot_ports,
    forget_reader,
    history,
    in_a_sandbox_of_its_own,
    live_views,
)
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.bots.deployed import DeployedBot, deployment_of
from chalicelib.domain.errors import CryptoBotError, StoreConflict, StoreUnavailable
from chalicelib.domain.operation.bot_notices import deployment_stopped
from chalicelib.market_ports.bus import BusReader
from chalicelib.services.bots.check_strategy import check_strategy
from chalicelib.services.bots.find_bot import find_bot
from chalicelib.services.bots.rest_deployment import rest_deployment
from chalicelib.services.bots.run_bots import BotReport, RunningBots
from chalicelib.services.operation.leave_notices import leave_notices
from chalicelib.services.trading.withdraw_purchases import withdraw_purchases
from chalicelib.worker.bots import show_candles

_LOG = logging.getLogger(__name__)
_LOOK_EVERY: Final = 2.0
# The process that a bot's code runs in may use an hour of the processor, and then it is killed.
AGAIN_AFTER: Final = timedelta(seconds=3_000)


def deployed_bots(stopping: Event, *, once: bool, look: float = _LOOK_EVERY) -> int:
    """Until stopped; with `once` until all have seen all candles on the bus. How many wishes.

    `look` is how many seconds pass before it looks at the deployments again.
    """
    ports = bot_ports()
    for make in (bootstrap.webhook, notices):  # before threads ask for them side by side
        make()
    if once:
        running = [deployed for deployed in ports.deployments.all() if deployed.is_running]
        now = ports.clock.now()
        return sum(_Run(deployed, now).work(stopping, once=True) for deployed in running)
    runs: dict[str, _Run] = {}
    wishes = 0
    while not stopping.is_set():
        with suppress(StoreUnavailable):  # there is a next look
            wishes += _follow(runs, ports.deployments.all(), ports.clock.now())
        stopping.wait(look)
    return wishes + _end(runs, list(runs))


def _follow(runs: dict[str, "_Run"], deployments: Sequence[DeployedBot], now: datetime) -> int:
    """Start and end threads until they are those of the deployments that run."""
    wanted = {deployed.name: deployed for deployed in deployments if deployed.is_running}
    over = [
        name
        for name, run in runs.items()
        if name not in wanted
        or run.deployed.changed_at != wanted[name].changed_at
        or not run.thread.is_alive()
        or now - run.since >= AGAIN_AFTER
    ]
    wishes = _end(runs, over, gone=[name for name in over if name not in wanted])
    for name, deployed in wanted.items():
        if name not in runs:
            runs[name] = _Run(deployed, now)
            runs[name].thread.start()
    return wishes


def _end(runs: dict[str, "_Run"], names: Collection[str], gone: Collection[str] = ()) -> int:
    """All are told before one is waited for. Of those that are `gone` the next look ends again
    what could not be taken back.
    """
    for name in names:
        runs[name].stopping.set()
    for name in names:
        runs[name].thread.join()
    ended = [name for name in names if name not in gone or _is_taken_back(runs[name].deployed)]
    return sum(runs.pop(name).wishes for name in ended)


def _is_taken_back(deployed: DeployedBot) -> bool:
    """It may have asked for something until it heard that it is stopped."""
    try:
        withdraw_purchases(bootstrap.webhook(), strategy=deployed.strategy, sender=deployed.name)
        forget_reader(deployed.name)
    except StoreUnavailable as error:
        _LOG.warning("%s: %s", deployed.name, error)
        return False
    return True


class _Run:
    """One deployment as it was when its thread began."""

    def __init__(self, deployed: DeployedBot, since: datetime) -> None:
        self.deployed = deployed
        self.since = since
        self.stopping = Event()
        self.wishes = 0
        self.thread = Thread(
            target=lambda: self.work(self.stopping, once=False), name=f"bot {deployed.name}"
        )

    def work(self, stopping: Event, *, once: bool) -> int:
        """How many wishes there were. It raises nothing: what goes wrong is on its record."""
        try:
            self.wishes = self._work(stopping, once=once)
        except (StoreUnavailable, StoreConflict) as error:  # the next look begins it again
            _LOG.warning("%s: %s", self.deployed.name, error)
        except CryptoBotError as error:
            self._stop(str(error))
        except Exception:  # noqa: BLE001 - said and logged; the others go on
            _LOG.exception("the deployment %s has ended", self.deployed.name)
            self._stop("something went wrong that nobody has thought of; the log has it")
        return self.wishes

    def _work(self, stopping: Event, *, once: bool) -> int:
        deployed = self.deployed
        with in_a_sandbox_of_its_own() as ports:
            bot = find_bot(ports, deployed.bot, deployed.number).load()
            deployment = deployment_of(deployed, bot)
            check_strategy(deployment, bootstrap.webhook())

            known = live_views()

            def make(reader: BusReader) -> RunningBots:
                return RunningBots(
                    reader=reader,
                    states=ports.states,
                    inbox=bootstrap.webhook(),
                    deployment=deployment,
                    trails=ports.trails,
                    history=history,
                    known=known,
                    resting=set(deployed.resting),
                )

            # From the beginning of the bus: what its bots have seen they pass, and what came while
            # one of them rested they have not seen.
            forget_reader(deployed.name)
            return show_candles(stopping, deployed.name, make, self._note, once=once)

    def _note(self, report: BotReport) -> None:
        if report.resting:
            rest_deployment(bot_ports(), bootstrap.webhook(), self.deployed, report.resting)
            self._tell(report.stopped)

    def _stop(self, why: str) -> None:
        _LOG.error("%s: %s", self.deployed.name, why)
        with suppress(StoreUnavailable):  # it begins again, and so does what is wrong
            rest_deployment(bot_ports(), bootstrap.webhook(), self.deployed, {}, why)
            self._tell([f"{self.deployed.name}: {why}"])

    def _tell(self, sentences: Sequence[str]) -> None:
        now, name = bootstrap.clock().now(), self.deployed.name
        leave_notices(notices(), [deployment_stopped(name, said, now) for said in sentences])
