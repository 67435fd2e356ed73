"""Options -> everything one run consists of, put together and not yet started."""

import importlib
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap.access import may_send_more
from chalicelib.bootstrap.operation import gauges, operation, telemetry
from chalicelib.bootstrap.stage import work_on
from chalicelib.bootstrap.venues import check_exchange
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.functions.watching import after_tick
from chalicelib.local import demo
from chalicelib.local.gateway import Gateway
from chalicelib.local.home import held, owner_token
from chalicelib.local.invitation import Invitation, invite
from chalicelib.local.logs import logging_to
from chalicelib.local.lookout import Lookout
from chalicelib.local.metrics import Metrics
from chalicelib.local.replay import Replay, refuse_real_accounts
from chalicelib.local.schedule import Rhythm, Schedule
from chalicelib.local.server import Server
from chalicelib.local.tally import Tally
from chalicelib.local.view import RunOptions
from chalicelib.settings import DEFAULT_ACCOUNT

_DEMO_FOLDER: Final = "demo"
_DEMO_RHYTHM: Final = Rhythm(tick=1.0, report=3.0)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STAGE_RHYTHM: Final = Rhythm(look=2.0)  # each look is two reads, which are rationed there
_OWNER: Final = "run"  # one run holds the home folder, so its leases are its own after a kill, too


class Part(Protocol):
    """Something with a thread of its own."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """Return when it has ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`parts` in the order of starting, stopped the other way round. `market`: how its data is."""

    home: Path
    tally: Tally
    parts: tuple[Part, ...]
    invitation: Invitation
    notice: str
    market: Callable[[], str]


def assemble(options: RunOptions, stack: ExitStack) -> Session:
    """Locks the home folder, picks the adapters, binds the port; `stack` takes it all back."""
    stack.callback(bootstrap.use, bootstrap.choices())
    if options.stage is not None:
        work_on(options.stage)
    home, is_demo = _enter_home(options, stack)
    token = owner_token(home)
    bootstrap.use(
        replace(
            bootstrap.choices(),
            home=home,
            loopback=_is_loopback(options),
            owner_token=token,
            emits_metrics=options.logs_json,
        )
    )
    tally = Tally()
    owner = lease_owner(options, token)
    driver = (
        _replay(options, tally)
        if options.replay_clock
        else _schedule(tally, owner, _rhythm(options, is_demo=is_demo))
    )
    lookout = Lookout(look=partial(after_tick, owner=owner))
    if isinstance(driver, Schedule):
        driver.ended = lookout.hear
    tokens = demo.set_the_stage(bootstrap.strategies()) if is_demo else {}
    configuration = bootstrap.strategies().configuration()
    _refuse_unusable(configuration)
    server = _server(options, driver, tally, stack)
    parts: tuple[Part, ...] = (lookout, driver, server)
    if isinstance(driver, Replay):
        parts = (driver, server)  # of the past there is nothing to be told
    if is_demo:
        clock = bootstrap.clock()
        parts = (*parts, demo.Demonstration(clock=clock, server=server, tokens=tokens))
    of_market, market = _market(options)
    parts = (*parts, *of_market)
    return Session(
        home=home,
        tally=tally,
        parts=parts,
        invitation=invite(
            _base(options, server), configuration, tokens, token, loopback=_is_loopback(options)
        ),
        notice=_notice(options, configuration, is_demo=is_demo),
        market=market,
    )


def _market(options: RunOptions) -> tuple[tuple[Part, ...], Callable[[], str]]:
    """What keeps market data beside the trading, and one line that says how that is."""
    parts: tuple[Part, ...] = ()
    lines: list[Callable[[], str]] = []
    if options.markets:
        from chalicelib.local.market_chain import MarketChain

        chain = MarketChain(options.markets, collects=options.collects)
        parts, lines = (chain,), [chain.status]
    # Those of a stage on AWS are functions there, and of the past there is nothing to collect.
    is_here_and_now = options.stage is None and not options.replay_clock
    if is_here_and_now and bootstrap.settings().market_functions:
        from chalicelib.local.pipeline.schedule import stage_schedule

        stages = stage_schedule()
        if stages is not None:
            parts, lines = (*parts, stages), [*lines, stages.status]
    return parts, lambda: " | ".join(filter(None, (line() for line in lines)))


def _enter_home(options: RunOptions, stack: ExitStack) -> tuple[Path, bool]:
    """The folder of this run, and whether it is the demonstration's."""
    home = bootstrap.home() if options.home is None else options.home.expanduser()
    if options.stage is not None:
        return stack.enter_context(held(home / options.stage)), False
    stack.enter_context(held(home))
    if not options.demo or options.replay_clock:
        return home, False
    bootstrap.use(replace(bootstrap.choices(), home=home))
    configuration = bootstrap.strategies().configuration()
    if configuration.accounts or configuration.strategies:
        return home, False
    return stack.enter_context(held(home / _DEMO_FOLDER)), True


def _replay(options: RunOptions, tally: Tally) -> Replay:
    clock = ReplayClock(_EPOCH)
    replay = Replay(
        ports=bootstrap.trading, analytics=bootstrap.analytics, tally=tally, clock=clock
    )
    bootstrap.use(
        replace(
            bootstrap.choices(),
            clock=clock,
            workers=InlineWorkers(),
            prices=options.prices,
            on_fire_time=replay.on_fire_time,
        )
    )
    refuse_real_accounts(bootstrap.strategies().configuration())
    return replay


def lease_owner(options: RunOptions, token: str) -> str:
    """On a stage others work beside this run: the name is this folder's, and stays after a kill."""
    return _OWNER if options.stage is None else f"{_OWNER} {hash_token(token)[:12]}"


def _rhythm(options: RunOptions, *, is_demo: bool) -> Rhythm:
    if is_demo:
        return _DEMO_RHYTHM
    return Rhythm() if options.stage is None else _STAGE_RHYTHM


def _schedule(tally: Tally, owner: str, rhythm: Rhythm) -> Schedule:
    return Schedule(
        ports=bootstrap.trading(),
        analytics=bootstrap.analytics(),
        tally=tally,
        owner=owner,
        rhythm=rhythm,
    )


def _server(
    options: RunOptions, driver: Replay | Schedule, tally: Tally, stack: ExitStack
) -> Server:
    app = importlib.import_module("app").app
    stack.enter_context(logging_to(bootstrap.home(), app.log, as_json=options.logs_json))
    bootstrap.webhook()  # made before the threads that will ask for it, as the next ones are
    operation()
    telemetry()
    turn = driver.turn if isinstance(driver, Replay) else nullcontext
    gateway = Gateway(app, turn=turn, answered=driver.hear)
    metrics = Metrics(gateway, gauges().exposition, tally, bootstrap.owner_token())
    return Server(metrics, options.host, options.port, may_send_more)


def _refuse_unusable(configuration: Configuration) -> None:
    """SettingsError for an account that could not trade once its first alert is there."""
    bootstrap.settings().check_accounts(configuration.accounts.values())
    for account in configuration.accounts.values():
        check_exchange(account)
    for subscription in configuration.subscriptions:
        if subscription.account not in configuration.accounts:
            raise SettingsError(
                f"strategy {subscription.strategy} is followed by account {subscription.account}, "
                f"and there is no such account; {_missing_account(subscription.account)}"
            )
    for name in sorted({subscription.account for subscription in configuration.subscriptions}):
        bootstrap.exchanges().open(configuration.accounts[name])


def _missing_account(name: str) -> str:
    """The default account comes and goes with the environment; others with a file."""
    if name == DEFAULT_ACCOUNT:
        return "set EXCHANGE_NAME, which makes it, or crypto-bot accounts apply FILE with it"
    return "crypto-bot accounts apply FILE with it"


def _is_loopback(options: RunOptions) -> bool:
    return options.host in _LOOPBACK and not options.public_url


def _base(options: RunOptions, server: Server) -> str:
    if options.public_url:
        return options.public_url.rstrip("/")
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"http://{host}:{server.port}"


def _notice(options: RunOptions, configuration: Configuration, *, is_demo: bool) -> str:
    if is_demo:
        return demo.NOTICE
    if options.replay_clock:
        return "Replay: it is the time of the newest alert."
    if not configuration.strategies:
        return "Nothing is configured: crypto-bot strategies apply FILE, then accounts apply FILE"
    if options.host not in _LOOPBACK:
        return f"{options.host} is served without TLS: let only a tunnel or proxy reach it."
    return ""
