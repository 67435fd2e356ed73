"""Where the stream of a market comes from, and which topics it goes to."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import TRADES_TOPIC, market_settings
from chalicelib.domain.market.stream_plan import BINANCE, BINANCE_US, StreamPlan, symbol_of
from chalicelib.market_ports.feeds import Feed, FeedBeginning
from chalicelib.services.market.stream_trades import AT_ONCE, Topics

OpenFeed = Callable[[FeedBeginning], Feed]

KLINES_TOPIC: Final = "klines"
TOPICS: Final = Topics(trades=TRADES_TOPIC, candles=KLINES_TOPIC)


def overlap() -> int:
    """How many messages before the last one on the bus are streamed once more after a start.

    Kafka may have taken later messages of a portion and not the earlier ones; a file takes all or
    none.
    """
    return AT_ONCE if market_settings().kafka else 0


def live_feed(plan: StreamPlan) -> OpenFeed:
    """Binance by its own streams, every other venue by ccxt.pro."""
    if plan.venue in {BINANCE, BINANCE_US}:
        return _binance_feed(plan)
    from chalicelib.adapters.feeds.ccxt_pro import CcxtProFeed
    from chalicelib.adapters.venues.ccxt.loading import check_known, pro_exchange_class

    check_known(plan.venue)
    return lambda begin: CcxtProFeed(plan, begin, pro_exchange_class(plan.venue))


def replay_feed(files: Sequence[Path], markets: Sequence[str], *, paced: bool) -> OpenFeed:
    """Recorded frames of Binance; without markets, all that there are."""
    from chalicelib.adapters.feeds.replay import ReplayFeed

    symbols = frozenset(symbol_of(BINANCE, market) for market in markets)
    return lambda begin: ReplayFeed(files, begin, symbols=symbols, paced=paced)


def _binance_feed(plan: StreamPlan) -> OpenFeed:
    from chalicelib.adapters.feeds.binance import BinanceFeed
    from chalicelib.market_settings import MarketSettings

    market = market_settings()
    if plan.venue != market.venue:  # the environment's addresses are not this one's
        market = MarketSettings.from_environment({"MARKET_VENUE": plan.venue})
    return lambda begin: BinanceFeed(
        plan,
        begin,
        stream_address=market.stream_url,
        rest_address=market.rest_url,
        clock=bootstrap.clock(),
    )
