"""Two runs of a bot held against each other: where they first differ, and what is near enough."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.checks.compare import alike, difference
from chalicelib.domain.bots.checks.replay import Accounts, Replay
from chalicelib.domain.bots.context import Plot
from chalicelib.domain.bots.intent import BUY, QUANTITY, SELL, Intent
from chalicelib.domain.bots.step import AccountView
from tests.unit.bots.paper_market import BTC, ETH, HOUR

STARTS = [0, HOUR, 2 * HOUR]


def buys(amount: str, *, number: int = 1, **words: Any) -> Intent:
    return Intent(str(number), 0, BTC, BUY, Decimal(amount), QUANTITY, **words)


def run(asked: Mapping[int, tuple[Intent, ...]] | None = None, *plots: Plot) -> Replay:
    return Replay(asked or {}, list(plots), Accounts(AccountView(Decimal(0), {})), {})


def drawn(*values: float | None, name: str = "line", start: int = 0) -> Plot:
    return Plot(name, "price", [start + HOUR * place for place in range(len(values))], list(values))


SALE = Intent("2", HOUR, BTC, SELL)


def test_runs_differ_at_the_first_candle_with_other_orders() -> None:
    one = run({0: (buys("1"),), HOUR: (buys("1"), SALE), 2 * HOUR: (buys("7"),)})
    other = run({0: (buys("1"),), HOUR: (buys("1"),), 2 * HOUR: (buys("8"),)})
    both, first = "buy BTC/USDT quantity 1 and sell BTC/USDT", "buy BTC/USDT quantity 1"
    assert difference(one, other, STARTS) == (HOUR, both, first)
    assert difference(other, one, STARTS) == (HOUR, first, both)
    assert difference(one, other, STARTS[:1]) is None  # later ones are not asked about
    assert difference(one, run(), STARTS) == (0, first, "nothing")


@pytest.mark.parametrize(
    ("amount", "told"),
    [("1000.0000005", None), ("1000.000002", "1000.000002"), ("1000", None)],
)
def test_additions_in_another_order_are_no_difference(amount: str, told: str | None) -> None:
    bought = "buy BTC/USDT quantity"
    found = difference(run({0: (buys("1000"),)}), run({0: (buys(amount),)}), STARTS)
    assert found == (told and (0, f"{bought} 1000", f"{bought} {told}"))
    found = difference(run({}, drawn(1000.0, 7.0)), run({}, drawn(float(amount), 7.0)), STARTS)
    assert found == (told and (0, "line at 1000.0", f"at {told}"))


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ([drawn(1.0, None, 3.0)], [drawn(1.0, 2.0, 3.0)], (HOUR, "line at None", "at 2.0")),
        ([drawn(1.0, 2.0, 3.0)], [drawn(1.0, None, 3.0)], (HOUR, "line at 2.0", "at None")),
        ([drawn(1.0, 2.0, 3.0)], [drawn(1.0, 2.0, 4.0)], (2 * HOUR, "line at 3.0", "at 4.0")),
        ([drawn(1.0, 2.0, 3.0, 4.0)], [drawn(1.0, 2.0, 3.0)], None),  # the runs' candles end before
        ([drawn(1.0, 2.0, 3.0), drawn(9.0, name="at")], [drawn(5.0)], (0, "at at 9.0", "at None")),
        ([drawn(0.0, start=HOUR), drawn(0.0)], [drawn(0.0)], (HOUR, "line at 0.0", "at None")),
        ([drawn(None, None)], [], None),
    ],
)
def test_other_curves_are_told_with_their_first_point(
    one: list[Plot], other: list[Plot], found: tuple[int, str, str] | None
) -> None:
    assert difference(run({}, *one), run({}, *other), STARTS) == found


def test_orders_are_alike_within_what_is_tolerated() -> None:
    mine, yours = buys("1000", stop_loss=Decimal(900)), buys("1000.9", stop_loss=Decimal("900.8"))
    assert alike((mine,), (yours,), 1e-3)
    assert not alike((mine,), (yours,), 1e-4)
    assert not alike((mine,), (yours._replace(stop_loss=Decimal(902)),), 1e-3)
    assert alike((), (), 1e-3)
    assert not alike((mine,), (yours, SALE), 1e-3)
    assert not alike((mine, SALE), (yours, buys("1")), 1e-3)


@pytest.mark.parametrize(
    "other",
    [
        {"at": HOUR},
        {"symbol": ETH},
        {"action": SELL},
        {"limit": Decimal(1)},
        {"expires": 3},
        {"cancels": "1"},
    ],
    ids=str,
)
def test_a_word_or_a_price_more_is_another_order(other: Mapping[str, Any]) -> None:
    mine = buys("1")
    assert alike((mine,), (mine._replace(id="7"),), 1)  # ids are counted from where a run begins
    assert not alike((mine,), (mine._replace(**other),), 1)
    assert not alike((mine._replace(**other),), (mine,), 1)
