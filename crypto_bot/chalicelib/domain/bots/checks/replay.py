"""A bot over the past with a note of everything it asked for, and of the account it saw then."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.backtest import BacktestRun, Terms
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.context import Plot
from chalicelib.domain.bots.desk import Bar, OpenOrder
from chalicelib.domain.bots.intent import TARGET, Intent
from chalicelib.domain.bots.paper_desk import PaperDesk
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView
from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.instrument import Instrument

Series = Mapping[str, Candles]
_FINEST: Final = Decimal("0.00000001")


class Replay(NamedTuple):
    """`asked` by the start of the candle it was decided on; `state` is JSON, at the end."""

    asked: Mapping[int, tuple[Intent, ...]]
    plots: list[Plot]
    accounts: "Accounts"
    state: dict[str, Any]


def replay(
    setup: Setup, candles: Series, cash: Decimal, state: Mapping[str, Any] | None = None
) -> Replay:
    """In one go. What the bot does wrong is raised as a backtest would."""
    instruments = {symbol: _usual(symbol) for symbol in setup.instruments}
    run = BacktestRun(setup, Terms(instruments, cash), state=state)
    desk = _NotingDesk(run.desk)
    with exact_arithmetic():
        run.session.advance(candles, desk)
    asked: dict[int, tuple[Intent, ...]] = {}
    for intent in desk.asked:
        asked[intent.at] = (*asked.get(intent.at, ()), intent)
    return Replay(asked, run.session.ctx.plots(), desk.accounts, run.session.state())


def starts_of(candles: Series) -> list[int]:
    """When there is a candle of any of them, oldest first."""
    return sorted({start for series in candles.values() for start in series.start})


def part(candles: Series, first: int, end: int) -> dict[str, Candles]:
    """Those that start from `first` to before `end`, in ms."""
    return {
        symbol: series.between(bisect_left(series.start, first), bisect_left(series.start, end))
        for symbol, series in candles.items()
    }


class Accounts:
    """What a bot has seen of its account, by the time from which on."""

    def __init__(self, first: AccountView) -> None:
        self._since: list[int] = [-1]
        self._views = [first]

    def note(self, since: int, view: AccountView) -> None:
        """Not before any that was noted."""
        self._since.append(since)
        self._views.append(view)

    def at(self, start: int) -> AccountView:
        """When the candle closed that starts then."""
        return self._views[bisect_right(self._since, start) - 1]


class _NotingDesk:
    def __init__(self, desk: PaperDesk) -> None:
        self.waiting: Final[Sequence[object]] = desk.waiting
        self.asked: Final[list[Intent]] = []
        self._desk = desk
        self.accounts: Final = Accounts(self._view())

    def match(self, bars: Sequence[Bar]) -> None:
        self._desk.match(bars)
        self.accounts.note(bars[0].start, self._view())

    def accept(self, intents: Sequence[Intent]) -> None:
        self.asked.extend(intents)
        self._desk.accept(intents)
        self.accounts.note(intents[0].at + 1, self._view())

    def mark(self, start: int) -> None:
        """A curve of its equity is nothing that runs are held against."""

    def open_orders(self) -> tuple[OpenOrder, ...]:
        return self._desk.open_orders()

    def _view(self) -> AccountView:
        ledger = self._desk.ledger
        held = {}
        for symbol, holding in ledger.holdings.items():
            average = holding.average_price
            held[symbol] = Held(
                holding.quantity, None if average is None else Decimal(repr(average))
            )
        return AccountView(ledger.cash, held, self._desk.open_orders())


def told(intents: Iterable[Intent]) -> str:
    """As a sentence has it."""
    return " and ".join(map(_told, intents)) or "nothing"


def _told(intent: Intent) -> str:
    said = [f"{intent.action} {intent.symbol}"]
    if intent.amount or intent.action is TARGET:
        said.append(f"{intent.unit} {intent.amount:f}")
    for name in ("limit", "stop", "trailing", "stop_loss", "take_profit", "trail_stop"):
        value = getattr(intent, name)
        if value is not None:
            said.append(f"{name} {value:f}")
    return " ".join(said)


def _usual(symbol: str) -> Instrument:
    base, _, quote = symbol.partition("/")
    return Instrument(
        symbol=symbol, base=base, quote=quote, quantity_step=_FINEST, price_tick=_FINEST
    )
