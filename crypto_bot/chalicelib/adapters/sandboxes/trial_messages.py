"""What is said about the trials of a sweep: to the process of the bot, and by it.

There the engine runs beside the bot: to ask it over a pipe at every candle of thousands of trials
would take hundreds of times as long. So a bot can fake the figures of its own trials, as it can
where its owner runs it, and nothing else.
"""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Final, get_args

from chalicelib.adapters.sandboxes.messages import mapped, number, sentence_of, whole
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.refusals import BotRefused, failed
from chalicelib.domain.bots.sweep_asked import (
    Asked,
    BotText,
    lengths_of,
    packed_candles,
    trials_of,
    unpacked_candles,
)
from chalicelib.domain.bots.sweep_figures import FIGURES
from chalicelib.domain.bots.sweep_rows import task_of, task_row, trial_row
from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument

Message = dict[str, Any]

_MOST_KEPT: Final = 4_000_000  # values of indicators, some 130 MB, in a process that may have 512
_MOST_FILLS: Final = 2**53


def question_said(asked: Asked, own: BotText) -> Message:
    """What is said first."""
    terms = asked.terms
    numbers = packed_candles(asked)
    return {
        "do": "question",
        "source": own.source,
        "file": own.file,
        "module": PurePath(own.file).stem,
        "bot": asked.bot,
        "interval": asked.interval.value,
        "warmup": asked.warmup,
        "cash": str(terms.cash),
        "costs": [str(cost) for cost in terms.costs],
        "allows_short": terms.allows_short,
        "instruments": [_plain(terms.instruments[symbol]) for symbol in asked.instruments],
        "lengths": lengths_of(asked),
        "candles": b64encode(zlib.compress(numbers)).decode(),
        "views": [timeline.versions() for timeline in asked.views or ()],
    }


def task_said(task: Task) -> Message:
    """What is said for each of them."""
    return {"do": "trial", **task_row(task)}


def trials_said(said: Mapping[str, Any], bot: type[Bot]) -> Trials:
    """What a question says; BotRefused where `bot` does not run on it."""
    return trials_of(asked_said(said), bot, _MOST_KEPT)


def asked_said(said: Mapping[str, Any]) -> Asked:
    """Candles, terms and all else that a question has."""
    instruments = [_instrument(each) for each in said["instruments"]]
    symbols = [each.symbol for each in instruments]
    cash, costs = Decimal(said["cash"]), Costs(*map(Decimal, said["costs"]))
    numbers = zlib.decompress(b64decode(said["candles"]))
    return Asked(
        bot=said["bot"],
        text=BotText(said["source"], said["file"]),
        instruments=symbols,
        interval=Interval(said["interval"]),
        warmup=said["warmup"],
        candles=unpacked_candles(symbols, said["lengths"], numbers),
        terms=Terms(
            dict(zip(symbols, instruments, strict=True)), cash, costs, said["allows_short"]
        ),
        views=Views(*map(Timeline, said["views"])) if said["views"] else None,
    )


def tried(trials: Trials, said: Mapping[str, Any]) -> Message:
    """The answer to a task."""
    try:
        trial = trials.run(task_of(said))
    except Exception as error:
        raise failed(error, where=trials.setup.name, file="") from error
    if MemoryError.__name__ in trial.trouble:  # there is less than where its owner runs it
        raise MemoryError
    row = trial_row(trial)
    return {name: row[name] for name in ("figures", "fills", "trouble")}


def trial_told(task: Task, answer: Mapping[str, Any]) -> Trial:
    """What an answer says of this task; BotRefused for what is none."""
    trouble = answer.get("trouble")
    if trouble:
        return Trial(task, {}, 0, sentence_of(trouble))
    told = mapped("figures", answer.get("figures"))
    if told.keys() != set(FIGURES):
        raise BotRefused("the figures of the answer are not those of a trial")
    figures = {name: None if told[name] is None else number(name, told[name]) for name in FIGURES}
    return Trial(task, figures, whole("fills", answer.get("fills"), _MOST_FILLS), "")


def _plain(instrument: Instrument) -> Message:
    values = {each.name: getattr(instrument, each.name) for each in fields(instrument)}
    return {name: str(v) if isinstance(v, Decimal) else v for name, v in values.items()}


def _instrument(said: Mapping[str, Any]) -> Instrument:
    exact = {e.name for e in fields(Instrument) if Decimal in (e.type, *get_args(e.type))}
    given: dict[str, Any] = {
        name: Decimal(value) if name in exact and value is not None else value
        for name, value in said.items()
    }
    return Instrument(**given)
