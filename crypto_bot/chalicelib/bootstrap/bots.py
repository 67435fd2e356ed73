"""Bots: where they are kept, how their sources are run, and what they are checked on."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.jobs import checked_by_function
from chalicelib.bootstrap.sandbox import sandbox
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.candle import Candle
from chalicelib.ports.bots import BotPorts, BotStates, LoadBot
from chalicelib.services.bots.check_on_lake import CheckedOn, CheckThere, check_on_lake
from chalicelib.services.bots.deploy_bot import Check
from chalicelib.services.bots.find_bot import FoundBot
from chalicelib.services.bots.live_views import LiveViews
from chalicelib.services.bots.past_views import Findings
from chalicelib.services.bots.recent_history import recent_history

_LOG = logging.getLogger(__name__)
_HAS_NO_SANDBOX: Final = sys.platform == "win32"
_MOST_CHECKS: Final = 8


def bot_states() -> BotStates:
    """Beside the signals that they lead to."""
    from chalicelib.adapters.stores.bots import TableBotStates

    return TableBotStates(bootstrap.table())


@bootstrap.made_once
def bot_ports() -> BotPorts:
    """All of a bot's life, in the table of the trading. Sources run in a sandbox."""
    from chalicelib.adapters.stores.bot_trails import TableBotTrails
    from chalicelib.adapters.stores.bot_versions import TableBotStore
    from chalicelib.adapters.stores.deployments import TableDeploymentStore

    table = bootstrap.table()
    return BotPorts(
        bots=TableBotStore(table),
        deployments=TableDeploymentStore(table),
        states=bot_states(),
        trails=TableBotTrails(table),
        load=bootstrap.choices().load_bot or _contained(),
        clock=bootstrap.clock(),
    )


def in_a_sandbox_of_its_own() -> AbstractContextManager[BotPorts]:
    """Bots that are run from here keep no others waiting."""
    if _HAS_NO_SANDBOX or bootstrap.choices().load_bot is not None:
        return nullcontext(bot_ports())
    return _with_sandbox()


def in_this_process() -> BotPorts:
    """Much faster, and with all that the caller may do: for whoever tries a bot of his own."""
    from chalicelib.adapters.bot_files import bot_of

    return replace(bot_ports(), load=bot_of)


@contextmanager
def _with_sandbox() -> Iterator[BotPorts]:
    with closing(sandbox()) as box:
        yield replace(bot_ports(), load=box)


def _contained() -> LoadBot:
    if _HAS_NO_SANDBOX:
        from chalicelib.adapters.bot_files import bot_of

        _LOG.warning("Windows has no sandbox: bots run in this process, with all that it may do")
        return bot_of
    box = sandbox()
    bootstrap.closed_at_the_end(box)
    return box


def check_bot(
    found: FoundBot, load: Callable[[], Setup], there: CheckThere | None = None
) -> CheckedOn:
    """On candles of the lake; those of the configured venue go before others. `there` looks at a
    bot that runs elsewhere.
    """
    from chalicelib.bootstrap.candles import candle_lake, candle_settings

    return check_on_lake(
        load, candle_lake(), venue=candle_settings().venue, source=found.source, there=there
    )


def remembered_check() -> Check:
    """`check_bot`; what was found in order is not looked at again for the same, which is asked for
    twice: before the owner says yes, and after.
    """

    def check(found: FoundBot, load: Callable[[], Setup]) -> CheckedOn:
        setup = load()
        known = (
            found.title,
            found.source,
            setup.instruments,
            setup.interval,
            str(setup.parameters),
        )
        earlier = _checks().get(known)
        if earlier is not None:
            return earlier
        # The function that the internet reaches has no right to candles, on which bots are checked.
        elsewhere = bootstrap.is_function()
        checked = checked_by_function(found, setup) if elsewhere else check_bot(found, load)
        if checked.check is not None and not checked.check.findings:
            _checks()[known] = checked
            while len(_checks()) > _MOST_CHECKS:
                del _checks()[next(iter(_checks()))]
        return checked

    return check


@bootstrap.made_once
def _checks() -> dict[tuple[Any, ...], CheckedOn]:
    return {}


@contextmanager
def findings() -> Iterator[Findings]:
    """What was ranked and analysed, for bots that ask."""
    from chalicelib.bootstrap.market import lake
    from chalicelib.bootstrap.series import kept_analyses

    analyses = kept_analyses()
    try:
        yield Findings(lake(), analyses)
    finally:
        if analyses is not None:
            analyses.close()


def live_views() -> LiveViews:
    """What bots on live candles may know, of the venue whose candles are on the bus."""
    from chalicelib.bootstrap.market import market_settings

    return LiveViews(findings, market_settings().venue)


def history(setup: Setup) -> Mapping[str, Sequence[Candle]]:
    """What a bot that begins is shown first, of the venue whose candles are on the bus."""
    from chalicelib.bootstrap.candles import candle_lake
    from chalicelib.bootstrap.market import market_settings

    now = bootstrap.clock().now()
    return recent_history(candle_lake(), setup, venue=market_settings().venue, now=now)


def reader_group(name: str) -> str:
    """Under which a deployment reads the bus."""
    return f"bots-{name}"


def forget_reader(name: str) -> None:
    """A deployment that does not run keeps no message from being deleted."""
    from chalicelib.bootstrap.market import BUS_FILE, bus, market_settings
    from chalicelib.bootstrap.streaming import KLINES_TOPIC

    has_file = not bootstrap.choices().from_outside and (bootstrap.home() / BUS_FILE).exists()
    if market_settings().kafka or has_file:
        with closing(bus()) as opened:
            opened.forget(KLINES_TOPIC, reader_group(name))
