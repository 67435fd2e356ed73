"""A bot in a function: what it is asked candle by candle becomes one conversation after the other.

The function forgets everything at once. So it is told again each time what was said in this run,
and where a step is rehearsed first, all of its candles are asked in one invocation.
"""

import json
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from chalicelib.adapters.sandboxes.child import MOST_RUNS
from chalicelib.adapters.sandboxes.function_caller import FunctionCaller
from chalicelib.adapters.sandboxes.messages import taken
from chalicelib.domain.bots.refusals import BotFailed

Message = dict[str, Any]


class BotInFunction:
    """See `Asked`. `seconds` is how long the bot may think about a candle."""

    begun: Final = 1  # whatever was said to it, it is told again

    def __init__(self, name: str, source: str, caller: FunctionCaller, seconds: float) -> None:
        self.name: Final = name
        self._source = source
        self._caller = caller
        self._seconds = seconds
        self._bot: Message = {}
        self._starts: dict[str, Message] = {}
        self._runs: OrderedDict[int, list[Message]] = OrderedDict()  # start, then its candles
        self._made = 0
        self._rehearsed: list[Message] | None = None
        self._foretold: deque[tuple[Message, Message]] = deque()

    def begin(self) -> None:
        """There is nothing to be begun."""

    def ask(self, message: Message) -> Message:
        """What it answers; BotFailed or BotRefused where it says so, or does not answer in time."""
        if message["do"] == "bot":
            self._bot = message
            self._starts.clear()
            return self._caller.ask(self.name, self._source, [message], self._seconds)[-1]
        if message["do"] == "start":
            return self._start(message)
        return self._candle(message)

    @contextmanager
    def asked_at_once(self) -> Iterator[None]:
        """See `BotElsewhere`."""
        self._foretold.clear()
        rehearsed: list[Message] = []
        self._rehearsed = rehearsed
        try:
            yield
        finally:
            self._rehearsed = None
        if rehearsed:
            answers = self._conversation(rehearsed)
            self._foretold.extend(zip(rehearsed[1:], answers[1:], strict=False))

    def _start(self, message: Message) -> Message:
        """The same is answered with the same, so it is asked once."""
        asked = json.dumps(message, sort_keys=True)
        if asked not in self._starts:
            messages = [self._bot, message]
            self._starts[asked] = self._caller.ask(
                self.name, self._source, messages, self._seconds
            )[-1]
        self._made += 1
        self._runs[self._made] = [message]
        if len(self._runs) > MOST_RUNS:
            self._runs.popitem(last=False)
        return {**self._starts[asked], "run": self._made}

    def _candle(self, message: Message) -> Message:
        run = self._runs[message["run"]]
        started = self._starts[json.dumps(run[0], sort_keys=True)]
        message = {**message, "run": started.get("run")}
        run.append(message)
        if self._rehearsed is not None:
            self._rehearsed[:] = run
            return {"random": started.get("random")}
        if self._foretold and self._foretold[0][0] == message:
            return taken(self._foretold.popleft()[1])
        self._foretold.clear()
        return taken(self._conversation(run)[-1])

    def _conversation(self, run: list[Message]) -> list[Message]:
        """One answer for each message of the run, up to the one that it stopped at."""
        answers = self._caller.answers(self.name, self._source, [self._bot, *run], self._seconds)
        for answer in answers[:2]:
            taken(answer)
        if answers[1] != self._starts[json.dumps(run[0], sort_keys=True)]:
            raise BotFailed(f"{self.name}: its start does not do the same each time")
        return answers[1:]
