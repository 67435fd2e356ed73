"""Which candles a lake has, by the names of its folders alone: no file is opened."""

from chalicelib.domain.market.candle_series import CANDLES, CandleSeries, candle_series
from chalicelib.market_ports.lake import Lake


def listed_series(lake: Lake, venue: str = "", symbol: str = "") -> list[CandleSeries]:
    """See `CandleLake.series`."""
    found = []
    for one in _folders(lake, f"{CANDLES}venue=", venue):
        for other in _folders(lake, f"{CANDLES}{one}/symbol=", symbol.replace("/", "-")):
            for interval in lake.folders(f"{CANDLES}{one}/{other}/interval="):
                names = [folder.partition("=")[2] for folder in (one, other, interval)]
                names[1] = "/".join(names[1].rsplit("-", 1))
                found += _named(*names)
    return sorted(found)


def _folders(lake: Lake, prefix: str, named: str) -> list[str]:
    """The one that is named, without a look; else all that there are."""
    return [f"{prefix.rpartition('/')[2]}{named}"] if named else lake.folders(prefix)


def _named(venue: str, symbol: str, interval: str) -> list[CandleSeries]:
    """None for folders that somebody else made."""
    try:
        return [candle_series(venue, symbol, interval)]
    except ValueError:
        return []
