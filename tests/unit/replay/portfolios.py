"""Portfolios of listed trades on hourly candles, put together by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from chalicelib.bootstrap.replays.desk import candle_prices, listed_prices, replay_desk
from chalicelib.domain.bots.candles import candles_of
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.replay.curves import closes, listed_marks
from chalicelib.domain.replay.orders import orders_of
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.result import PolicyResult
from chalicelib.domain.replay.telling import History, Teller, in_turn, tellings
from chalicelib.domain.replay.trade_list import ListedTrade
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.services.replay.compare_policies import replay_policy
from tests.unit.replay.lists import at, listed

CASH = Decimal(10_000)
HOUR = timedelta(hours=1)


def hourly(*opens: float) -> list[Candle]:
    """From hour 0 on; each closes where the next one opens, None is a gap."""
    rows = []
    for number, (opened, closed) in enumerate(zip(opens, [*opens[1:], opens[-1]], strict=True)):
        if opened:
            prices = Decimal(str(opened)), Decimal(str(closed or opened))
            rows.append(
                Candle(at(number), prices[0], max(prices), min(prices), prices[1], Decimal(1))
            )
    return rows


class Replayed:
    """Strategies by name, `coin` or `coin_2`, on the candles of their coin."""

    def __init__(
        self,
        lists: Mapping[str, Sequence[ListedTrade]],
        candles: Mapping[str, Sequence[Candle]] | None = None,
        *,
        lag: int = 0,
        account: Mapping[str, Any] | None = None,
        **venue: Any,
    ) -> None:
        options = {"balances": {"USDT": str(CASH)}, "fee": "0", "slippage": "0", **venue}
        self.symbols = {name: f"{name.split('_')[0].upper()}/USDT" for name in lists}
        orders = {name: orders_of(listed(*trades)) for name, trades in lists.items()}
        histories = {
            symbol: History(candles_of(symbol, Interval.H1, rows), 3_600_000)
            for symbol, rows in (candles or {}).items()
        }
        by_symbol: dict[str, list[Any]] = {}
        for name, symbol in self.symbols.items():
            by_symbol.setdefault(symbol, []).extend(orders[name])
        prices = (
            candle_prices({symbol: (HOUR, rows) for symbol, rows in candles.items()})
            if candles
            else listed_prices(by_symbol)
        )
        usual = Account(
            name="replay",
            exchange="virtual",
            mode=Mode.VIRTUAL,
            quote="USDT",
            exchange_options={"virtual": options},
        )
        self.portfolio = Portfolio(
            account=replace(usual, **(account or {})),
            strategies=tuple(
                Strategy(name=name, instruments={symbol.replace("/", ""): symbol})
                for name, symbol in self.symbols.items()
            ),
            symbols=self.symbols,
            subscriptions={n: Subscription(account="replay", strategy=n) for n in lists},
            told=tuple(
                in_turn(
                    tellings(
                        orders[name],
                        Teller(name, symbol.replace("/", ""), "1h", HOUR, histories.get(symbol)),
                    )
                    for name, symbol in self.symbols.items()
                )
            ),
            marks={symbol: closes(history) for symbol, history in histories.items()}
            or {symbol: listed_marks(found) for symbol, found in by_symbol.items()},
            cash=CASH,
            lag=timedelta(seconds=lag),
        )
        self.opens = partial(replay_desk, prices=prices)

    def under(self, policy: str, **weights: str) -> PolicyResult:
        return replay_policy(
            self.portfolio, policy, {n: Decimal(w) for n, w in weights.items()}, self.opens
        )


def told(result: PolicyResult) -> list[tuple[str, str, str]]:
    """Strategy, how it ended and the reason's code, or what was done, of each alert."""
    return [
        (each.strategy, "" if each.status is None else each.status.value, each.reason)
        for each in result.deviations
    ]
