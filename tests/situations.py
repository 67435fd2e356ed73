"""Situations for planning, put together by hand: slots in one line each, everything else usual."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.trading.account import (
    Account,
    Configuration,
    HaltLevel,
    Mode,
    Subscription,
)
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.ledger import POOL, Holding, Portfolio, strategy_account
from chalicelib.domain.trading.plan import AccountState, Stance
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.domain.trading.situation import Situation
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.domain.trading.wishes import gather_wishes

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BTC, ETH = "BTC/USDT", "ETH/USDT"


def an_account(**changes: Any) -> Account:
    usual: dict[str, Any] = {
        "name": "main",
        "exchange": "virtual",
        "mode": Mode.VIRTUAL,
        "quote": "USDT",
        "increment": Decimal(0),
    }
    return Account(**{**usual, **changes})


def an_instrument(symbol: str = BTC, **changes: str | None) -> Instrument:
    base, quote = symbol.split("/")
    usual: dict[str, str | None] = {
        "quantity_step": "0.001",
        "price_tick": "0.01",
        "minimum_notional": "5",
    }
    values = {k: None if v is None else Decimal(v) for k, v in {**usual, **changes}.items()}
    return Instrument(symbol=symbol, base=base, quote=quote, **values)  # type: ignore[arg-type]


def a_signal(
    strategy: str, symbol: str = BTC, state: str = "long", *, at: datetime = NOON, **changes: Any
) -> Signal:
    values: dict[str, Any] = {
        "id": f"{strategy}-{symbol}-{state}-{at.isoformat()}",
        "ticker": symbol.replace("/", ""),
        "received_at": at,
        "due_at": at,
        "body_digest": "",
    }
    return Signal(
        strategy=strategy,
        symbol=symbol,
        state=DesiredState(state),
        fired_at=at,
        **{**values, **changes},
    )


def a_situation(  # noqa: PLR0913 - one argument per line of a scenario
    *,
    weights: Mapping[tuple[str, str], str],
    owns: Mapping[tuple[str, str], str] | None = None,
    cash: str = "10000",
    signals: Sequence[Signal] = (),
    prices: Mapping[str, str] | None = None,
    instruments: Sequence[Instrument] | None = None,
    account: Account | None = None,
    subscription: Mapping[str, Any] | None = None,
    stances: Sequence[Stance] | None = None,
    **changes: Any,
) -> Situation:
    """`weights` by (strategy, symbol), `owns` in base; who owns something is long.

    One strategy per name and symbol; the venue holds freely what the books say, unless `free`.
    """
    account = account or an_account()
    owned = {key: Decimal(q) for key, q in (owns or {}).items()}
    prices = prices or {BTC: "100", ETH: "10"}
    marks = {symbol: Decimal(price) for symbol, price in prices.items()}
    known = {i.symbol: i for i in instruments or [an_instrument(s) for s in prices]}
    stances = (
        stances
        if stances is not None
        else [Stance(strategy=n, symbol=s, state=DesiredState.LONG) for n, s in owned]
    )
    wishes, _ = gather_wishes(signals, {(s.strategy, s.symbol): s for s in stances})
    state = changes.pop(
        "state",
        AccountState(
            account=account.name, stances=tuple(stances), frozen=changes.pop("frozen", {})
        ),
    )
    free = {account.quote: Decimal(cash)}
    for (_, symbol), quantity in owned.items():
        base = symbol.split("/")[0]
        free[base] = free.get(base, Decimal(0)) + quantity
    usual: dict[str, Any] = {
        "busy": frozenset(),
        "halt": HaltLevel.NONE,
        "now": NOON + timedelta(seconds=30),
        "free": free,
    }
    return Situation(
        account=account,
        configuration=_configuration(account, weights, subscription or {}),
        state=state,
        portfolio=_portfolio(account, Decimal(cash), owned, marks),
        wishes=wishes,
        instruments=known,
        prices=marks,
        **{**usual, **changes},
    )


def _configuration(
    account: Account, weights: Mapping[tuple[str, str], str], terms: Mapping[str, Any]
) -> Configuration:
    return Configuration(
        strategies={
            name: Strategy(name=name, instruments={symbol.replace("/", ""): symbol})
            for name, symbol in weights
        },
        accounts={account.name: account},
        subscriptions=tuple(
            Subscription(account=account.name, strategy=name, weight=Decimal(weight), **terms)
            for (name, _), weight in weights.items()
        ),
        version=1,
    )


def _portfolio(
    account: Account,
    cash: Decimal,
    owned: Mapping[tuple[str, str], Decimal],
    marks: Mapping[str, Decimal],
) -> Portfolio:
    balances: dict[str, dict[str, Decimal]] = {POOL: {account.quote: cash}}
    holdings = []
    for (name, symbol), quantity in sorted(owned.items()):
        balances.setdefault(strategy_account(name), {})[symbol.split("/")[0]] = quantity
        cost = quantity * marks.get(symbol, Decimal(1))
        holdings.append(Holding(strategy=name, symbol=symbol, quantity=quantity, cost=cost))
    return Portfolio(
        account=account.name,
        quote=account.quote,
        balances=balances,
        holdings=tuple(holdings),
        sequence=1,
    )
