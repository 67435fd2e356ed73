"""A market of hand-written candles, and a bot that does at each of them what the test says."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import Candles, check_candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument

BTC = "BTC/USDT"
ETH = "ETH/USDT"
HOUR = 3_600_000
FREE = Costs(Decimal(0), Decimal(0), Decimal(0))
Act = Callable[[Context], Any]


def instrument(symbol: str = BTC, **others: Any) -> Instrument:
    filters: dict[str, Any] = {"quantity_step": Decimal("0.001"), "price_tick": Decimal("0.01")}
    base, quote = symbol.split("/")
    return Instrument(symbol=symbol, base=base, quote=quote, **(filters | others))


def candles(*rows: Sequence[float], start: int = 0, interval: str = "1h") -> Candles:
    """Rows of open, high, low, close; or one price that stands still."""
    length = {"1h": HOUR, "5m": HOUR // 12, "15m": HOUR // 4}[interval]
    full = [row if len(row) > 1 else (row[0],) * 4 for row in rows]
    opens, highs, lows, closes = ([float(row[place]) for row in full] for place in range(4))
    starts = [(start + number) * length for number in range(len(full))]
    made = Candles(starts, opens, highs, lows, closes, [1.0] * len(full))
    check_candles(BTC, Interval(interval), made)
    return made


def scripted(script: Mapping[int, Act], **attributes: Any) -> type[Bot]:
    """Candles are numbered from 0."""

    class Scripted(Bot):
        instruments: ClassVar[Sequence[str]] = (BTC,)
        interval = "1h"

        def on_candle(self, ctx: Context) -> None:
            number = ctx.state.get("number", 0)
            ctx.state["number"] = number + 1
            if number in script:
                script[number](ctx)

    return type("Scripted", (Scripted,), attributes)


def trade(
    script: Mapping[int, Act], *rows: Sequence[float], cash: int = 1000, **terms: Any
) -> Backtest:
    """The script on these candles, without fees unless `terms` say otherwise."""
    (setup,) = set_up(scripted(script))
    given = {"costs": FREE, "instruments": {BTC: instrument()}} | terms
    return backtest(setup, {BTC: candles(*rows)}, Terms(cash=Decimal(cash), **given))


def told(test: Backtest) -> list[tuple[int, str, Decimal, Decimal]]:
    """Of each fill: the number of its candle, side, quantity, price."""
    return [(fill.at // HOUR, fill.side.value, fill.quantity, fill.price) for fill in test.fills]
