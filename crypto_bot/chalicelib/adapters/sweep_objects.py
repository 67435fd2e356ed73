"""A sweep on a stage as objects of the lake, under sweeps/KEY/, which `sweep_key` has made.

question.gz     the bot, with its source where it is the user's own, the account's terms, rankings
                and analyses as JSON, then the candles as columns of the machine's own numbers: 3 MB
                for 136,000 candles
trials/*.jsonl  what was found, an object for each call of the function
runs/RUN/       tasks.json, which the state machine reads, and what it writes itself

The candles are there, and not the name of their series: the lake's may change while a sweep runs,
and a function that reads no Parquet begins in a fraction of the time.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.sweep_asked import (
    Asked,
    BotText,
    lengths_of,
    packed_candles,
    unpacked_candles,
)
from chalicelib.domain.bots.sweep_rows import task_row, trial_of, trial_row
from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.drivers.codec import decode, encode
from chalicelib.market_ports.lake import Lake

SWEEPS: Final = "sweeps/"
_SCHEMA: Final = 2
_DIGITS: Final = 16
_LINE_END: Final = b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """`program` is that of whoever asks, `bot` the name of one that comes with it.

    Else `source` and `file` are what it is in. `lengths` are the numbers of candles;
    `views` are JSON inside JSON, since they hold floats.
    """

    schema: int
    program: str
    bot: str
    source: str
    file: str
    interval: Interval
    warmup: int
    cash: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    slippage_bps: Decimal
    allows_short: bool
    instruments: tuple[Instrument, ...]
    lengths: tuple[int, ...]
    views: str


class SweepObjects:
    """A SweepShelf. StoreUnavailable where the lake does not answer."""

    def __init__(self, lake: Lake, key: str) -> None:
        self._lake = lake
        self._folder = f"{SWEEPS}{key}/"
        self._seen: set[str] = set()

    def put_question(self, asked: Asked, program: str) -> None:
        """For whoever runs the same `program`."""
        self._lake.put(self._question, _packed(asked, program))

    def question(self, program: str) -> Asked:
        """BotRefused where another program has asked it, or nobody."""
        content = self._lake.get(self._question)
        if content is None:
            raise BotRefused(f"{self._question} is not in the lake: the same command puts it there")
        return _unpacked(content, program)

    def ask(self, tasks: Sequence[Task], run: str) -> str:
        """See `SweepShelf.ask`."""
        key = f"{self._folder}runs/{run}/tasks.json"
        self._lake.put(key, json.dumps([task_row(task) for task in tasks]).encode())
        return key

    def results(self, run: str) -> str:
        """See `SweepShelf.results`."""
        return f"{self._folder}runs/{run}/results"

    def add(self, trials: Sequence[Trial]) -> None:
        """See `SweepShelf.add`: the name is that of what is in it."""
        lines = [json.dumps(trial_row(trial), ensure_ascii=False) for trial in trials]
        content = "\n".join(lines).encode()
        name = sha256(content).hexdigest()[:_DIGITS]
        self._lake.put(f"{self._trials}{name}.jsonl", content)

    def arrived(self) -> Iterator[Trial]:
        """See `SweepShelf.arrived`."""
        for kept in self._lake.objects(self._trials):
            if kept.key not in self._seen:
                self._seen.add(kept.key)
                content = self._lake.get(kept.key) or b""
                yield from (trial_of(json.loads(line)) for line in content.splitlines())

    @property
    def _question(self) -> str:
        return f"{self._folder}question.gz"

    @property
    def _trials(self) -> str:
        return f"{self._folder}trials/"


def _packed(asked: Asked, program: str) -> bytes:
    terms, text = asked.terms, asked.text or BotText("", "")
    head = _Head(
        schema=_SCHEMA,
        program=program,
        bot=asked.bot,
        source=text.source,
        file=text.file,
        interval=asked.interval,
        warmup=asked.warmup,
        cash=terms.cash,
        maker_fee=terms.costs.maker_fee,
        taker_fee=terms.costs.taker_fee,
        slippage_bps=terms.costs.slippage_bps,
        allows_short=terms.allows_short,
        instruments=tuple(terms.instruments[symbol] for symbol in asked.instruments),
        lengths=lengths_of(asked),
        views=json.dumps([timeline.versions() for timeline in asked.views or ()]),
    )
    content = encode(head).encode() + _LINE_END + packed_candles(asked)
    return gzip.compress(content, compresslevel=6, mtime=0)


def _unpacked(content: bytes, program: str) -> Asked:
    document, _, numbers = gzip.decompress(content).partition(_LINE_END)
    said = json.loads(document)
    if said["program"] != program or said["schema"] != _SCHEMA:
        raise BotRefused(
            "the stage runs another version of this program than the one that asks, whose trials"
            " might come out otherwise: deploy the stage again, or use the version that it runs"
        )
    head = decode(_Head, document.decode())
    symbols = tuple(each.symbol for each in head.instruments)
    costs = Costs(head.maker_fee, head.taker_fee, head.slippage_bps)
    instruments = dict(zip(symbols, head.instruments, strict=True))
    return Asked(
        bot=head.bot,
        text=BotText(head.source, head.file) if head.source else None,
        instruments=symbols,
        interval=head.interval,
        warmup=head.warmup,
        candles=unpacked_candles(symbols, head.lengths, numbers),
        terms=Terms(instruments, head.cash, costs, head.allows_short),
        views=_views(head.views),
    )


def _views(document: str) -> Views | None:
    versions: Sequence[Any] = json.loads(document)
    return Views(*map(Timeline, versions)) if versions else None
