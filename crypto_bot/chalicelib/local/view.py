"""What a run is asked for and what it tells: it prints nothing itself, a View shows it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.signal import Signal
from chalicelib.settings import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """`home` None means CRYPTO_BOT_HOME or the platform's folder, `seconds` None until stopped.

    `public_url` is where a tunnel or router serves this port to the outside. `prices` is the
    candle file of a replay. `logs_json` also writes the log to standard output, as JSON. `stage` is
    the deployment whose stores are worked on instead of those at home. The trades of `markets` are
    kept and summed up; with `collects` they are asked for each minute, and not streamed.
    """

    home: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    seconds: float | None = None
    public_url: str = ""
    demo: bool = True
    replay_clock: bool = False
    prices: Path | None = None
    logs_json: bool = False
    stage: Stage | None = None
    markets: tuple[str, ...] = ()
    collects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """One account now: its books, and the newest figures, None before the first report."""

    account: Account
    portfolio: Portfolio
    performance: PerformancePoint | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why an account could not be worked on: unavailable or blocked, and what was wrong."""

    account: str
    status: str
    detail: str

    def sentence(self) -> str:
        """One line."""
        return f"account {self.account} is {self.status}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state at one moment, newest first. `notice` says what the owner must not overlook.

    The rows reach back to everything that may have changed since the snapshot before. `is_old`
    marks the first one, of what was there before the start. `market` is how its data stands, in one
    line.
    """

    at: datetime
    signals: tuple[Signal, ...]
    orders: tuple[Order, ...]
    accounts: tuple[AccountView, ...]
    ticks: int
    last_tick: str
    notice: str = ""
    quarantined: tuple[QuarantinedAlert, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    is_old: bool = False
    market: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What happened between start and stop; `alerts` were answered 200, `refused` with an error."""

    home: Path
    seconds: float
    alerts: int
    refused: int
    ticks: int
    plans: int
    orders: int
    fills: int
    failures: int

    def sentence(self) -> str:
        """One line for the end of a run."""
        failed = f", {self.failures} ticks or reports failed" if self.failures else ""
        return (
            f"Ran {self.seconds:.0f} s: {self.alerts} alerts taken, {self.refused} refused, "
            f"{self.ticks} ticks, {self.orders} orders sent, {self.fills} fills booked{failed}. "
            f"State is kept in {self.home}."
        )


class View(Protocol):
    """Where a run is shown. Called from the thread that called `run`, never side by side."""

    def started(self, *, url: str, dashboard: str, token: str, curl: str) -> None:
        """The webhook takes alerts now; `token` is the owner's, `curl` a line to try it with.

        `dashboard` opens with the token in it.
        """
        ...

    def snapshot(self, snapshot: Snapshot) -> None:
        """What was there before the start, then about once a second, and once before the end."""
        ...

    def stopped(self, summary: RunSummary) -> None:
        """Nothing is served any more."""
        ...
