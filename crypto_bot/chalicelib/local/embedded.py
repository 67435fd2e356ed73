"""`crypto-bot run`: everything started in order, shown while it runs, stopped in reverse order."""

import time
from contextlib import ExitStack, suppress
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.venues import candle_files_in
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.local.session import Session, assemble
from chalicelib.local.snapshot import Watch
from chalicelib.local.stopping import stopped_by_signals
from chalicelib.local.view import RunOptions, RunSummary, View

_SNAPSHOT_SECONDS: Final = 1.0
_SNAPSHOT_SECONDS_ON_STAGE: Final = 30.0  # each takes a dozen reads, which are rationed there


def run(options: RunOptions, view: View) -> RunSummary:
    """Serve until a signal or the end of `seconds`. SettingsError says why it cannot start.

    A kill at any moment loses nothing that was answered 200.
    """
    _check_markets(options)
    _check(options)
    with stopped_by_signals() as stopping, ExitStack() as stack:
        session = assemble(options, stack)
        watch = Watch(
            ports=bootstrap.trading(),
            analytics=bootstrap.analytics(),
            tally=session.tally,
            notice=session.notice,
            market=session.market,
        )
        before = watch.look(is_old=True)
        began = time.monotonic()
        with ExitStack() as running:
            for part in session.parts:
                part.start()
                running.callback(part.stop)
            invitation = session.invitation
            view.started(
                url=invitation.url,
                dashboard=invitation.dashboard,
                token=invitation.token,
                curl=invitation.curl,
            )
            view.snapshot(before)
            pause = _SNAPSHOT_SECONDS if options.stage is None else _SNAPSHOT_SECONDS_ON_STAGE
            end = None if options.seconds is None else time.monotonic() + options.seconds
            _show_until(stopping, end, pause, watch, view)
        _show(watch, view)
        summary = _summary(session, time.monotonic() - began)
        view.stopped(summary)
        return summary


def _check(options: RunOptions) -> None:
    if options.stage is not None and options.replay_clock:
        raise SettingsError("--replay-clock is for a home folder; it never works on a stage")
    if options.seconds is not None and not options.seconds > 0:
        raise SettingsError(f"--for is {options.seconds}; it must be a number of seconds above 0")
    if options.prices is None:
        if options.replay_clock:
            raise SettingsError(
                "--replay-clock needs prices of that time; name a candle file with --prices FILE"
            )
        return
    if not options.replay_clock:
        raise SettingsError("--prices is for a replay; give --replay-clock with it")
    if not options.prices.exists():
        raise SettingsError(f"--prices is {options.prices}, and there is no such file or folder")
    if options.prices.is_dir():
        candle_files_in(options.prices)


def _check_markets(options: RunOptions) -> None:
    if options.markets and (options.stage is not None or options.replay_clock):
        raise SettingsError(
            "--market keeps the trades of now in a home folder; it goes neither with --stage nor "
            "with --replay-clock"
        )
    if options.collects and not options.markets:
        raise SettingsError("--collect is about markets; name one such as --market BTC/USDT")


def _show_until(
    stopping: Event, end: float | None, longest: float, watch: Watch, view: View
) -> None:
    pause = 0.0
    while not stopping.wait(pause):
        _show(watch, view)
        left = longest if end is None else end - time.monotonic()
        if left <= 0:
            return
        pause = min(longest, left)


def _show(watch: Watch, view: View) -> None:
    with suppress(StoreUnavailable):  # there is a next one
        view.snapshot(watch.look())


def _summary(session: Session, seconds: float) -> RunSummary:
    tally = session.tally
    return RunSummary(
        home=session.home,
        seconds=seconds,
        alerts=tally.alerts,
        refused=tally.refused,
        ticks=tally.ticks,
        plans=tally.plans,
        orders=tally.orders,
        fills=tally.fills,
        failures=tally.failures,
    )
