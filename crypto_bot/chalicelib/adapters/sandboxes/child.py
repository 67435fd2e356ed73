"""The bot's side: a program that gives everything away, then runs a source and answers.

It is shown what has closed and what the engine has made of it, and never has more than that.
"""

import json
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from chalicelib.adapters.sandboxes.lockdown import lock_down
from chalicelib.adapters.sandboxes.messages import written
from chalicelib.adapters.sandboxes.shown_bot import ShownBot
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.parameters import params_of
from chalicelib.domain.bots.refusals import BotFailed, BotRefused

LoadBot = Callable[[str, str], type[Bot]]
LoadNamed = Callable[[str, str, str, str], type[Bot]]

_LATER: Final = ("encodings.ascii", "encodings.latin_1")  # there is no file then
_ANSWERS: Final = 3
_MOST_BOTS: Final = 1_000  # a check runs the source anew for each of its runs
MOST_RUNS: Final = 64


def serve(load: LoadBot, load_named: LoadNamed) -> None:
    """Until nobody asks any more. How many bytes it may take, and what the source may import, the
    command line says. `load_named` is of a file with several: source, file, module and class.
    """
    for name in (*sys.argv[3:], *_LATER):
        import_module(name)
    os.environ.clear()  # noqa: TID251 - nothing of it is read
    requests = sys.stdin.buffer
    os.dup2(1, _ANSWERS)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    answers = os.fdopen(_ANSWERS, "wb")
    answers.write(written({"lacking": lock_down(_ANSWERS, int(sys.argv[2]))}))
    answers.flush()
    here = _Here(load, load_named)
    while line := requests.readline():
        answers.write(here.answer(line))
        answers.flush()


class _Here:
    def __init__(self, load: LoadBot, load_named: LoadNamed) -> None:
        self._load = load
        self._load_named = load_named
        self._trials: Any = None
        self._run_here: Any = None
        self._bots: OrderedDict[int, type[Bot]] = OrderedDict()
        self._runs: OrderedDict[int, ShownBot] = OrderedDict()
        self._made = 0

    def answer(self, line: bytes) -> bytes:
        asked = json.loads(line)
        try:
            return written(self.said_to(asked))
        except (BotRefused, BotFailed) as error:
            line_number = getattr(error, "line", 0)
            kind = "failed" if isinstance(error, BotFailed) else "refused"
            return written({kind: str(error), "line": line_number})
        except MemoryError:
            self._runs.clear()
            self._trials = self._run_here = None
            return written({"failed": "there is no memory left", "line": 0})

    def said_to(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer. BotFailed or BotRefused where the bot stops at it."""
        answer: dict[str, Any] = getattr(self, f"_{asked['do']}")(asked)
        return answer

    def _bot(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["name"]
        try:
            bot = self._load(asked["source"], name)
        except SystemExit as error:
            raise BotFailed(f"{name}: SystemExit: {error}") from None
        return {
            "bot": self._keep(self._bots, bot, _MOST_BOTS),
            "name": bot.__name__,
            "warmup": bot.warmup if type(bot.warmup) is int else -1,
            "together": bool(bot.together),
            "interval": str(bot.interval),
            "instruments": _texts(bot.instruments),
            "parameters": [
                [name, each.default, each.low, each.high, each.step]
                for name, each in params_of(bot).items()
            ],
        }

    def _start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        bot = self._bots[asked["bot"]]
        self._bots.move_to_end(asked["bot"])
        words = ("instruments", "interval", "parameters")
        (setup,) = set_up(bot, **{word: asked[word] for word in words})
        run = ShownBot(setup, asked["random"])
        kept = self._keep(self._runs, run, MOST_RUNS)
        return {"run": kept, "tracks": run.tracks.said, **run.result()}

    def _candle(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self._runs[asked["run"]].candle(asked)

    def _question(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Whoever asks for trials has had this module loaded, while there still were files."""
        from chalicelib.adapters.sandboxes.trial_messages import trials_said

        file = asked["file"]
        try:
            bot = self._load_named(asked["source"], file, asked["module"], asked["bot"])
        except SystemExit as error:
            raise BotFailed(f"{file}: SystemExit: {error}") from None
        self._trials = trials_said(asked, bot)
        return {"trials": bot.__name__}

    def _trial(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        from chalicelib.adapters.sandboxes.trial_messages import tried

        try:
            return tried(self._trials, asked)
        except SystemExit as error:
            raise BotFailed(f"{self._trials.setup.name}: SystemExit: {error}") from None

    def _run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Loaded before, as for trials; and so is that of a check."""
        from chalicelib.adapters.sandboxes.whole_runs import WholeRun

        self._run_here = WholeRun(asked, self)
        return {}

    def _portion(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = self._run_here.portion()
        return said

    def _check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        from chalicelib.adapters.sandboxes.whole_runs import checked

        return checked(asked, self)

    def _keep(self, kept: "OrderedDict[int, Any]", value: object, most: int) -> int:
        self._made += 1
        kept[self._made] = value
        if len(kept) > most:
            kept.popitem(last=False)
        return self._made


def _texts(value: object) -> list[str]:
    return list(map(str, value)) if isinstance(value, list | tuple) else []
