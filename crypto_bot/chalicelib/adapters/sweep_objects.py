"""A sweep on a stage as objects of the lake, under sweeps/KEY/, which `sweep_key` has made.

question.gz     the bot, the account's terms, rankings and analyses as JSON, then the candles as
                columns of the machine's own numbers: 2 MB for 136,000 candles
trials/*.jsonl  what was found, an object for each call of the function
runs/RUN/       tasks.json, which the state machine reads, and what it writes itself

The candles are there, and not the name of their series: the lake's may change while a sweep runs,
and a function that reads no Parquet begins in a fraction of the time.
"""

import gzip
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.sweep_rows import task_row, trial_of, trial_row
from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.drivers.codec import decode, encode
from chalicelib.market_ports.lake import Lake

SWEEPS: Final = "sweeps/"
_SCHEMA: Final = 1
_DIGITS: Final = 16
_LINE_END: Final = b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """`program` is that of whoever asks, `bot` the name of one that comes with it.

    `lengths` are the numbers of candles; `views` are JSON inside JSON, since they hold floats.
    """

    schema: int
    program: str
    bot: str
    interval: Interval
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

    def put_question(self, bot: str, program: str, trials: Trials) -> None:
        """Whose `bot` it is by its name. Its terms have no finer candles, as a sweep's have not."""
        self._lake.put(self._question, _packed(bot, program, trials))

    def question(self, program: str) -> Trials:
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


def _packed(bot: str, program: str, trials: Trials) -> bytes:
    setup, terms = trials.setup, trials.terms
    head = _Head(
        schema=_SCHEMA,
        program=program,
        bot=bot,
        interval=setup.interval,
        cash=terms.cash,
        maker_fee=terms.costs.maker_fee,
        taker_fee=terms.costs.taker_fee,
        slippage_bps=terms.costs.slippage_bps,
        allows_short=terms.allows_short,
        instruments=tuple(terms.instruments[symbol] for symbol in setup.instruments),
        lengths=tuple(len(trials.candles[symbol].start) for symbol in setup.instruments),
        views=json.dumps([timeline.versions() for timeline in trials.views or ()]),
    )
    parts = [encode(head).encode(), _LINE_END]
    for symbol in setup.instruments:
        series = trials.candles[symbol]
        parts.append(array("q", series.start).tobytes())
        parts += [array("d", column).tobytes() for column in series.prices]
    return gzip.compress(b"".join(parts), compresslevel=6, mtime=0)


def _unpacked(content: bytes, program: str) -> Trials:
    document, _, numbers = gzip.decompress(content).partition(_LINE_END)
    asked = json.loads(document)
    if asked["program"] != program or asked["schema"] != _SCHEMA:
        raise BotRefused(
            "the stage runs another version of this program than the one that asks, whose trials"
            " might come out otherwise: deploy the stage again, or use the version that it runs"
        )
    head = decode(_Head, document.decode())
    symbols = tuple(each.symbol for each in head.instruments)
    (setup,) = set_up(ready_made(head.bot), instruments=symbols, interval=head.interval.value)
    costs = Costs(head.maker_fee, head.taker_fee, head.slippage_bps)
    terms = Terms(
        dict(zip(symbols, head.instruments, strict=True)), head.cash, costs, head.allows_short
    )
    return Trials(setup, _candles(symbols, head.lengths, numbers), terms, _views(head.views))


def _candles(symbols: Sequence[str], lengths: Sequence[int], numbers: bytes) -> dict[str, Candles]:
    found, place = {}, 0
    for symbol, length in zip(symbols, lengths, strict=True):
        columns: list[list[Any]] = []
        for kind in "qddddd":
            column = array(kind)
            end = place + length * column.itemsize
            column.frombytes(numbers[place:end])
            columns.append(column.tolist())
            place = end
        found[symbol] = Candles(*columns)
    return found


def _views(document: str) -> Views | None:
    versions: Sequence[Any] = json.loads(document)
    return Views(*map(Timeline, versions)) if versions else None
