"""The indicators once more, each worked out from whole series by its formula, slowly.

Nothing is carried from one candle to the next where the formula does not say so: sums and extremes
are taken of the slice that they are of. None stands where there is no value.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import fsum, sqrt

from chalicelib.domain.bots.indicators.named import Prices

Series = list[float | None]


def rolling(values: Sequence[float], length: int, of: Callable[[Sequence[float]], float]) -> Series:
    return [
        None if i + 1 < length else of(values[i + 1 - length : i + 1]) for i in range(len(values))
    ]


def sma(values: Sequence[float], length: int) -> Series:
    return rolling(values, length, lambda part: fsum(part) / length)


def wma(values: Sequence[float], length: int) -> Series:
    weights = range(1, length + 1)
    return rolling(
        values,
        length,
        lambda part: fsum(w * v for w, v in zip(weights, part, strict=True)) / sum(weights),
    )


def deviation(values: Sequence[float], length: int) -> Series:
    def of(part: Sequence[float]) -> float:
        mean = fsum(part) / length
        return sqrt(fsum((value - mean) ** 2 for value in part) / length)

    return rolling(values, length, of)


def smoothed(values: Sequence[float], length: int, alpha: float) -> Series:
    """The sum of all values, each with the weight that is left of it."""
    found: Series = []
    for i in range(len(values)):
        if i + 1 < length:
            found.append(None)
            continue
        later = i - length + 1
        seed = fsum(values[:length]) / length * (1 - alpha) ** later
        found.append(seed + fsum(alpha * (1 - alpha) ** k * values[i - k] for k in range(later)))
    return found


def ema(values: Sequence[float], length: int) -> Series:
    return smoothed(values, length, 2 / (length + 1))


def rma(values: Sequence[float], length: int) -> Series:
    return smoothed(values, length, 1 / length)


def after(count: int, series: Series) -> Series:
    """A series that begins `count` candles later."""
    return [None] * count + series


def known(series: Series) -> list[float]:
    return [value for value in series if value is not None]


def combined(function: Callable[..., object], *series: Series) -> list[object]:
    """Where all of them have a value; None elsewhere."""
    return [None if None in row else function(*row) for row in zip(*series, strict=True)]


def changes(values: Sequence[float]) -> list[float]:
    return [values[i] - values[i - 1] for i in range(1, len(values))]


def rsi(close: Sequence[float], length: int) -> list[object]:
    gains = rma([max(change, 0.0) for change in changes(close)], length)
    losses = rma([max(-change, 0.0) for change in changes(close)], length)
    return [None, *combined(lambda u, d: 100 * u / (u + d) if d else 100.0, gains, losses)]


def macd(close: Sequence[float], fast: int, slow: int, signal: int) -> list[object]:
    line = combined(lambda f, s: f - s, ema(close, fast), ema(close, slow))
    smooth = after(slow - 1, ema([v for v in line if v is not None], signal))  # type: ignore[misc]
    return combined(lambda m, s: (m, s, m - s), line, smooth)  # type: ignore[arg-type]


def stochastic(
    candles: Sequence[Prices], length: int, smooth: int, signal: int
) -> list[tuple[float, float]]:
    """Only the values that there are: what has no range is no candle."""
    found = []
    for i in range(length - 1, len(candles)):
        part = candles[i + 1 - length : i + 1]
        low, high = min(c.low for c in part), max(c.high for c in part)
        if high > low:
            found.append(100 * (candles[i].close - low) / (high - low))
    k = known(sma(found, smooth))
    d = known(sma(k, signal))
    return list(zip(k[signal - 1 :], d, strict=True))


def roc(values: Sequence[float], length: int) -> Series:
    later = [100 * (values[i] / values[i - length] - 1) for i in range(length, len(values))]
    return [*([None] * length), *later]


def true_ranges(candles: Sequence[Prices]) -> list[float]:
    """From the second candle on."""
    return [
        max(c.high - c.low, abs(c.high - before.close), abs(c.low - before.close))
        for before, c in pairwise(candles)
    ]


def atr(candles: Sequence[Prices], length: int) -> Series:
    return rma([candles[0].high - candles[0].low, *true_ranges(candles)], length)


def band(middle: Series, width: Series) -> list[object]:
    return combined(lambda m, w: (m, m + w, m - w), middle, width)


def bollinger(close: Sequence[float], length: int, factor: float) -> list[object]:
    width = [None if d is None else factor * d for d in deviation(close, length)]
    return band(sma(close, length), width)


def keltner(candles: Sequence[Prices], length: int, factor: float) -> list[object]:
    spans = after(1, ema(true_ranges(candles), length))
    width = [None if span is None else factor * span for span in spans]
    return band(ema([c.close for c in candles], length), width)


def middles(candles: Sequence[Prices], length: int) -> Series:
    highs = rolling([c.high for c in candles], length, max)
    lows = rolling([c.low for c in candles], length, min)
    return combined(lambda h, low: (h + low) / 2, highs, lows)  # type: ignore[return-value]


def donchian(candles: Sequence[Prices], length: int) -> list[object]:
    highs = rolling([c.high for c in candles], length, max)
    lows = rolling([c.low for c in candles], length, min)
    return combined(lambda h, low: ((h + low) / 2, h, low), highs, lows)


def adx(candles: Sequence[Prices], length: int, smoothing: int) -> list[object]:
    rises = changes([c.high for c in candles])
    falls = [-change for change in changes([c.low for c in candles])]
    moves = list(zip(rises, falls, strict=True))
    up = rma([r if r > 0 and r - f > 1e-10 else 0.0 for r, f in moves], length)
    down = rma([f if f > 0 and f - r > 1e-10 else 0.0 for r, f in moves], length)
    span = rma(true_ranges(candles), length)
    plus = [None, *combined(lambda u, s: 100 * u / s if s else 0.0, up, span)]
    minus = [None, *combined(lambda d, s: 100 * d / s if s else 0.0, down, span)]
    apart = combined(lambda p, m: abs(p - m) / (p + m) if p + m else 0.0, plus, minus)  # type: ignore[arg-type]
    index = after(length, rma([v for v in apart if v is not None], smoothing))  # type: ignore[misc]
    return combined(lambda p, m, x: (p, m, 100 * x), plus, minus, index)  # type: ignore[arg-type]


def supertrend(candles: Sequence[Prices], factor: float, length: int) -> list[object]:
    """Pine's own text, with its four series written out."""
    spans = atr(candles, length)
    uppers: Series = []
    lowers: Series = []
    lines: Series = []
    found: list[object] = []
    for i, (candle, span) in enumerate(zip(candles, spans, strict=True)):
        if span is None:
            for series in (uppers, lowers, lines):
                series.append(None)
            found.append(None)
            continue
        upper = (candle.high + candle.low) / 2 + factor * span
        lower = (candle.high + candle.low) / 2 - factor * span
        last_upper = uppers[i - 1] or 0.0
        last_lower = lowers[i - 1] or 0.0
        last_close = candles[i - 1].close
        if not (lower > last_lower or last_close < last_lower):
            lower = last_lower
        if not (upper < last_upper or last_close > last_upper):
            upper = last_upper
        if spans[i - 1] is None:
            direction = 1
        elif lines[i - 1] == last_upper:
            direction = -1 if candle.close > upper else 1
        else:
            direction = 1 if candle.close < lower else -1
        uppers.append(upper)
        lowers.append(lower)
        lines.append(lower if direction == -1 else upper)
        found.append((lines[i], direction))
    return found


def psar(candles: Sequence[Prices], start: float, step: float, most: float) -> list[object]:
    """Trend by trend: within one, its extremes and with them the acceleration are known."""
    high, low = [c.high for c in candles], [c.low for c in candles]
    found: list[object] = [None]
    rising, first = high[1] >= high[0], 1
    stop = low[0] if rising else high[0]
    found.append(stop)
    for i in range(2, len(candles)):
        trend = high[first:i] if rising else [-value for value in low[first:i]]
        peaks = [max(trend[: n + 1]) for n in range(len(trend))]
        records = sum(1 for n in range(1, len(peaks)) if peaks[n] > peaks[n - 1])
        pace = min(start + records * step, most)
        extreme = peaks[-1] if rising else -peaks[-1]
        stop = stop + pace * (extreme - stop)
        two = slice(max(i - 2, 0), i)
        if rising and low[i] <= stop:
            rising, first = False, i
            stop = max(extreme, high[i], *high[two])
        elif not rising and high[i] >= stop:
            rising, first = True, i
            stop = min(extreme, low[i], *low[two])
        else:
            stop = min(stop, *low[two]) if rising else max(stop, *high[two])
        found.append(stop)
    return found


def ichimoku(
    candles: Sequence[Prices], conversion: int, base: int, span: int, displacement: int
) -> list[object]:
    lines = [middles(candles, length) for length in (conversion, base, span)]
    leads = combined(lambda c, b, s: ((c + b) / 2, s), *lines)
    clouds = after(displacement - 1, leads)[: len(candles)]  # type: ignore[arg-type]
    whole = zip(lines[0], lines[1], leads, clouds, strict=True)
    return [None if cl is None else (c, b, *lead, *cl) for c, b, lead, cl in whole]  # type: ignore[misc]


def vwap(candles: Sequence[Prices]) -> Series:
    found: Series = []
    for i, candle in enumerate(candles):
        today = [c for c in candles[: i + 1] if c.day == candle.day]
        volume = fsum(c.volume for c in today)
        traded = fsum((c.high + c.low + c.close) * c.volume / 3 for c in today)
        found.append(traded / volume if volume else None)
    return found


def obv(candles: Sequence[Prices]) -> Series:
    steps = [
        c.volume * ((c.close > before.close) - (c.close < before.close))
        for before, c in pairwise(candles)
    ]
    return [None, *(fsum(steps[: i + 1]) for i in range(len(steps)))]
