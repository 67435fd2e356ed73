"""Where `run` is shown: tables that change in place on a terminal, plain lines elsewhere."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import TextIO

from rich.console import Console
from rich.live import Live

from chalicelib.cli.draw import cents, draw, rows_for
from chalicelib.cli.words import (
    moment,
    order_line,
    outcome_words,
    quarantine_line,
    signal_line,
    told_at,
)
from chalicelib.local import RunSummary, Snapshot, View

_LOG = logging.getLogger(__name__)


def view_for(stream: TextIO) -> View:
    """Tables where somebody looks, lines where something reads."""
    console = Console(file=stream)
    return TerminalView(console) if console.is_terminal else PlainView(stream)


class TerminalView:
    """Tables of signals, orders, positions and equity, drawn anew with every snapshot."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
        self._title = "crypto-bot"

    def started(self, *, url: str, dashboard: str, token: str, curl: str) -> None:
        """What the owner needs stays above the tables, where it can be copied."""
        for line in started_lines(url, dashboard, token, curl):
            self._console.print(line, soft_wrap=True, markup=False, highlight=False)
        self._title = f"crypto-bot at {url.split('/hook/', maxsplit=1)[0]}"
        self._live.start()

    def snapshot(self, snapshot: Snapshot) -> None:
        """Replaces the tables."""
        rows = rows_for(self._console.height, snapshot)
        self._live.update(draw(snapshot, self._title, rows), refresh=True)

    def stopped(self, summary: RunSummary) -> None:
        """Leaves the last tables on the screen, with the summary below."""
        self._live.stop()
        self._console.print(summary.sentence(), soft_wrap=True, markup=False, highlight=False)


class PlainView:
    """One line per thing that changed, so that a log of the run can be read and searched."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said: dict[str, str] = {}
        self._troubled: set[str] = set()

    def started(self, *, url: str, dashboard: str, token: str, curl: str) -> None:
        """The same lines as on a terminal."""
        for line in started_lines(url, dashboard, token, curl):
            self._say(line)

    def snapshot(self, snapshot: Snapshot) -> None:
        """Only what is new since the last one, in the order in which it happened."""
        news = [
            *self._signals(snapshot),
            *self._orders(snapshot),
            *self._quarantined(snapshot),
            *self._equity(snapshot),
            *self._troubles(snapshot),
        ]
        if self._is_new("notice", snapshot.notice):
            self._say(snapshot.notice)
        if snapshot.is_old:
            return
        if self._is_new("market", snapshot.market):
            self._say(snapshot.market)
        for _, line in sorted(news, key=lambda item: item[0]):
            self._say(line)

    def _signals(self, snapshot: Snapshot) -> Iterator[tuple[datetime, str]]:
        for signal in reversed(snapshot.signals):
            if self._is_new(f"signal {signal.id}", f"{signal.status} {outcome_words(signal)}"):
                yield told_at(signal), signal_line(signal)

    def _orders(self, snapshot: Snapshot) -> Iterator[tuple[datetime, str]]:
        for order in reversed(snapshot.orders):
            if self._is_new(f"order {order.intent.id}", f"{order.status} {order.filled}"):
                yield order.updated_at, order_line(order)

    def _quarantined(self, snapshot: Snapshot) -> Iterator[tuple[datetime, str]]:
        for alert in reversed(snapshot.quarantined):
            if self._is_new(f"alert {alert.id}", alert.reason):
                yield alert.received_at, quarantine_line(alert)

    def _troubles(self, snapshot: Snapshot) -> Iterator[tuple[datetime, str]]:
        now = {trouble.account: trouble.sentence() for trouble in snapshot.troubles}
        for account in sorted(now.keys() | self._troubled):
            line = now.get(account, f"account {account} works again")
            if self._is_new(f"trouble {account}", line):
                yield snapshot.at, f"{moment(snapshot.at)} {line}"
        self._troubled = set(now)

    def _equity(self, snapshot: Snapshot) -> Iterator[tuple[datetime, str]]:
        for view in snapshot.accounts:
            point = view.performance
            equity = "" if point is None else f"{cents(point.equity)} {view.account.quote}"
            if self._is_new(f"equity {view.account.name}", equity):
                yield snapshot.at, f"{moment(snapshot.at)} equity {view.account.name} {equity}"

    def stopped(self, summary: RunSummary) -> None:
        """The summary is the last line."""
        self._say(summary.sentence())

    def _is_new(self, about: str, state: str) -> bool:
        told = self._said.get(about, "")
        self._said[about] = state
        return state not in {"", told}

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class LogView:
    """Nothing but log lines, for whoever collects them; the owner's token is not for those."""

    def started(self, *, url: str, dashboard: str, token: str, curl: str) -> None:  # noqa: ARG002 - see above
        """Where it listens; the webhooks' tokens are no part of that."""
        _LOG.info("serving at %s", url.split("/hook/", maxsplit=1)[0])

    def snapshot(self, snapshot: Snapshot) -> None:
        """What happens is in the log already."""

    def stopped(self, summary: RunSummary) -> None:
        """The summary is one line more."""
        _LOG.info("%s", summary.sentence())


def started_lines(url: str, dashboard: str, token: str, curl: str) -> list[str]:
    """What somebody needs who wants to look, or to send an alert now."""
    return [
        f"Webhook: {url}",
        f"Dashboard: {dashboard}",
        f"Owner's token: {token}",
        f"Try it: {curl}",
    ]
