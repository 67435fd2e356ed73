"""Bots in a function on AWS whose role may do nothing."""

from contextlib import AbstractContextManager
from typing import Final

from typing_extensions import override

from chalicelib.adapters.sandboxes.function_bot import BotInFunction
from chalicelib.adapters.sandboxes.function_caller import FunctionCaller
from chalicelib.adapters.sandboxes.stand_in import StandIn, stand_in
from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.elsewhere import BotElsewhere

_SECONDS: Final = 5.0


class FunctionSandbox:
    """See `Sandbox`. `seconds` is how long a bot may think about a candle, five unless it is said.

    SandboxUnavailable, here and where its bots are asked, if the function cannot be called.
    """

    def __init__(self, caller: FunctionCaller, seconds: float | None = None) -> None:
        self._caller = caller
        self._seconds = _SECONDS if seconds is None else seconds

    def __call__(self, source: str, name: str) -> type[Bot]:
        """The source run anew, in a process that ends when it has said what it is."""
        made: type[Bot] = stand_in(self._asked(source, name), source, _InFunction)
        return made

    def _asked(self, source: str, name: str) -> BotInFunction:
        return BotInFunction(name, source, self._caller, self._seconds)

    def close(self) -> None:
        """Nothing of it is left anywhere."""


class _InFunction(StandIn, BotElsewhere):
    @classmethod
    @override
    def asked_at_once(cls) -> AbstractContextManager[None]:
        return bot_in_function(cls).asked_at_once()


def bot_in_function(kind: type[Bot]) -> BotInFunction:
    """Who answers for a bot of such a sandbox."""
    asked = kind._source.process if issubclass(kind, _InFunction) else None  # noqa: SLF001 - ours
    if not isinstance(asked, BotInFunction):
        raise TypeError(f"{kind!r} runs in no function")
    return asked
