"""Rankings as the market stages store them."""

from collections.abc import Mapping, Sequence

from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.paper_market import HOUR


def ranked(rankings: Mapping[int, Sequence[str]], length: int = HOUR) -> Views:
    """By the number of the candle, as long as that, at whose close they are there."""
    rows = (
        ((number + 1) * length, [{"rank": place, "market": name} for place, name in enumerate(of)])
        for number, of in rankings.items()
    )
    return Views(ranking=Timeline(rows))
