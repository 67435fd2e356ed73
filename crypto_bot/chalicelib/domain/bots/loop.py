"""The loops that show a bot one candle after the other. What stands in them is paid per candle."""

from collections.abc import Mapping, Sequence

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import Bar, Desk
from chalicelib.domain.bots.lines import Line
from chalicelib.domain.bots.market import Market
from chalicelib.domain.bots.tracks import Column

Placed = list[tuple[Line, Column]]
Part = tuple[Candles, int, Placed]  # the number is that of the first new candle
Series = Mapping[str, Part]


def pass_over(placed: Placed, first: int, count: int) -> None:
    """Let the lines stand where they stand after `count` more candles."""
    last = first + count - 1
    for line, column in placed:
        line.value = column[last]  # the next candle says what was before it


def run_alone(
    bot: Bot, ctx: Context, candles: Candles, placed: Placed, first: int, desk: Desk
) -> None:
    """One instrument: its prices are the context's own. `together` does the same, more slowly."""
    on_candle = bot.on_candle
    waiting = desk.waiting
    intents = ctx.intents
    symbol = ctx.symbol
    closes = candles.close
    for index, start in enumerate(candles.start[first:] if first else candles.start, first):
        if waiting:
            desk.match((_bar(symbol, candles, index),))
        ctx._index = index  # noqa: SLF001 - a call for every candle would be felt
        ctx.start = start
        ctx.close = closes[index]
        for line, column in placed:
            line.previous = line.value
            line.value = column[index]
        on_candle(ctx)
        if intents:
            desk.accept(intents)
            intents.clear()


def run_at(bot: Bot, ctx: Context, part: Part, asked: Sequence[int], desk: Desk) -> None:
    """One instrument whose bot is asked at these candles alone; waiting orders meet them all."""
    candles, first, placed = part
    count = len(candles.start)
    starts, closes = candles.start, candles.close
    waiting, intents, on_candle = desk.waiting, ctx.intents, bot.on_candle
    passed = first
    for index in asked:
        if waiting:
            _meet(ctx.symbol, candles, range(passed, index + 1), desk)
        ctx._index = index  # noqa: SLF001 - its loop's
        ctx.start = starts[index]
        ctx.close = closes[index]
        for line, column in placed:
            line.previous = column[index - 1] if index > first else line.value
            line.value = column[index]
        on_candle(ctx)
        if intents:
            desk.accept(intents)
            intents.clear()
        passed = index + 1
    if passed < count:
        _meet(ctx.symbol, candles, range(passed, count), desk)
        pass_over(placed, passed, count - passed)


def _meet(symbol: str, candles: Candles, indices: range, desk: Desk) -> None:
    """Show the candles to what waits, as long as anything does. The bot stands where it stood."""
    waiting = desk.waiting
    for index in indices:
        if not waiting:
            return
        desk.match((_bar(symbol, candles, index),))


def run_together(bot: Bot, ctx: Context, series: Series, unseen: int, desk: Desk) -> None:
    """Several instruments: once per close of the interval, whichever of them have a candle."""
    for start, places in _by_start(series):
        if desk.waiting:
            desk.match([_bar(symbol, series[symbol][0], index) for symbol, index in places.items()])
        for symbol, market in ctx.markets.items():
            _close(market, series.get(symbol), places.get(symbol))
        ctx.start = start
        desk.mark(start)
        if unseen > 0:
            unseen -= 1
            continue
        bot.on_candle(ctx)
        if ctx.intents:
            desk.accept(ctx.intents)
            ctx.intents.clear()


def _close(market: Market, series: tuple[Candles, int, Placed] | None, index: int | None) -> None:
    """Show the candle that closed; without one, everything stands where it stood."""
    candles, _, placed = series or (None, 0, [])
    if candles is None or index is None:
        market.is_fresh = False
        for line, _ in placed:
            line.previous = line.value
        return
    show(market, candles, index)
    for line, column in placed:
        line.previous, line.value = line.value, column[index]


def show(market: Market, candles: Candles, index: int) -> None:
    """Let the candle of this number be the one that has just closed."""
    market.show(candles, index)
    market.start = candles.start[index]
    market.close = candles.close[index]
    market.is_fresh = True


def _by_start(series: Series) -> list[tuple[int, dict[str, int]]]:
    """Which candle of which instrument begins when, oldest first."""
    found: dict[int, dict[str, int]] = {}
    for symbol, (candles, first, _) in series.items():
        for index in range(first, len(candles.start)):
            found.setdefault(candles.start[index], {})[symbol] = index
    return sorted(found.items(), key=lambda entry: entry[0])


def _bar(symbol: str, candles: Candles, index: int) -> Bar:
    return Bar(
        symbol,
        candles.start[index],
        candles.open[index],
        candles.high[index],
        candles.low[index],
    )
