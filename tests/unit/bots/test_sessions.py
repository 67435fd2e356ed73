"""A bot under way: its state, the columns that runs share, and whose fault an error is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.backtest import BacktestRun, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import Bar, OpenOrder
from chalicelib.domain.bots.dice import dice_for
from chalicelib.domain.bots.elsewhere import BotElsewhere
from chalicelib.domain.bots.intent import Intent
from chalicelib.domain.bots.refusals import BotRefused, CandlesRefused
from chalicelib.domain.bots.session import Session, plain_state
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, step
from chalicelib.domain.bots.tracks import Shared
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, instrument, scripted

NOTHING = AccountView(Decimal(1000), {})


class Averaging(Bot):
    instruments: ClassVar[Sequence[str]] = (BTC, ETH)
    interval = "1h"

    def start(self, ctx: Context) -> None:
        names = ctx.markets if type(self).together else [ctx.symbol]
        self.lines = [ctx.sma(2, symbol=name) for name in names]

    def on_candle(self, ctx: Context) -> None:
        ctx.log([line.value for line in self.lines])


def test_its_state_is_all_that_it_needs_to_go_on() -> None:
    (setup,) = set_up(scripted({0: lambda ctx: (ctx.buy(1), ctx.random.random())}))
    state = step(setup, None, {BTC: candles([100.0], (1.0, 4.0, 1.0, 2.0))}, NOTHING).state
    dice = dice_for(setup.seed, BTC)
    dice.random()
    assert state == {
        "version": 1,
        "bot": {"number": 2},
        "seen": 2,
        "orders_made": 1,
        "random": dice.position,
        "candles": {BTC: [[HOUR], [1.0], [4.0], [1.0], [2.0], [1.0]]},
        "last": {BTC: HOUR},
        "indicators": {},
        "larger": [],
    }


@pytest.mark.parametrize(("version", "said"), [(2, "2"), (None, "None")])
def test_a_state_of_another_version_is_refused(version: int | None, said: str) -> None:
    (setup,) = set_up(scripted({}))
    state = step(setup, None, {BTC: candles([100.0])}, NOTHING).state
    with pytest.raises(BotRefused) as refused:
        step(setup, {**state, "version": version}, {}, NOTHING)
    assert str(refused.value) == f"the state is of version {said}, not 1"


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ([], "Scripted: ctx.state is a list; it must stay a dict"),
        (
            {"a": {1}},
            "Scripted: ctx.state cannot be kept as JSON: Object of type set is not JSON"
            " serializable",
        ),
        (
            {"a": "x" * (64 * 1024 - 8)},  # with {"a": ""} one too many
            "Scripted: ctx.state has 65537 bytes; at most 65536 are kept",
        ),
        (
            {1: "a"},
            "Scripted: ctx.state is not the same after JSON: keys must be texts, and tuples lists",
        ),
    ],
    ids=["a list", "a set in it", "too large", "a number as a key"],
)
def test_what_cannot_be_kept_is_refused(kept: Any, sentence: str) -> None:
    with pytest.raises(BotRefused) as refused:
        plain_state("Scripted", kept)
    assert str(refused.value) == sentence
    (setup,) = set_up(scripted({0: lambda ctx: setattr(ctx, "state", kept)}))
    with pytest.raises(BotRefused) as refused:
        step(setup, None, {BTC: candles([100.0])}, NOTHING)
    assert str(refused.value) == sentence


def test_a_state_may_have_sixty_four_kibibytes() -> None:
    largest = {"a": "x" * (64 * 1024 - 9)}
    assert plain_state("Scripted", largest) == largest


def test_candles_of_what_it_does_not_trade_are_refused() -> None:
    (setup,) = set_up(scripted({}, together=True, instruments=(BTC, ETH)))
    with pytest.raises(CandlesRefused) as refused:
        step(setup, None, {"SOL/USDT": candles([1.0])}, NOTHING)
    assert str(refused.value) == "candles of SOL/USDT: this bot trades BTC/USDT, ETH/USDT"


def test_a_chart_that_has_not_begun_to_grow_is_empty() -> None:
    setup = set_up(Averaging)[0]
    run = BacktestRun(setup, Terms({BTC: instrument()}, Decimal(1000)))
    assert (run.result().plots, run.result().equity) == ([], [])


def test_a_bot_that_is_asked_at_crossings_begins_without_candles_too() -> None:
    class Crossing(Averaging):
        def start(self, ctx: Context) -> None:
            ctx.only_when(ctx.sma(2).crosses(1))

    state = step(set_up(Crossing)[0], None, {}, NOTHING).state
    assert (state["seen"], state["last"]) == (0, {})


def test_a_context_that_is_not_asked_has_no_orders() -> None:
    (setup,) = set_up(scripted({}))
    session = Session(setup, Views())
    session.advance({BTC: candles([100.0])}, FailingDesk())
    assert session.ctx.open_orders == ()


@pytest.mark.parametrize("together", [False, True])
def test_runs_on_the_same_candles_compute_an_indicator_once(*, together: bool) -> None:
    setup = set_up(type("Averaging", (Averaging,), {"together": together}))[0]
    given = {symbol: candles([2.0], [4.0]) for symbol in setup.instruments}
    terms = Terms({BTC: instrument(BTC), ETH: instrument(ETH)}, Decimal(1))
    shared = Shared()
    backtest(setup, given, terms, shared=shared)
    assert shared == {(f"{name} sma(2)", name): [[None, 3.0]] for name in setup.instruments}
    for columns in shared.values():
        columns[0] = [7.0, 8.0]
    count = len(setup.instruments)
    assert [line.text for line in backtest(setup, given, terms, shared=shared).logs] == [
        str([7.0] * count),
        str([8.0] * count),
    ]


class FailingDesk:
    """It cannot take an order."""

    waiting: Sequence[object] = ()

    def match(self, bars: Sequence[Bar]) -> None:
        """Nothing waits."""

    def mark(self, start: int) -> None:
        """Nothing is noted."""

    def open_orders(self) -> tuple[OpenOrder, ...]:
        return ()

    def accept(self, intents: Sequence[Intent]) -> None:
        raise RuntimeError(f"no room for {len(intents)}")


def test_what_fails_beside_the_bot_is_not_said_to_be_the_bots() -> None:
    (setup,) = set_up(scripted({0: lambda ctx: ctx.buy(1)}))
    with pytest.raises(RuntimeError, match=r"^no room for 1$"):
        Session(setup, Views()).advance({BTC: candles([100.0])}, FailingDesk())


class Faraway(BotElsewhere):
    """Notes what it is shown, and whether that was a rehearsal."""

    instruments: ClassVar[Sequence[str]] = (BTC,)
    interval = "1h"
    is_rehearsed: ClassVar[list[bool]] = []
    seen: ClassVar[list[tuple[bool, Any]]] = []

    @classmethod
    @contextmanager
    def asked_at_once(cls) -> Iterator[None]:
        cls.is_rehearsed.append(True)
        yield
        cls.is_rehearsed.pop()

    def on_candle(self, ctx: Context) -> None:
        ctx.state["count"] = ctx.state.get("count", 0) + 1
        orders = [order.id for order in ctx.open_orders]
        shown = (ctx.state["count"], ctx.close, ctx.cash, ctx.position, orders, ctx.ranking)
        self.seen.append((bool(self.is_rehearsed), shown))


def test_a_bot_that_runs_far_away_is_asked_in_a_rehearsal_first() -> None:
    (setup,) = set_up(Faraway)
    order = OpenOrder("1", BTC, "buy", 1.0, Decimal(90), None)
    account = AccountView(Decimal(500), {BTC: Held(Decimal(2))}, (order,))
    views = Views(ranking=Timeline([(0, "first")]))
    before = step(setup, None, {BTC: candles([100.0])}, NOTHING)
    Faraway.seen.clear()
    after = step(setup, before.state, {BTC: candles([110.0], start=1)}, account, views)
    shown = (2, 110.0, 500.0, 2.0, ["1"], "first")
    assert Faraway.seen == [(True, shown), (False, shown)]
    assert after.state["bot"] == {"count": 2}
