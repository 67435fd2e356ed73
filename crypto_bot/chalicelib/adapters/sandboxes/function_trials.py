"""Trials of a user's own bot, in the function in which bots run: a call for as many as it does."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from chalicelib.adapters.sandboxes import trial_messages
from chalicelib.adapters.sandboxes.function_caller import FunctionCaller
from chalicelib.adapters.sandboxes.messages import taken
from chalicelib.adapters.sandboxes.packing import MOST_PACKED, packed
from chalicelib.adapters.sandboxes.trial_messages import question_said, task_said, trial_told
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.sweep_asked import Asked, BotText
from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.domain.bots.sweep_windows import Span

_SECONDS: Final = 900.0  # of a trial: all that its function has
_MOST_TASKS: Final = 500
_OF_TASKS: Final = 100_000  # bytes, packed
_NOTHING: Final = Span(0, 0)


class TrialsInFunction:
    """A `Try`. BotRefused or BotFailed where the bot does not run, or not even one trial ended.

    SandboxUnavailable if the function cannot be called.
    """

    def __init__(self, asked: Asked, own: BotText, caller: FunctionCaller) -> None:
        self._asked = asked
        self._own = own
        self._caller = caller
        self._part: tuple[Span, dict[str, object]] | None = None

    def check(self) -> None:
        """That the bot can be set up there."""
        self(())

    def __call__(self, tasks: Sequence[Task]) -> list[Trial]:
        """Of the first ones that are on the same candles."""
        span = tasks[0].span if tasks else _NOTHING
        wanted = [*takewhile(lambda task: task.span == span, tasks[:_MOST_TASKS])]
        messages = [self._question(span), *map(task_said, wanted)]
        # The process that runs it can load nothing any more when it is asked.
        needed = (trial_messages.__name__,)
        file, source = self._own.file, self._own.source
        first, *answers = self._caller.answers(file, source, messages, _SECONDS, needed)
        taken(first)
        # The one that it stopped at, or was stopped at, is asked for again, and first.
        whole = [*takewhile(lambda answer: not answer.keys() & {"failed", "refused"}, answers)]
        for stopped in answers[:1] if not whole else ():
            taken(stopped)
        try:
            return [trial_told(*each) for each in zip(wanted, whole, strict=False)]
        except BotRefused as error:
            raise BotFailed(f"{file}: {error}") from None

    def _question(self, span: Span) -> dict[str, object]:
        if self._part is None or self._part[0] != span:
            self._part = (span, question_said(self._asked.on(span), self._own))
        return self._part[1]


def check_fits(asked: Asked, own: BotText, span: Span) -> None:
    """BotRefused where the candles of this part are more than a call can be given."""
    part = asked.on(span)
    count = sum(len(series.start) for series in part.candles.values())
    try:
        size = len(packed({"messages": [question_said(part, own)]})["packed"])
    except BotRefused:
        size = MOST_PACKED
    if size > MOST_PACKED - _OF_TASKS:
        raise BotRefused(
            f"{count:,} candles in one part are more than a function can be given at once, which is"
            " some 180,000: give --since, or --walk-forward, whose parts are shorter"
        )
