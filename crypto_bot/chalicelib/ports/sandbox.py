"""Where the code of a bot runs that is not trusted with anything."""

from typing import Protocol

from chalicelib.domain.bots.bot import Bot


class Sandbox(Protocol):
    """A `LoadBot` whose bots decide in a process of their own, each source in one.

    What it gives is set up, tried and run as any other bot: the engine stays here, and asks over
    there at every candle. A bot that does not answer in time, dies or answers nonsense is a
    BotFailed; where nobody could be asked it is SandboxUnavailable. Each `__call__` runs the source
    anew.
    """

    def __call__(self, source: str, name: str) -> type[Bot]:
        """BotRefused or BotFailed name version, line and cause."""
        ...

    def close(self) -> None:
        """End their processes. A bot that is asked later begins a new one."""
        ...
