"""docs/bots.md says what the code does: its assumptions, its figures, its examples."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots import metrics as metrics_module
from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.fill_model import ASSUMPTIONS
from chalicelib.domain.bots.indicators.named import KINDS
from chalicelib.domain.bots.market import Market
from chalicelib.domain.bots.metrics import Metrics
from chalicelib.domain.bots.parameters import params_of
from chalicelib.domain.bots.ready_made import READY_MADE
from tests.unit.bots.paper_market import BTC, candles, instrument

PAGE = (Path(__file__).parents[3] / "docs" / "bots.md").read_text()


def test_every_assumption_is_on_the_page() -> None:
    missing = [topic for topic, says in ASSUMPTIONS if f"| {topic} | {says} |" not in PAGE]
    assert not missing


def test_every_figure_is_on_the_page_with_its_formula() -> None:
    assert metrics_module.__file__ is not None
    formulas = dict(
        re.findall(r"^    (\w+): .*  # (.+)$", Path(metrics_module.__file__).read_text(), re.M)
    )
    assert set(Metrics._fields) == set(formulas)
    missing = [name for name, says in formulas.items() if f"| `{name}` | {says} |" not in PAGE]
    assert not missing


def test_every_word_of_the_context_is_on_the_page() -> None:
    words = {name for kind in (Context, *Context.__mro__) for name in vars(kind)}
    offered = {name for name in words if name.isascii() and not name.startswith("_")}
    ours = {  # for the engine, or explained beside a word that is on the page
        *("desk", "intents", "is_starting", "orders_made", "tracks", "candle_ms", "logs", "plots"),
        *("show", "has_price", "indicator", "markets", "symbol", "explain", "lacks"),
    }
    missing = {name for name in offered - ours if not re.search(rf"\b{name}\b", PAGE)}
    assert not missing
    assert not set(KINDS) - words
    assert offered > set(KINDS) | {name for name in Market.__slots__ if not name.startswith("_")}


@pytest.mark.parametrize("bot", READY_MADE.values(), ids=list(READY_MADE))
def test_every_parameter_of_a_ready_made_bot_is_on_the_page(bot: type[Bot]) -> None:
    for name, param in params_of(bot).items():
        numbers = " | ".join(f"{n:g}" for n in (param.default, param.low, param.high))
        assert f"| `{name}` | {numbers} |" in PAGE


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.S))
def test_the_examples_trade(code: str) -> None:
    names: dict[str, object] = {"__name__": "example"}
    exec(code, names)  # noqa: S102 - what the page says
    (bot,) = (
        value
        for value in names.values()
        if isinstance(value, type) and issubclass(value, Bot) and value is not Bot
    )
    (setup,) = set_up(bot)
    prices = [(100.0 + 10 * (number // 50 % 2) + number % 3,) for number in range(300)]
    rows = candles(*prices, interval="5m")
    test = backtest(setup, {BTC: rows}, Terms({BTC: instrument()}, Decimal(1000)))
    assert len(test.fills) > 3
