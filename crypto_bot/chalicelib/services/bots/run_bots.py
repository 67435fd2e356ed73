"""[bus, closed candles] -> each bot's next state, and its wishes as signals into the trading flow.

A crash anywhere loses and doubles nothing. A wish is stored before the state that it led to, and
the state before the bus's offset: what is read again finds a bot that has seen it, or makes the
same wish again, which is stored already by its id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.bots.live import Wish, begin, follow, message_of
from chalicelib.domain.bots.refusals import BotFailed, BotRefused, CandlesRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.kline import Kline, parse_kline
from chalicelib.domain.market.stream_plan import BINANCE, symbol_of
from chalicelib.domain.market.trade import MalformedTrade
from chalicelib.market_ports.bus import BusReader
from chalicelib.ports.bots import BotStates, KeptBot
from chalicelib.services.trading.receive_signal import Delivery, Inbox, receive_own

_AT_ONCE: Final = 1_000
_STORED: Final = frozenset({200, 409})  # 409: by other parameters before a crash, and it stands
_UNKNOWN: Final = 401
_UNAVAILABLE: Final = 503

Subject = tuple[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class BotReport:
    """What one round did. `refused` and `stopped` are sentences for the owner."""

    messages: int = 0
    wishes: int = 0
    malformed: int = 0
    refused: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class RunningBots:
    """A reader and what it holds in memory: after any error, begin anew with a new reader."""

    reader: BusReader
    states: BotStates
    inbox: Inbox
    deployment: Deployment
    has_begun: bool = False
    kept: dict[Subject, KeptBot] = field(default_factory=dict)
    stopped: set[Subject] = field(default_factory=set)


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
        work.kept[subject] = work.states.put(work.kept[subject])
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
        )


def _by_subject(deployment: Deployment) -> dict[Subject, Setup]:
    """Only Binance and Binance US have candles on the bus, under their own names."""
    return {
        (symbol_of(BINANCE, setup.instruments[0]), setup.interval): setup
        for setup in deployment.setups
    }


def _take(work: RunningBots, setup: Setup, subject: Subject, kline: Kline, report: _Report) -> bool:
    """Whether the bot has gone on."""
    if subject in work.stopped:
        return False
    kept = work.kept.get(subject) or _found(work, setup, subject)
    if kept.bot.seen is not None and kline.candle.start <= kept.bot.seen:
        return False
    try:
        bot, wish = follow(setup, kept.bot, kline.candle)
    except CandlesRefused:
        report.malformed += 1
        return False
    except (BotFailed, BotRefused) as error:
        work.stopped.add(subject)
        report.stopped.append(f"{work.deployment.name} on {kept.symbol}: {error}")
        return False
    if wish is not None:
        _tell(work, wish, report)
    work.kept[subject] = replace(kept, bot=bot)
    return True


def _found(work: RunningBots, setup: Setup, subject: Subject) -> KeptBot:
    """The first time it is stored at once: from when it is heard must not change by a crash."""
    deployment, symbol = work.deployment, setup.instruments[0]
    kept = work.states.get(deployment.name, symbol)
    earlier = None if kept is None else kept.bot
    bot = begin(setup, earlier, since=deployment.since, cash=deployment.cash)
    if kept is None or bot != earlier:
        version = 0 if kept is None else kept.version
        kept = work.states.put(
            KeptBot(deployment=deployment.name, symbol=symbol, bot=bot, version=version)
        )
    work.kept[subject] = kept
    return kept


def _tell(work: RunningBots, wish: Wish, report: _Report) -> None:
    deployment = work.deployment
    body = message_of(wish, deployment.name)
    answer = receive_own(work.inbox, Delivery(body=body, strategy=deployment.strategy))
    if answer.status == _UNKNOWN:
        raise SettingsError(f"there is no strategy {deployment.strategy}")
    if answer.status == _UNAVAILABLE:
        raise StoreUnavailable(f"{deployment.name}: {answer.body['error']}")
    if answer.status in _STORED:
        report.wishes += 1
    else:
        report.refused.append(f"{deployment.name}: {answer.body['error']}")


def _newest(messages: Iterable[Message]) -> dict[int, int]:
    return {message.partition: message.offset for message in messages}
