"""Everything one planning decision is made of, read from the stores and from the venue."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.allocation import daily_volatility
from chalicelib.domain.trading.instrument import Balance, Instrument
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.netting import cost_factor
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState, Step
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.situation import Situation
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import OpenPlan, open_stops, still_to_book

VOLATILITY_DAYS = 30
# What a purchase may cost per quote where the venue does not state its fee any more.
_DEAR: Final = Decimal("1.02")


def read_situation(
    desk: Desk,
    state: AccountState,
    open_now: Sequence[OpenPlan],
    balances: Mapping[str, Balance],
    *,
    may_buy: bool,
) -> Situation:
    """One picture of books, venue and prices, without any signal; changes nothing.

    `may_buy` is whether the signals that are to be decided on may lead to a purchase.
    """
    ports, account = desk.ports, desk.account
    portfolio = ports.ledger.portfolio(account.name, account.quote)
    stops = open_stops(open_now)
    busy = symbols_under_way(open_now) | {stuck.symbol for stuck in state.stuck}
    releasing = {key: stop for key, stop in stops.items() if _is_on_its_way_out(stop)}
    instruments = desk.exchange.instruments(sorted({*traded_symbols(desk, portfolio), *busy}))
    tickers = desk.exchange.tickers(sorted(instruments))
    prices = {symbol: ticker.last for symbol, ticker in tickers.items()}
    now = ports.clock.now()
    return Situation(
        account=account,
        configuration=desk.configuration,
        state=state,
        portfolio=portfolio,
        wishes={},
        instruments=instruments,
        unusable=desk.exchange.unusable(),
        prices=prices,
        priced_at={symbol: ticker.at for symbol, ticker in tickers.items()},
        free={asset: balance.free for asset, balance in balances.items()},
        busy=busy,
        selling=frozenset(
            order.intent.symbol
            for item in open_now
            for order in item.orders
            if order.intent.side is Side.SELL
            and (_is_under_way(order) or not item.is_booked(portfolio))
        ),
        guarded=frozenset(stops.keys() - releasing.keys()),
        releasing=frozenset(releasing),
        halt=ports.control.halt_level(),
        now=now,
        skew=_skew(desk, may_buy=may_buy),
        reducing=any(_is_reducing(item) for item in open_now)
        or any(stop.status is not OrderStatus.HELD for stop in releasing.values()),
        committed=_committed(desk, open_now, portfolio, instruments),
        volatilities=_volatilities(desk, instruments),
    )


def _skew(desk: Desk, *, may_buy: bool) -> timedelta | None:
    """Asked only where something may be bought."""
    follows_up = desk.account.rebalance_band is not None or desk.account.reboost_on_exit
    if follows_up or may_buy:
        return desk.exchange.clock_skew()
    return None


def _is_reducing(item: OpenPlan) -> bool:
    # An order held for the owner may stay so for days; the others must not wait for it.
    return item.plan.step is Step.REDUCE and any(
        not order.status.is_final and order.status is not OrderStatus.HELD for order in item.orders
    )


def _is_under_way(order: Order) -> bool:
    # A stop waits for the market for weeks, and nobody else waits for it.
    return not order.status.is_final and not order.intent.is_stop


def _is_on_its_way_out(stop: Order) -> bool:
    return stop.cancel_requested or stop.status is OrderStatus.HELD


def _committed(
    desk: Desk,
    open_now: Sequence[OpenPlan],
    portfolio: Portfolio,
    instruments: Mapping[str, Instrument],
) -> Decimal:
    with exact_arithmetic():
        return sum(
            (
                still_to_book(order, portfolio)
                * order.intent.limit_price
                * _cost_factor(desk.account, instruments.get(order.intent.symbol))
                for item in open_now
                for order in item.orders
                if order.intent.side is Side.BUY
            ),
            ZERO,
        )


def _cost_factor(account: Account, instrument: Instrument | None) -> Decimal:
    return _DEAR if instrument is None else cost_factor(account, instrument)


def symbols_under_way(open_now: Sequence[OpenPlan]) -> frozenset[str]:
    """Instruments with an order that may still fill, stops apart."""
    return frozenset(
        order.intent.symbol for item in open_now for order in item.orders if _is_under_way(order)
    )


def traded_symbols(desk: Desk, portfolio: Portfolio) -> list[str]:
    """What the account follows or still holds."""
    followed = {
        symbol
        for subscription in desk.configuration.subscriptions_of(desk.name)
        for symbol in desk.configuration.strategies[subscription.strategy].symbols()
    }
    return sorted(followed | {h.symbol for h in portfolio.holdings if h.quantity})


def _volatilities(desk: Desk, instruments: Mapping[str, Instrument]) -> dict[str, Decimal]:
    if desk.account.policy != "inverse_volatility":
        return {}
    found = ((symbol, _volatility(desk, symbol)) for symbol in instruments)
    return {symbol: volatility for symbol, volatility in found if volatility is not None}


def _volatility(desk: Desk, symbol: str) -> Decimal | None:
    """As last analysed; else from the venue's candles, at a request each time."""
    ports = desk.ports
    analysed = ports.volatilities()
    if analysed is not None:
        known = analysed.of_day(desk.account.exchange, symbol, ports.clock.now())
        if known is not None:
            return known
    return daily_volatility(desk.exchange.daily_closes(symbol, VOLATILITY_DAYS))


def undecided(desk: Desk, due: Sequence[Signal], consumed: frozenset[str]) -> list[Signal]:
    """The due signals that this account has still to decide on, read consistently."""
    candidates = [signal.id for signal in due if signal.id not in consumed]
    tasks = [lambda name=name: desk.ports.signals.get(name) for name in candidates]
    fresh = desk.ports.workers.run_all(tasks, 10)
    return [
        signal
        for signal in fresh
        if signal is not None
        and not signal.status.is_final
        and signal.outcome_for(desk.name) is None
    ]
