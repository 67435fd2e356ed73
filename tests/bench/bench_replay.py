"""A replay of eight strategies on 36,000 candles each through the services that trade live.

The lists are those of an SMA cross on random walks. The reference is a bare loop of Python that
sizes, buys and sells the same orders and marks the account at every candle, and nothing else: no
alert, no plan, no order, no book. Where the ratio is as ever and the value is not, the machine was
busy.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from random import Random
from time import process_time

from tests.bench.figure import Figure, at_most

NAMES = ("replay",)
STRATEGIES = 8
CANDLES = 36_000
FAST, SLOW = 50, 400
FEE = 0.001
WEIGHT = 0.12
CASH = 10_000.0
START = datetime(2024, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def figures(_only: str | None) -> Iterator[Figure]:
    """CPU seconds of one policy, from the orders of the lists to the figures."""
    from chalicelib.bootstrap.replays.desk import candle_prices, replay_desk
    from chalicelib.services.replay.compare_policies import replay_policy

    walks = {f"C{number}/USDT": _walk(number) for number in range(STRATEGIES)}
    wanted = {symbol: _crosses(walk) for symbol, walk in walks.items()}
    portfolio, rows = _portfolio(walks, wanted)
    opens = partial(replay_desk, prices=candle_prices(rows))
    weights = dict.fromkeys(portfolio.symbols, Decimal(str(WEIGHT)))
    began = process_time()
    result = replay_policy(portfolio, "fixed", weights, opens)
    seconds = process_time() - began
    began = process_time()
    expected = _bare_loop(walks, wanted)
    bare = process_time() - began
    # Both follow the same alerts; entries of one moment share the cash in another order there.
    won, alike = result.curves.equity[-1] / CASH, expected / CASH
    if abs(won - alike) > 0.02:
        raise AssertionError(f"the replay ended at {won:.4f} of its cash, the loop at {alike:.4f}")
    executed = sum(part.tally.executed for part in result.parts)
    if executed != len(portfolio.told) or executed < STRATEGIES * 100:
        raise AssertionError(f"{executed} of {len(portfolio.told)} alerts were executed")
    yield at_most("replay", seconds, "s", limit=30, reference=bare)


def _walk(seed: int) -> list[float]:
    """The opens, and the last close."""
    dice = Random(seed)  # noqa: S311 - prices are no secret
    prices = [100.0]
    for _ in range(CANDLES):
        prices.append(round(prices[-1] * (1 + dice.gauss(0, 0.003)), 4))
    return prices


def _crosses(walk: list[float]) -> list[tuple[int, bool]]:
    """(candle at whose open, whether in) of each change."""
    found, fast, slow, held = [], 0.0, 0.0, False
    for place, close in enumerate(walk[1:]):
        fast += close - (walk[place - FAST + 1] if place >= FAST else 0)
        slow += close - (walk[place - SLOW + 1] if place >= SLOW else 0)
        if place >= SLOW and place + 1 < CANDLES and (fast / FAST > slow / SLOW) is not held:
            held = not held
            found.append((place + 1, held))
    return found


def _portfolio(walks, wanted):
    from chalicelib.domain.bots.candles import candles_of
    from chalicelib.domain.market.candle import Candle
    from chalicelib.domain.market.interval import Interval
    from chalicelib.domain.replay.curves import closes
    from chalicelib.domain.replay.orders import ListedOrder
    from chalicelib.domain.replay.portfolio import Portfolio
    from chalicelib.domain.replay.telling import History, Teller, in_turn, tellings
    from chalicelib.domain.trading.account import Account, Mode, Subscription
    from chalicelib.domain.trading.strategy import Strategy

    rows, told, marks, symbols = {}, [], {}, {}
    nothing, one = Decimal(0), Decimal(1)
    for symbol, walk in walks.items():
        name, exact = symbol.split("/")[0].lower(), [Decimal(repr(price)) for price in walk]
        candles = [
            Candle(START + n * QUARTER, a, max(a, b), min(a, b), b, one)
            for n, (a, b) in enumerate(pairwise(exact))
        ]
        history = History(candles_of(symbol, Interval.M15, candles), 900_000)
        orders = [
            ListedOrder(START + place * QUARTER, "", exact[place], *sizes)
            for place, enters in wanted[symbol]
            for sizes in [(nothing, one) if enters else (one, nothing)]
        ]
        teller = Teller(name, symbol.replace("/", ""), "15", QUARTER, history)
        rows[symbol], marks[symbol], symbols[name] = (QUARTER, candles), closes(history), symbol
        told.append(list(tellings(orders, teller)))
    account = Account(
        name="replay",
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        exchange_options={
            "virtual": {"balances": {"USDT": str(CASH)}, "fee": str(FEE), "slippage": "0"}
        },
    )
    portfolio = Portfolio(
        account=account,
        strategies=tuple(
            Strategy(name=name, instruments={symbol.replace("/", ""): symbol}, timeframe="15m")
            for name, symbol in symbols.items()
        ),
        symbols=symbols,
        subscriptions={n: Subscription(account="replay", strategy=n) for n in symbols},
        told=tuple(in_turn(told)),
        marks=marks,
        cash=Decimal(str(CASH)),
        lag=timedelta(0),
    )
    return portfolio, rows


def _bare_loop(walks, wanted) -> float:
    """Weight x equity at each entry, all out at each exit; the equity at every close."""
    at = {symbol: dict(changes) for symbol, changes in wanted.items()}
    cash, held, curve = CASH, dict.fromkeys(walks, 0.0), []
    for place in range(CANDLES):
        for symbol, changes in at.items():
            enters = changes.get(place)
            if enters is None:
                continue
            price = walks[symbol][place]
            if enters:
                equity = cash + sum(q * walks[s][place] for s, q in held.items() if q)
                quantity = min(WEIGHT * equity, cash / (1 + FEE)) / price
                held[symbol] = quantity
                cash -= quantity * price * (1 + FEE)
            else:
                cash += held[symbol] * price * (1 - FEE)
                held[symbol] = 0.0
        curve.append(cash + sum(q * walks[s][place + 1] for s, q in held.items() if q))
    return curve[-1]
