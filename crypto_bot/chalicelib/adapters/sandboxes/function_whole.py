"""Whole backtests and checks of bots in a function: one call for each of them.

sandbox = WholeRunsInFunction(caller)
(setup,) = set_up(sandbox(source, "mine 1.0"))
sandbox.rehearse(setup, candles, terms, views)
test = backtest(setup, candles, terms, views)
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import override

from chalicelib.adapters.sandboxes import whole_runs
from chalicelib.adapters.sandboxes.function_bot import BotInFunction, Message
from chalicelib.adapters.sandboxes.function_caller import FunctionCaller
from chalicelib.adapters.sandboxes.function_sandbox import FunctionSandbox, bot_in_function
from chalicelib.adapters.sandboxes.messages import taken
from chalicelib.adapters.sandboxes.packing import MOST_PACKED, packed
from chalicelib.adapters.sandboxes.whole_runs import (
    check_told,
    lines_told,
    portions_asked,
    run_said,
)
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.checks.finding import BotCheck
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.sweep_asked import BotText
from chalicelib.domain.bots.usual_terms import usual_instruments
from chalicelib.domain.bots.views import Views
from chalicelib.domain.money import ONE

_SECONDS: Final = 900.0  # of a run: all that its function has
_AROUND: Final = 10_000  # bytes of what else is said


class WholeRunsInFunction(FunctionSandbox):
    """A sandbox whose bots may be run as a whole."""

    def __init__(self, caller: FunctionCaller) -> None:
        super().__init__(caller)
        self._called = caller

    @override
    def _asked(self, source: str, name: str) -> BotInFunction:
        return _BotRunWhole(source, name, self._called)

    def rehearse(
        self, setup: Setup, candles: Mapping[str, Candles], terms: Terms, views: Views | None
    ) -> None:
        """Its next run will be on these candles and no others, and is asked for in one call.

        BotRefused where a function cannot be given so many. What goes wrong in it comes up as the
        run begins, said of the candle that it went wrong at.
        """
        _run_whole(setup.bot).rehearse(setup, candles, terms, views)

    def check(self, setup: Setup, candles: Mapping[str, Candles]) -> BotCheck:
        """See `check_bot`."""
        return _run_whole(setup.bot).check(setup, candles)


def _run_whole(kind: type[Bot]) -> "_BotRunWhole":
    asked = bot_in_function(kind)
    if not isinstance(asked, _BotRunWhole):
        raise TypeError(f"{kind!r} is not run as a whole")
    return asked


class _BotRunWhole(BotInFunction):
    def __init__(self, source: str, name: str, caller: FunctionCaller) -> None:
        super().__init__(name, source, caller, _SECONDS)
        self._own = BotText(source, name)
        self._called = caller
        self._wanted: Message | None = None
        self._lines: deque[Message] | None = None

    def rehearse(
        self, setup: Setup, candles: Mapping[str, Candles], terms: Terms, views: Views | None
    ) -> None:
        wanted = run_said(setup, self._own, candles, terms, views)
        _check_size(wanted)
        self._wanted = wanted

    def check(self, setup: Setup, candles: Mapping[str, Candles]) -> BotCheck:
        terms = Terms(usual_instruments(setup.instruments), ONE)
        asked = {**run_said(setup, self._own, candles, terms), "do": "check"}
        [answer] = self._conversed([asked])
        try:
            return check_told(answer)
        except BotRefused as error:
            raise BotFailed(f"{self.name}: {error}") from None

    @override
    def _start(self, message: Message) -> Message:
        wanted, self._wanted, self._lines = self._wanted, None, None
        if wanted is None:
            return super()._start(message)
        _, *portions = self._conversed([wanted, *portions_asked()])
        lines = deque(lines_told(portions))
        if not lines:
            raise BotFailed(f"{self.name}: it did not answer all that it was asked")
        self._lines = lines
        return self._lines.popleft()

    @override
    def _candle(self, message: Message) -> Message:
        if self._lines is None:
            return super()._candle(message)
        if not self._lines:
            raise BotFailed(f"{self.name}: it did not answer all that it was asked")
        return self._lines.popleft()

    def _conversed(self, messages: list[Message]) -> list[dict[str, Any]]:
        needed = (whole_runs.__name__,)
        answers = self._called.answers(self.name, self._own.source, messages, _SECONDS, needed)
        return [taken(answer) for answer in answers]


def _check_size(wanted: Message) -> None:
    try:
        size = len(packed({"messages": [wanted]})["packed"])
    except BotRefused:
        size = MOST_PACKED
    if size > MOST_PACKED - _AROUND:
        raise BotRefused(
            f"{sum(wanted['lengths']):,} candles are more than a function can be given at once,"
            " which is some 180,000: begin later, or try it on a machine of yours, with crypto-bot"
            " bots backtest --stage"
        )
