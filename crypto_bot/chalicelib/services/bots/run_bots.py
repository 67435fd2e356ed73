"""[bus, closed candles] -> each bot's next state, and its wishes as signals into the trading flow.

A crash anywhere loses and doubles nothing. A wish is stored before the state that it led to, and
the state before the bus's offset: what is read again finds a bot that has seen it, or makes the
same wish again, which is stored already by its id.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.bots.live import LiveBot, begin, follow, messages_of, warmed
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
from chalicelib.market_ports.bus import BusReader
from chalicelib.ports.bots import BotStates, BotTrails, KeptBot
from chalicelib.services.trading.receive_signal import Delivery, Inbox, receive_own

_AT_ONCE: Final = 1_000
_STORED: Final = frozenset({200, 409})  # 409: by other parameters before a crash, and it stands
_UNKNOWN: Final = 401
_UNAVAILABLE: Final = 503

Subject = tuple[str, Interval]
History = Callable[[Setup], Sequence[Candle]]
Known = Callable[[Setup, datetime], Views]  # by when its candle closed


@dataclass(frozen=True, slots=True, kw_only=True)
class BotReport:
    """What one round did. `refused` and `stopped` are sentences for the owner; `resting` says of
    each instrument on which a bot has stopped, why.
    """

    messages: int = 0
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
    """

    reader: BusReader
    states: BotStates
    inbox: Inbox
    deployment: Deployment
    trails: BotTrails | None = None
    history: History | None = None
    known: Known | None = None
    has_begun: bool = False
    kept: dict[Subject, KeptBot] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)


def check_strategy(deployment: Deployment, inbox: Inbox) -> None:
    """Before they begin: SettingsError where the strategy could trade nothing of it."""
    strategy = inbox.strategies.strategy(deployment.strategy)
    if strategy is None:
        raise SettingsError(
            f"there is no strategy {deployment.strategy} for the bot to speak for: crypto-bot"
            " strategies apply FILE with it, or name another one with --strategy"
        )
    for setup in deployment.setups:
        symbol = setup.instruments[0]
        if symbol not in strategy.symbols():
            raise SettingsError(
                f"strategy {strategy.name} does not trade {symbol}; it trades"
                f" {', '.join(strategy.symbols()) or 'nothing'}"
            )


def run_bots(work: RunningBots, *, wait: float) -> BotReport:
    """One round: what the bus has, after `wait` seconds at most."""
    batch = work.reader.poll(limit=_AT_ONCE, wait=wait)
    report = _Report()
    setups = _by_subject(work.deployment)
    changed: dict[Subject, None] = {}
    for message in batch.messages:
        kline = report.read(message, work.inbox.clock.now())
        if kline is None:
            continue
        subject = (kline.symbol, kline.interval)
        if subject in setups and _take(work, setups[subject], subject, kline, report):
            changed[subject] = None
    for subject in changed:
        kept = work.kept[subject]
        if work.trails is not None and report.marks[subject]:
            marks = report.marks[subject]
            work.trails.add(work.deployment.name, kept.symbol, setups[subject].interval, marks)
        work.kept[subject] = work.states.put(kept)
    for partition, offset in _newest(batch.messages).items():
        work.reader.commit(partition, Position(offset + 1))
    if batch.lost or batch.begun:
        work.has_begun = True
        work.kept.clear()  # another process may have gone on with them
    return report.told(len(batch.messages))


@dataclass(slots=True)
class _Report:
    wishes: int = 0
    malformed: int = 0
    refused: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    resting: dict[str, str] = field(default_factory=dict)
    marks: dict[Subject, list[Mark]] = field(default_factory=dict)

    def read(self, message: Message, now: datetime) -> Kline | None:
        try:
            return parse_kline(message.value, now)
        except MalformedTrade:
            self.malformed += 1
            return None

    def told(self, messages: int) -> BotReport:
        return BotReport(
            messages=messages,
            wishes=self.wishes,
            malformed=self.malformed,
            refused=tuple(self.refused),
            stopped=tuple(self.stopped),
            resting=self.resting,
        )


def _by_subject(deployment: Deployment) -> dict[Subject, Setup]:
    """Only Binance and Binance US have candles on the bus, under their own names."""
    return {
        (symbol_of(BINANCE, setup.instruments[0]), setup.interval): setup
        for setup in deployment.setups
    }


def _take(work: RunningBots, setup: Setup, subject: Subject, kline: Kline, report: _Report) -> bool:
    """Whether the bot has gone on."""
    symbol = setup.instruments[0]
    if symbol in work.resting:
        return False
    try:
        kept = work.kept.get(subject) or _found(work, setup, subject)
        if kept.bot.seen is not None and kline.candle.start <= kept.bot.seen:
            return False
        views = work.known and work.known(setup, kline.candle.start + kline.interval.length)
        done = follow(setup, kept.bot, kline.candle, views)
    except CandlesRefused:
        report.malformed += 1
        return False
    except (BotFailed, BotRefused) as error:
        work.resting.add(symbol)
        report.resting[symbol] = str(error)
        report.stopped.append(f"{work.deployment.name} on {symbol}: {error}")
        return False
    deployment, mark = work.deployment, done.mark
    for message in messages_of(done, deployment.name):
        if _tell(work, message, report) and not (mark.signal or message.cancels):
            mark = mark._replace(signal=signal_id_of(message, deployment.strategy))
    work.kept[subject] = replace(kept, bot=done.bot)
    marks = report.marks.setdefault(subject, [])
    if not mark.is_empty:
        marks.append(mark)
    return True


def _found(work: RunningBots, setup: Setup, subject: Subject) -> KeptBot:
    """The first time it is stored at once: from when it is heard must not change by a crash."""
    deployment, symbol = work.deployment, setup.instruments[0]
    kept = work.states.get(deployment.name, symbol)
    earlier = None if kept is None else kept.bot
    bot = begin(
        setup,
        earlier,
        since=deployment.since,
        cash=deployment.cash,
        version=deployment.version,
    )
    if kept is None:
        bot = _with_history(work, setup, bot)
    if kept is None or bot != earlier:
        version = 0 if kept is None else kept.version
        kept = work.states.put(
            KeptBot(deployment=deployment.name, symbol=symbol, bot=bot, version=version)
        )
    work.kept[subject] = kept
    return kept


def _with_history(work: RunningBots, setup: Setup, bot: LiveBot) -> LiveBot:
    """Odd candles of the past are no reason not to begin: the bus has others."""
    candles = [] if work.history is None else work.history(setup)
    try:
        return warmed(setup, bot, candles) if candles else bot
    except CandlesRefused:
        return bot


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


def _newest(messages: Iterable[Message]) -> dict[int, int]:
    return {message.partition: message.offset for message in messages}
