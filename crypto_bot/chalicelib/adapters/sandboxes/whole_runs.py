"""A whole backtest or check of a bot, run beside the engine in the process of the bot.

To ask a function at every candle would take hours. So the engine runs the bot there as it does
elsewhere, and what the bot has answered is told in one go. Of a backtest that is all that counts:
the engine runs once more where nobody's code can reach it, is answered what was told, and fills
each order itself. A bot that gets at the engine beside it can see candles that are to come, as it
can where its owner runs it; a fill it cannot fake. A check is there for the bot's author: whoever
fakes it has cheated himself.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from chalicelib.adapters.sandboxes.messages import (
    listed,
    mapped,
    read,
    row,
    sentence_of,
    whole,
    written,
)
from chalicelib.adapters.sandboxes.stand_in import stand_in
from chalicelib.adapters.sandboxes.trial_messages import asked_said, question_said
from chalicelib.domain.bots.backtest import BacktestRun, Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.checks.check import check_bot
from chalicelib.domain.bots.checks.finding import BotCheck, Cause, Finding
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.sweep_asked import Asked, BotText
from chalicelib.domain.bots.views import Views

Message = dict[str, Any]

PORTIONS: Final = 20
_PORTION: Final = 800_000  # bytes; an answer may have a million
_MOST_SAID: Final = 15_000_000  # in a run, as it fits into so many portions of whole lines
_MOST: Final = 2**53
_MOST_FINDINGS: Final = 100


class Answers(Protocol):
    """The bot's side: see child.py."""

    def said_to(self, message: Message) -> Message:
        """What it answers; BotFailed or BotRefused where the bot stops."""
        ...


def run_said(
    setup: Setup,
    own: BotText,
    candles: Mapping[str, Candles],
    terms: Terms,
    views: Views | None = None,
) -> Message:
    """What is said of a bot that is to be run on these candles."""
    asked = Asked(
        bot=setup.name,
        text=own,
        instruments=setup.instruments,
        interval=setup.interval,
        warmup=setup.bot.warmup,
        candles=candles,
        terms=terms,
        views=views,
    )
    return {**question_said(asked, own), "do": "run", "parameters": dict(setup.parameters)}


def portions_asked() -> list[Message]:
    """What is said after that, to be told all that was answered in the run."""
    return [{"do": "portion"}] * PORTIONS


def lines_told(portions: list[Message]) -> list[Message]:
    """What the bot has answered: how it starts, then a line for each candle."""
    return [
        mapped("a line", line)
        for portion in portions
        for line in listed("lines", portion.get("lines"), _PORTION)
    ]


def check_said(found: BotCheck) -> Message:
    """As `check_told` reads it."""
    return {**found._asdict(), "findings": [[*each] for each in found.findings]}


def check_told(answer: Mapping[str, Any]) -> BotCheck:
    """What a check has found; BotRefused for what is none."""
    return BotCheck(
        tuple(map(_finding, listed("findings", answer.get("findings"), _MOST_FINDINGS))),
        tuple(map(sentence_of, listed("unchecked", answer.get("unchecked"), _MOST_FINDINGS))),
        whole("candles", answer.get("candles"), _MOST),
        whole("orders", answer.get("orders"), _MOST),
    )


def _finding(said: object) -> Finding:
    cause, text, at, line = row("a finding", said, len(Finding._fields))
    if cause not in set(Cause):
        raise BotRefused(f"the cause of a finding is {cause!r:.80}; there is none of that name")
    at = None if at is None else whole("at", at, _MOST)
    return Finding(Cause(cause), sentence_of(text), at, whole("line", line, _MOST))


class WholeRun:
    """A backtest, and what the bot has answered in it."""

    def __init__(self, said: Mapping[str, Any], here: Answers) -> None:
        asked, beside = asked_said(said), _Beside(said["file"], here)
        setup = _setup(said, beside)
        beside.forget()  # how it was loaded, which was asked for before
        run = BacktestRun(setup, asked.terms, asked.views)
        run.feed(asked.candles)
        self._lines = beside.lines()
        self._place = 0

    def portion(self) -> Message:
        """Lines that were not told yet, as many as an answer holds."""
        found: list[Any] = []
        size = 0
        while self._place < len(self._lines):
            line = self._lines[self._place]
            size += len(line)
            if found and size > _PORTION:
                break
            found.append(json.loads(line))
            self._place += 1
        return {"lines": found}


def checked(said: Mapping[str, Any], here: Answers) -> Message:
    """The same bot run again and again."""
    beside = _Beside(said["file"], here, is_noting=False)
    found = check_bot(lambda: _setup(said, beside), asked_said(said).candles, source=said["source"])
    return check_said(found)


def _setup(said: Mapping[str, Any], beside: "_Beside") -> Setup:
    words = ("instruments", "interval", "parameters")
    given = {word: said[word] for word in words}
    given["instruments"] = [each["symbol"] for each in said["instruments"]]
    (setup,) = set_up(stand_in(beside, said["source"]), **given)
    return setup


class _Beside:
    """See `Asked`: what is said goes through JSON, as it would to another process."""

    begun: Final = 1

    def __init__(self, name: str, here: Answers, *, is_noting: bool = True) -> None:
        self.name: Final = name
        self._here = here
        self._is_noting = is_noting
        self._lines: list[bytes] = []
        self._state: Message = {}
        self._size = 0

    def begin(self) -> None:
        """It runs."""

    def ask(self, message: Message) -> Message:
        """What the bot answers."""
        answer = read(written(self._here.said_to(read(written(message)))))
        if self._is_noting:
            self._note(answer)
        return answer

    def forget(self) -> None:
        """All that was noted."""
        self._lines.clear()
        self._size = 0

    def lines(self) -> list[bytes]:
        """What was answered, of its state the last alone: nobody looks at it in between."""
        if self._state and self._lines:
            last = {**read(self._lines.pop()), **self._state}
            self._lines.append(written(last))
        return self._lines

    def _note(self, answer: Message) -> None:
        if "state" in answer:
            self._state = {"state": answer["state"]}
        line = written({name: said for name, said in answer.items() if name != "state"})
        self._lines.append(line)
        self._size += len(line)
        if self._size > _MOST_SAID:
            raise BotFailed(
                f"{self.name}: it said more than {_MOST_SAID:,} bytes in one run, with all its"
                " curves and the lines of its log: try fewer candles, or let it say less"
            )
