"""[deployments, time series] -> each that runs is shown what has closed since, while there is time.

What one of them cannot go on with stops that one alone, and is on its record. What is away for the
moment stops nothing: the next round goes on where this one ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
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
from chalicelib.market_ports.series import TimeSeries
from chalicelib.ports.bots import BotPorts
from chalicelib.ports.workers import Workers
from chalicelib.services.bots.find_bot import find_bot
from chalicelib.services.bots.rest_deployment import rest_deployment
from chalicelib.services.bots.run_bots import Known, RunningBots, check_strategy, run_bots
from chalicelib.services.bots.stored_candles import StoredCandles, stored_history
from chalicelib.services.trading.receive_signal import Inbox

_AT_ONCE: Final = 4
_MINUTE: Final = 60
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
    """Nothing more is begun after `until`. Each minute another one is the first."""
    now = work.ports.clock.now()
    running = [deployed for deployed in work.ports.deployments.all() if deployed.is_running]
    first = int(now.timestamp()) // _MINUTE % len(running) if running else 0
    turn = (*running[first:], *running[:first])
    tasks = [partial(_run, work, deployed, until) for deployed in turn]
    return work.workers.run_all(tasks, _AT_ONCE)


def _run(work: RunningDeployments, deployed: DeployedBot, until: datetime) -> DeploymentRound:
    """It raises nothing: what goes wrong is in the round."""
    done = DeploymentRound(name=deployed.name)
    try:
        if work.ports.clock.now() < until:
            _go_on(work, deployed, until, done)
    except (StoreUnavailable, StoreConflict, SandboxUnavailable) as error:
        done.trouble.append(f"{deployed.name}: {error}")
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
    awake = [each for each in deployment.setups if each.instruments[0] not in deployed.resting]
    since = _since(work, deployment, awake, done)
    running = RunningBots(
        reader=StoredCandles(work.series, work.venue, awake, since),
        states=work.ports.states,
        inbox=work.inbox,
        deployment=deployment,
        trails=work.ports.trails,
        history=partial(_history, work, deployment),
        known=work.known,
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
        done.finished = not report.messages
    done.as_of = _as_of(running, awake, since)


def _since(
    work: RunningDeployments, deployment: Deployment, awake: Sequence[Setup], done: DeploymentRound
) -> dict[str, datetime]:
    """When the next candle of each instrument starts. Where there are none at all, that is said."""
    found = {}
    for setup in awake:
        symbol = setup.instruments[0]
        kept = work.ports.states.get(deployment.name, symbol)
        if kept is not None and kept.bot.seen is not None:
            found[symbol] = kept.bot.seen + setup.interval.length
            continue
        heard_from = deployment.since if kept is None else kept.bot.heard_from
        found[symbol] = setup.interval.start_of(heard_from)  # the first that closes later
        series = CandleSeries(work.venue, symbol, setup.interval)
        if work.series.last(series) is None:
            done.trouble.append(
                f"{deployment.name}: there are no candles of {series} in the time series;"
                " CANDLE_SYMBOLS, CANDLE_INTERVALS and SERIES_INTERVALS say which are made"
            )
    return found


def _history(work: RunningDeployments, deployment: Deployment, setup: Setup) -> Sequence[Candle]:
    return stored_history(work.series, work.venue, setup, deployment.since)


def _as_of(
    running: RunningBots, awake: Sequence[Setup], since: Mapping[str, datetime]
) -> datetime | None:
    ends = dict(since)
    lengths = {setup.instruments[0]: setup.interval.length for setup in awake}
    for kept in running.kept.values():
        if kept.bot.seen is not None:
            ends[kept.symbol] = kept.bot.seen + lengths[kept.symbol]
    return min((ends[symbol] for symbol in ends if symbol not in running.resting), default=None)


def _stop(work: RunningDeployments, deployed: DeployedBot, done: DeploymentRound, why: str) -> None:
    done.stopped.append(f"{deployed.name}: {why}")
    try:
        rest_deployment(work.ports, work.inbox, deployed, {}, why)
    except StoreUnavailable as error:  # the next round meets it again
        done.trouble.append(f"{deployed.name}: {error}")
