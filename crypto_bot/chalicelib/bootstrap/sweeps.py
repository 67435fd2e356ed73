"""A bot by the words it is named with, and where its trials are run."""

import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final, NamedTuple

import chalicelib
from chalicelib import bootstrap
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.sweep_asked import Asked, BotText, asked_of, trials_of
from chalicelib.domain.bots.sweep_trial import Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.domain.bots.views import Views
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.interval import Interval

if TYPE_CHECKING:
    from chalicelib.adapters.trial_files import TrialFile
    from chalicelib.ports.sweeps import TrialPool, Try

_FOLDER: Final = "sweeps"
_INSTEAD: Final = "with --here they run on this machine, on the stage's candles"
# Kept of a function's time for what is under way, and to put away what was found.
_FOR_A_TRIAL: Final = timedelta(seconds=60)
_FOR_A_CALL: Final = timedelta(seconds=80)  # of another function, for which it waits 70 at most
_ODD: Final = re.compile(r"\W+")
# Below so many candles over all trials, processes take longer to begin than the work does.
_WORTH_PROCESSES: Final = 3_000_000


def file_of(words: str) -> Path | None:
    """`mine.py:MyBot`, `mine.py`; None for a bot that comes with the product."""
    path, colon, _ = words.rpartition(":")
    file = path if colon and path.endswith(".py") else words
    return Path(file) if file.endswith(".py") else None


def bot_named(words: str) -> type[Bot]:
    """BotRefused or BotFailed where there is none, or where its file does not run."""
    path = file_of(words)
    if path is None:
        return ready_made(words)
    from chalicelib.adapters.bot_files import bot_in

    return bot_in(path, _name_in(words, path))


def _name_in(words: str, path: Path) -> str:
    return words[len(str(path)) :].removeprefix(":")


def source_of(words: str) -> str:
    """What says how the bot decides."""
    path = file_of(words)
    if path is None:
        return Path(inspect.getfile(ready_made(words))).read_text(encoding="utf-8")
    from chalicelib.adapters.bot_files import read_source

    return read_source(path)


def trial_file(bot: str, key: str, named: Path | None) -> "TrialFile":
    """The one that was named, else one in the home folder; the caller closes it."""
    from chalicelib.adapters.trial_files import TrialFile

    name = _ODD.sub("_", bot)  # it is its author's: a name of a file need not be one
    path = named or bootstrap.home_folder() / _FOLDER / f"{name}-{key}.jsonl"
    return TrialFile(path, key, bot)


def program() -> str:
    """Of this program, all that decides: another one may fill orders otherwise."""
    domain = Path(chalicelib.__file__).parent / "domain"
    digest = sha256()
    for file in sorted(domain.rglob("*.py")):
        digest.update(file.relative_to(domain).as_posix().encode())
        digest.update(file.read_text(encoding="utf-8").encode())  # with line ends as everywhere
    return digest.hexdigest()


def check_stage_runs() -> None:
    """SettingsError where the stage has nothing to run sweeps on."""
    from chalicelib.bootstrap.market import market_settings

    if not market_settings().sweep_machine:
        raise SettingsError(
            f"stage {bootstrap.settings().stage} has nothing to run sweeps on (docs/bots.md says"
            f" how to switch it on); {_INSTEAD}"
        )


def stage_pool(
    words: str, source: str, key: str, trials: Trials, spans: Iterable[Span]
) -> "TrialPool":
    """Of the stage's state machine; the caller closes it. SettingsError where `spans` of the
    candles are too long for a user's own bot.
    """
    from chalicelib.adapters.pools.state_machine import StateMachinePool
    from chalicelib.adapters.sweep_objects import SweepObjects
    from chalicelib.bootstrap.market import lake, market_settings

    shelf, asked = SweepObjects(lake(), key), _asked(words, source, trials)
    if asked.text is not None:
        _check_fits(asked, asked.text, max(spans, key=lambda span: span.until - span.since))
    return StateMachinePool(
        client=bootstrap.aws("stepfunctions"),
        machine=market_settings().sweep_machine,
        shelf=shelf,
        key=key,
        length=sum(len(series.start) for series in trials.candles.values()),
        put_question=partial(shelf.put_question, asked, program()),
        clock=bootstrap.clock(),
        wait=Event().wait,
    )


def _asked(words: str, source: str, trials: Trials) -> Asked:
    path = file_of(words)
    if path is None:
        return asked_of(trials, words)
    return asked_of(trials, _name_in(words, path), BotText(source, str(path)))


def _check_fits(asked: Asked, own: BotText, longest: Span) -> None:
    from chalicelib.adapters.sandboxes.function_trials import check_fits

    try:
        check_fits(asked, own, longest)
    except BotRefused as error:
        raise SettingsError(f"{error}; {_INSTEAD}") from None


class BatchDesk(NamedTuple):
    """What a function of the stage has for a batch of a sweep.

    `check` tells what is wrong before any is tried. `functions` run for each batch, and one takes
    no longer than `needed` for what `some` is given at once.
    """

    some: "Try"
    check: Callable[[], object]
    functions: int
    needed: timedelta


def batch_desk(key: str) -> BatchDesk:
    """Of this sweep. A user's own bot is run where its code may do nothing, and never here."""
    from chalicelib.adapters.sweep_objects import SweepObjects
    from chalicelib.bootstrap.market import lake
    from chalicelib.bootstrap.sandbox import function_caller

    asked = SweepObjects(lake(), key).question(program())
    if asked.text is None:
        trials = trials_of(asked, ready_made(asked.bot))
        return BatchDesk(lambda tasks: [trials.run(tasks[0])], lambda: None, 1, _FOR_A_TRIAL)
    from chalicelib.adapters.sandboxes.function_trials import TrialsInFunction

    run = TrialsInFunction(asked, asked.text, function_caller())
    return BatchDesk(run, run.check, 2, _FOR_A_CALL)


def trial_pool(
    words: str, source: str, trials: Trials, *, processes: int | None, count: int
) -> "TrialPool":
    """`processes` None: as many as pay off for `count` trials. The caller closes it."""
    work = count * sum(len(series.start) for series in trials.candles.values())
    wanted = processes or (os.cpu_count() or 1 if work >= _WORTH_PROCESSES else 1)
    if wanted == 1:
        from chalicelib.adapters.pools.inline import InlinePool

        return InlinePool(trials)
    from chalicelib.adapters.pools.processes import ProcessPool

    setup = trials.setup
    bot = _Named(words, source, setup.instruments, setup.interval)
    return ProcessPool(partial(_trials_of, bot, trials.candles, trials.terms, trials.views), wanted)


class _Named(NamedTuple):
    words: str
    source: str
    instruments: Sequence[str]
    interval: Interval


def _trials_of(
    bot: _Named, candles: Mapping[str, Candles], terms: Terms, views: Views | None
) -> Trials:
    """In a process of its own, which finds the bot by itself."""
    if source_of(bot.words) != bot.source:
        raise BotRefused(f"{bot.words} was changed while the sweep began: begin it anew")
    (setup,) = set_up(
        bot_named(bot.words), instruments=bot.instruments, interval=bot.interval.value
    )
    return Trials(setup, candles, terms, views)
