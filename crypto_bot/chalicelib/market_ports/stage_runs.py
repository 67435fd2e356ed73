"""The record of how the stages of the market data ran."""

from typing import Protocol

from chalicelib.domain.market.stage_run import StageRun


class StageRuns(Protocol):
    """How each stage ran last. StoreUnavailable where it fails."""

    def save(self, run: StageRun) -> None:
        """In place of the one before."""
        ...

    def last(self, stage: str) -> StageRun | None:
        """None where it never ran."""
        ...

    def all(self) -> list[StageRun]:
        """Of every stage that ever ran, by name."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...
