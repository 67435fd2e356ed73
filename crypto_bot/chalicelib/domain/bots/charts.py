"""The curves of a bot's chart: those it plotted, and the indicators that it declared."""

from typing import Final

from chalicelib.domain.bots.context import Plot
from chalicelib.domain.bots.indicators.patterns import PATTERNS
from chalicelib.domain.bots.session import Session

# Drawn over the candles; patterns share a panel, any other indicator has one of its own.
_OVER_PRICES: Final = (
    *("sma", "ema", "wma", "rma", "vwap", "psar"),
    *("bollinger", "keltner", "donchian", "supertrend", "ichimoku"),
)


def curves(session: Session) -> list[Plot]:
    """Of what the session was last fed with."""
    return [*session.ctx.plots(), *indicator_curves(session)]


def indicator_curves(session: Session) -> list[Plot]:
    """One for each line of each indicator."""
    drawn: list[Plot] = []
    tracks = session.ctx.tracks.all
    for candles, first, placed in session.drawn.values():
        columns = {line.name: column[first:] if first else column for line, column in placed}
        starts = candles.start[first:] if first else candles.start
        for track in tracks.values():
            panel = _panel(track.name.partition(" ")[2])
            for line in track.lines:
                values = columns.get(line.name)
                if values is not None:
                    drawn.append(Plot(line.name, panel, starts, values))
    return drawn


def _panel(name: str) -> str:
    kind = name.partition("(")[0]
    if kind in PATTERNS:
        return "patterns"
    return "price" if kind in _OVER_PRICES else name
