"""[bus, closed candles] -> each bot's next state, and its wishes as signals into the trading flow.

A crash anywhere loses and doubles nothing. A wish is stored before the state that it led to, and
the state before the bus's offset: what is read again finds a bot that has seen it, or makes the
same wish again, which is stored already by its id.

A bot that trades several instruments together decides at a close when the candles of all of them
are there. Where one does not come in time, the bot goes on without it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.bots.candles import at_ms, candles_of
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.bots.gathering import Gathering, Places
from chalicelib.domain.bots.live import begin, follow, messages_of, warmed
from chalicelib.domain.bots.live_message import Told, signal_id_of
from chalicelib.domain.bots.refusals import BotFailed, BotRefused, CandlesRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.trail import Mark
from chalicelib.domain.bots.views import Views
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.kline import Kline, parse_kline
from chalicelib.domain.market.stream_plan import BINANCE, symbol_of
from chalicelib.domain.market.trade import MalformedTrade
from chalicelib.market_ports.bus import Batch, BusReader
from chalicelib.ports.bots import BotStates, BotTrails, KeptBot
from chalicelib.services.trading.receive_signal import Delivery, Inbox, receive_own

_AT_ONCE: Final = 1_000
_LATE_AT_ONCE: Final = 10  # closes that wait no longer, between two looks at the clock
_PATIENCE: Final = timedelta(seconds=30)
_STORED: Final = frozenset({200, 409})  # 409: by other parameters before a crash, and it stands
_UNKNOWN: Final = 401
_UNAVAILABLE: Final = 503

Subject = tuple[str, Interval]
History = Callable[[Setup], Mapping[str, Sequence[Candle]]]
Known = Callable[[Setup, datetime], Views]  # by when its candle closed


@dataclass(frozen=True, slots=True, kw_only=True)
class BotReport:
    """What one round did. `late` are closes at which a bot went on without one of its candles.

    `refused` and `stopped` are sentences for the owner; `resting` says of each instrument on which
    a bot has stopped, why.
    """

    messages: int = 0
    late: int = 0
    wishes: int = 0
    malformed: int = 0
    refused: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    resting: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RunningBots:
    """A reader and what it holds in memory: after any error, begin anew with a new reader.

    `resting` are symbols that its bots are not shown; `trails` keeps what people may look at, and
    `history` has candles for a bot that begins, oldest first. `known` is what bots may ask for.
    `patience` is how long candles on the bus wait for others of the same bot and close.

    `kept` and `gathered` are by the instruments of each bot.
    """

    reader: BusReader
    states: BotStates
    inbox: Inbox
    deployment: Deployment
    trails: BotTrails | None = None
    history: History | None = None
    known: Known | None = None
    patience: timedelta = _PATIENCE
    has_begun: bool = False
    kept: dict[str, KeptBot] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)
    gathered: dict[str, Gathering] = field(default_factory=dict)
    places: Places = field(default_factory=Places)


def run_bots(work: RunningBots, *, wait: float) -> BotReport:
    """One round: what the bus has, after `wait` seconds at most."""
    batch = work.reader.poll(limit=_AT_ONCE, wait=wait)
    report = _Report()
    subjects = _by_subject(work.deployment)
    for message in batch.messages:
        work.places.read(message)
        kline = report.read(message, work.inbox.clock.now())
        subject = None if kline is None else subjects.get((kline.symbol, kline.interval))
        if kline is not None and subject is not None:
            setup, symbol = subject
            _take(work, setup, symbol, kline.candle, message, report)
    _wait_no_longer(work, report)
    _keep(work, report)
    for partition, offset in work.places.moved(work.gathered.values()).items():
        work.reader.commit(partition, Position(offset))
    if batch.lost or batch.begun:
        _let_go(work, batch)
    return report.told(len(batch.messages))


@dataclass(slots=True)
class _Report:
    wishes: int = 0
    malformed: int = 0
    late: int = 0
    refused: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    resting: dict[str, str] = field(default_factory=dict)
    changed: dict[str, Setup] = field(default_factory=dict)
    marks: dict[str, dict[str, list[Mark]]] = field(default_factory=dict)

    def read(self, message: Message, now: datetime) -> Kline | None:
        try:
            return parse_kline(message.value, now)
        except MalformedTrade:
            self.malformed += 1
            return None

    def told(self, messages: int) -> BotReport:
        return BotReport(
            messages=messages,
            late=self.late,
            wishes=self.wishes,
            malformed=self.malformed,
            refused=tuple(self.refused),
            stopped=tuple(self.stopped),
            resting=self.resting,
        )


def _by_subject(deployment: Deployment) -> dict[Subject, tuple[Setup, str]]:
    """Only Binance and Binance US have candles on the bus, under their own names."""
    return {
        (symbol_of(BINANCE, symbol), setup.interval): (setup, symbol)
        for setup in deployment.setups
        for symbol in setup.instruments
    }


def _take(
    work: RunningBots,
    setup: Setup,
    symbol: str,
    candle: Candle,
    message: Message,
    report: _Report,
) -> None:
    """Put it to the others of its close, and let the bot go on where nothing more is waited for."""
    if not work.resting.isdisjoint(setup.instruments):
        return
    try:
        candles_of(symbol, setup.interval, [candle])
        kept = work.kept.get(setup.on) or _found(work, setup)
    except CandlesRefused:
        report.malformed += 1
        return
    except (BotFailed, BotRefused) as error:
        _rest(work, setup, error, report)
        return
    if not _has_seen(kept, candle.start):
        gathering = work.gathered.setdefault(setup.on, Gathering(setup.instruments))
        gathering.add(symbol, candle, message)
        while closed := gathering.next():
            _go_on(work, setup, closed, report)


def _wait_no_longer(work: RunningBots, report: _Report) -> None:
    """Only where the bus has nothing more: what came in time may not have been read yet."""
    come_by = at_ms(work.inbox.clock.now() - work.patience)
    for setup in work.deployment.setups:
        gathering = work.gathered.get(setup.on)
        if gathering is None or not gathering.is_late(come_by) or work.reader.lag():
            continue
        for _ in range(_LATE_AT_ONCE):
            closed = gathering.next(come_by)
            if closed is None:
                break
            report.late += 1
            _go_on(work, setup, closed, report)


def _go_on(work: RunningBots, setup: Setup, closed: Mapping[str, Candle], report: _Report) -> None:
    deployment, start = work.deployment, next(iter(closed.values())).start
    if not work.resting.isdisjoint(setup.instruments):  # since a close just now
        return
    try:
        kept = _with_history(work, setup, work.kept.get(setup.on) or _found(work, setup))
        if _has_seen(kept, start):
            return
        views = work.known and work.known(setup, start + setup.interval.length)
        done = follow(setup, kept.bot, closed, views)
    except (BotFailed, BotRefused) as error:
        _rest(work, setup, error, report)
        return
    marks = dict(done.marks)
    for message in messages_of(done, deployment.name):
        mark = marks[message.symbol]
        if _tell(work, message, report) and not (mark.signal or message.cancels):
            signal = signal_id_of(message, deployment.strategy)
            marks[message.symbol] = mark._replace(signal=signal)
    work.kept[setup.on] = replace(kept, bot=done.bot)
    report.changed[setup.on] = setup
    left = report.marks.setdefault(setup.on, {})
    for symbol, mark in marks.items():
        if not mark.is_empty:
            left.setdefault(symbol, []).append(mark)


def _has_seen(kept: KeptBot, start: datetime) -> bool:
    return kept.bot.seen is not None and start <= kept.bot.seen


def _rest(work: RunningBots, setup: Setup, error: Exception, report: _Report) -> None:
    """It is on all its instruments that one which trades them together has stopped."""
    work.resting.update(setup.instruments)
    work.gathered.pop(setup.on, None)
    report.resting |= dict.fromkeys(setup.instruments, str(error))
    where = ", ".join(setup.instruments)
    report.stopped.append(f"{work.deployment.name} on {where}: {error}")


def _found(work: RunningBots, setup: Setup) -> KeptBot:
    """The first time it is stored at once: from when it is heard must not change by a crash."""
    deployment = work.deployment
    kept = work.states.get(deployment.name, setup.on)
    earlier = None if kept is None else kept.bot
    bot = begin(
        setup,
        earlier,
        since=deployment.since,
        cash=deployment.cash,
        version=deployment.version,
    )
    if kept is None or bot != earlier:
        version = 0 if kept is None else kept.version
        kept = work.states.put(
            KeptBot(deployment=deployment.name, on=setup.on, bot=bot, version=version)
        )
    work.kept[setup.on] = kept
    return kept


def _with_history(work: RunningBots, setup: Setup, kept: KeptBot) -> KeptBot:
    """Odd candles of the past are no reason not to begin: the bus has others."""
    if kept.bot.state is None and work.history is not None:
        try:
            kept = replace(kept, bot=warmed(setup, kept.bot, work.history(setup)))
        except CandlesRefused:
            return kept
        work.kept[setup.on] = kept
    return kept


def _keep(work: RunningBots, report: _Report) -> None:
    for on, setup in report.changed.items():
        kept = work.kept[on]
        for symbol, marks in report.marks[on].items():
            if work.trails is not None:
                work.trails.add(work.deployment.name, symbol, setup.interval, marks)
        work.kept[on] = work.states.put(kept)


def _let_go(work: RunningBots, batch: Batch) -> None:
    """Another process may have gone on with them."""
    work.has_begun = True
    work.kept.clear()
    work.places.forget((*batch.lost, *batch.begun))
    for gathering in work.gathered.values():
        gathering.forget(batch.lost)


def _tell(work: RunningBots, message: Told, report: _Report) -> bool:
    """Whether it is a signal now, or was one before a crash."""
    deployment = work.deployment
    delivery = Delivery(body=message.body, strategy=deployment.strategy)
    answer = receive_own(work.inbox, delivery, message.own)
    if answer.status == _UNKNOWN:
        raise SettingsError(f"there is no strategy {deployment.strategy}")
    if answer.status == _UNAVAILABLE:
        raise StoreUnavailable(f"{deployment.name}: {answer.body['error']}")
    if answer.status in _STORED:
        report.wishes += 1
        return True
    report.refused.append(f"{deployment.name}: {answer.body['error']}")
    return False
