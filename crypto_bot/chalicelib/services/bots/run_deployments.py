"""[deployments, time series] -> each that runs is shown what has closed since, while there is time.

What one of them cannot go on with stops that one alone, and is on its record. What is away for the
moment stops nothing: the next round goes on where this one ended.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

from chalicelib.domain.bots.deployed import DeployedBot, deployment_of
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.errors import (
    CryptoBotError,
    SandboxUnavailable,
    StoreConflict,
    StoreUnavailable,
)
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.market_ports.series import TimeSeries
from chalicelib.ports.bots import BotPorts, KeptBot
from chalicelib.ports.workers import Workers
from chalicelib.services.bots.check_strategy import check_strategy
from chalicelib.services.bots.find_bot import find_bot
from chalicelib.services.bots.rest_deployment import rest_deployment
from chalicelib.services.bots.run_bots import Known, RunningBots, run_bots
from chalicelib.services.bots.stored_candles import StoredCandles, stored_history
from chalicelib.services.trading.receive_signal import Inbox
from chalicelib.services.trading.withdraw_purchases import withdraw_purchases

_AT_ONCE: Final = 4
# After the close: what is collected by the hour comes to the series one instrument at a time.
_PATIENCE: Final = timedelta(hours=3)
_UNTHOUGHT_OF: Final = "something went wrong that nobody has thought of; the log has it"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDeployments:
    """`venue` is the one whose candles are shown; `known` is what bots may ask for."""

    ports: BotPorts
    inbox: Inbox
    series: TimeSeries
    venue: str
    workers: Workers
    known: Known | None = None


@dataclass(slots=True, kw_only=True)
class DeploymentRound:
    """`as_of` is up to when all its bots have seen. `trouble` is tried again by the next round;
    `stopped` is what its code, its source or its strategy was stopped by, a sentence each.
    """

    name: str
    wishes: int = 0
    candles: int = 0
    finished: bool = False
    as_of: datetime | None = None
    trouble: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    failure: Exception | None = None


def run_deployments(work: RunningDeployments, *, until: datetime) -> list[DeploymentRound]:
    """Nothing more is begun after `until`. The order is another one every time: where the time runs
    out, it is not always for the same.
    """
    at = work.ports.clock.now().isoformat()
    running = [deployed for deployed in work.ports.deployments.all() if deployed.is_running]
    running.sort(key=lambda deployed: sha256(f"{at} {deployed.name}".encode()).digest())
    tasks = [partial(_run, work, deployed, until) for deployed in running]
    return work.workers.run_all(tasks, _AT_ONCE)


def _run(work: RunningDeployments, deployed: DeployedBot, until: datetime) -> DeploymentRound:
    """It raises nothing: what goes wrong is in the round."""
    done = DeploymentRound(name=deployed.name)
    try:
        if work.ports.clock.now() < until:
            _go_on(work, deployed, until, done)
        else:
            done.as_of = _reached(work, deployed)
    except (StoreUnavailable, StoreConflict, SandboxUnavailable) as error:
        done.trouble.append(f"{deployed.name}: {error}")
        with suppress(StoreUnavailable):  # `bots stop` once more takes it back, too
            _is_over(work, deployed)
            done.as_of = _reached(work, deployed)
    except CryptoBotError as error:
        _stop(work, deployed, done, str(error))
    except Exception as error:  # noqa: BLE001 - it is told and logged; the others go on
        done.failure = error
        _stop(work, deployed, done, _UNTHOUGHT_OF)
    return done


def _go_on(
    work: RunningDeployments, deployed: DeployedBot, until: datetime, done: DeploymentRound
) -> None:
    bot = find_bot(work.ports, deployed.bot, deployed.number).load()
    deployment = deployment_of(deployed, bot)
    check_strategy(deployment, work.inbox)
    awake = [
        setup
        for setup in deployment.setups
        if deployed.resting.keys().isdisjoint(setup.instruments)
    ]
    since = _since(work, deployment, awake, done)
    running = RunningBots(
        reader=StoredCandles(work.series, work.venue, awake, since),
        states=work.ports.states,
        inbox=work.inbox,
        deployment=deployment,
        trails=work.ports.trails,
        history=partial(_history, work, deployment),
        known=work.known,
        patience=_PATIENCE,
        resting=set(deployed.resting),
    )
    while not done.finished and work.ports.clock.now() < until:
        report = run_bots(running, wait=0)
        done.candles += report.messages
        done.wishes += report.wishes
        done.trouble.extend(report.refused)
        if report.resting:
            rest_deployment(work.ports, work.inbox, deployed, report.resting)
            done.stopped.extend(report.stopped)
        done.finished = not (report.messages or report.late) or _is_over(work, deployed)
    done.as_of = _as_of(running, awake, since)


def _is_over(work: RunningDeployments, deployed: DeployedBot) -> bool:
    """Whether the owner has changed it meanwhile. Of one that is not to run any more, what it has
    asked for since is taken back.
    """
    found = work.ports.deployments.get(deployed.name)
    if found is not None and found.changed_at == deployed.changed_at:
        return False
    if found is None or not found.is_running:
        withdraw_purchases(work.inbox, strategy=deployed.strategy, sender=deployed.name)
    return True


def _since(
    work: RunningDeployments, deployment: Deployment, awake: Sequence[Setup], done: DeploymentRound
) -> dict[str, datetime]:
    """When the next candle of each instrument starts. Where there are none at all, that is said."""
    found: dict[str, datetime] = {}
    for setup in awake:
        kept = work.ports.states.get(deployment.name, setup.on)
        first = _next(kept, setup.interval, deployment.since)
        found |= dict.fromkeys(setup.instruments, first)
        if kept is not None and kept.bot.seen is not None:
            continue
        for symbol in setup.instruments:
            series = CandleSeries(work.venue, symbol, setup.interval)
            if work.series.last(series) is None:
                done.trouble.append(
                    f"{deployment.name}: there are no candles of {series} in the time series;"
                    " CANDLE_SYMBOLS, CANDLE_INTERVALS and SERIES_INTERVALS say which are made"
                )
    return found


def _next(kept: KeptBot | None, interval: Interval, since: datetime) -> datetime:
    """When the candle starts that is to be shown to the bot next."""
    if kept is not None and kept.bot.seen is not None:
        return kept.bot.seen + interval.length
    heard_from = since if kept is None else kept.bot.heard_from
    return interval.start_of(heard_from)  # the first that closes later


def _reached(work: RunningDeployments, deployed: DeployedBot) -> datetime | None:
    """`as_of` of one that was not begun, or in trouble, by what is kept of it."""
    awake = {
        deployed.on(symbol) for symbol in deployed.instruments if symbol not in deployed.resting
    }
    kept = [work.ports.states.get(deployed.name, on) for on in awake]
    return min((_next(each, deployed.interval, deployed.since) for each in kept), default=None)


def _history(
    work: RunningDeployments, deployment: Deployment, setup: Setup
) -> Mapping[str, Sequence[Candle]]:
    return stored_history(work.series, work.venue, setup, deployment.since)


def _as_of(
    running: RunningBots, awake: Sequence[Setup], since: Mapping[str, datetime]
) -> datetime | None:
    ends = []
    for setup in awake:
        if not running.resting.isdisjoint(setup.instruments):
            continue
        kept = running.kept.get(setup.on)
        seen = None if kept is None else kept.bot.seen
        first = since[setup.instruments[0]]
        ends.append(first if seen is None else seen + setup.interval.length)
    return min(ends, default=None)


def _stop(work: RunningDeployments, deployed: DeployedBot, done: DeploymentRound, why: str) -> None:
    done.stopped.append(f"{deployed.name}: {why}")
    try:
        rest_deployment(work.ports, work.inbox, deployed, {}, why)
    except StoreUnavailable as error:  # the next round meets it again
        done.trouble.append(f"{deployed.name}: {error}")
