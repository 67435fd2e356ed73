"""Where bots are kept: their sources, what they were tried on, where they run, and their states."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.domain.bots.live import LiveBot
from chalicelib.domain.bots.trail import Mark
from chalicelib.domain.bots.version import BacktestNote, StoredBot, VersionNumber
from chalicelib.domain.market.interval import Interval
from chalicelib.ports.clock import Clock


class LoadBot(Protocol):
    """From its source's text to the bot that it has. `name` is what mistakes are said of."""

    def __call__(self, source: str, name: str) -> type[Bot]:
        """BotRefused or BotFailed name version, line and cause."""
        ...


class BotStore(Protocol):
    """Sources by version, and the tests of each. StoreUnavailable where they cannot be had."""

    def all(self) -> list[StoredBot]:
        """By name."""
        ...

    def get(self, name: str) -> StoredBot | None:
        """One of them, read consistently."""
        ...

    def source(self, name: str, number: VersionNumber) -> str | None:
        """The text of one version."""
        ...

    def save(self, bot: StoredBot, source: str | None = None) -> StoredBot:
        """In place of what it was made from, and `source` as the text of its newest version.

        Both or neither; StoreConflict where somebody else was faster.
        """
        ...

    def note(self, test: BacktestNote) -> None:
        """Keep what came of a test."""
        ...

    def tests(self, name: str, number: VersionNumber, limit: int) -> list[BacktestNote]:
        """Newest first. May lag by a moment."""
        ...


class DeploymentStore(Protocol):
    """Deployments by name. StoreUnavailable where they cannot be had."""

    def all(self) -> list[DeployedBot]:
        """By name."""
        ...

    def get(self, name: str) -> DeployedBot | None:
        """One of them, read consistently."""
        ...

    def put(self, deployed: DeployedBot) -> DeployedBot:
        """In place of what it was made from; StoreConflict where somebody else was faster."""
        ...

    def delete(self, deployed: DeployedBot) -> None:
        """With all that is kept of its bots: all of it is gone at once, or it is still there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBot:
    """A deployment's bot; `on` names its instruments (`Setup.on`), `version` counts its writes."""

    deployment: str
    on: str
    bot: LiveBot
    version: int = 0


class BotStates(Protocol):
    """StoreUnavailable where they cannot be had."""

    def get(self, deployment: str, on: str) -> KeptBot | None:
        """As it was put last."""
        ...

    def put(self, kept: KeptBot) -> KeptBot:
        """In place of what it was made from; StoreConflict where somebody else was faster."""
        ...


class BotTrails(Protocol):
    """Marks of a deployment's last candles on each instrument. StoreUnavailable on trouble."""

    def add(self, deployment: str, symbol: str, interval: Interval, marks: Sequence[Mark]) -> None:
        """Oldest first; of two at one candle the later counts. The oldest make room."""
        ...

    def newest(self, deployment: str, symbol: str, limit: int) -> list[Mark]:
        """Newest first."""
        ...

    def signals(self, deployment: str, symbol: str) -> list[str]:
        """Ids of the last signals that it sent, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BotPorts:
    """Everything that the life of a bot needs. `load` runs its source, wherever that is done."""

    bots: BotStore
    deployments: DeploymentStore
    states: BotStates
    trails: BotTrails
    load: LoadBot
    clock: Clock
