"""The scalper over a month of recorded minutes, against the same rule worked out by hand."""

from decimal import Decimal
from itertools import pairwise

from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import candles_of
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.live import begin, follow
from chalicelib.domain.bots.live_message import Wish
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument
from tests.real.test_candles import recorded, rows

BTC = "BTC/USDT"
STEP = Decimal("0.00001")
FEE = Decimal("0.001")
MONTH = "BTC-USDT.1m.2026-03-23.2026-04-22.parquet"
CASH = Decimal(10_000)


def by_hand(candles: list[Candle], percent: Decimal) -> tuple[list[tuple[int, Decimal]], Decimal]:
    """What is traded at the open of which candle, below zero a sale, and the cash at the end."""
    cash, held, fills = CASH, Decimal(0), []
    for number, (before, now) in enumerate(pairwise(candles), start=1):
        change = (now.close - before.close) / before.close * 100
        if number + 1 == len(candles):
            break
        price = candles[number + 1].open
        if change <= -percent and not held:
            held = cash / 10 / price // STEP * STEP
            cash -= held * price * (1 + FEE)
            fills.append((number + 1, held))
        elif change >= percent and held:
            cash += held * price * (1 - FEE)
            fills.append((number + 1, -held))
            held = Decimal(0)
    return fills, cash


def test_a_month_of_minutes_gives_the_trades_of_the_rule() -> None:
    candles = rows(recorded(MONTH))
    (setup,) = set_up(ready_made("scalper"), instruments=[BTC], parameters={"threshold": 0.3})
    instrument = Instrument(
        symbol=BTC,
        base="BTC",
        quote="USDT",
        quantity_step=STEP,
        price_tick=Decimal("0.01"),
        minimum_notional=Decimal(10),
    )
    terms = Terms({BTC: instrument}, CASH, Costs(FEE, FEE, Decimal(0)))
    test = backtest(setup, {BTC: candles_of(BTC, Interval.M1, candles)}, terms)
    expected, cash = by_hand(candles, Decimal("0.3"))
    starts = {at: number for number, at in enumerate(test.start)}
    fills = [(starts[f.at], f.quantity if f.side == "buy" else -f.quantity) for f in test.fills]
    assert len(candles) == 43_199
    assert len(fills) == 48
    assert fills == expected
    assert test.cash == cash
    assert test.denied == []


def test_live_it_wishes_at_the_closes_at_which_the_backtest_decided() -> None:
    candles = rows(recorded(MONTH))[:4000]
    (setup,) = set_up(ready_made("scalper"), instruments=[BTC], parameters={"threshold": 0.2})
    bot = begin(setup, None, since=candles[0].start, cash=CASH)
    wishes: list[Wish] = []
    for candle in candles:
        bot, wanted, _, _ = follow(setup, bot, {BTC: candle})
        wishes += wanted
    sides = [
        (wish.start, 1 if wish.after.quantity > wish.before.quantity else -1) for wish in wishes
    ]
    expected, _ = by_hand(candles, Decimal("0.2"))
    decided = [(candles[number - 1].start, 1 if size > 0 else -1) for number, size in expected]
    assert len(decided) > 15
    assert sides == decided
