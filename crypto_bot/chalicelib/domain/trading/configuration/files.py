"""strategies.toml and accounts.toml -> what the owner wants to be configured.

Nothing here is stored yet: a draft is laid over the current configuration by
configuration_change.py and has to hold together as a whole (configuration_checks.py).
"""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.account import Account, Basis, Mode, OrderStyle, Subscription
from chalicelib.domain.trading.allocation import POLICIES
from chalicelib.domain.trading.configuration import values
from chalicelib.domain.trading.configuration.toml_source import Source, Table, read_toml
from chalicelib.domain.trading.strategy import Strategy

_UNWEIGHTED: Final = frozenset({"equal", "inverse_volatility", "signal_sized"})
_PRICE_AGE: Final = values.whole(1, 86_400, "seconds")
_STRATEGY_KEYS: Final = frozenset(
    {
        "instruments",
        "timeframe",
        "sibling_wait",
        "max_lag",
        "stop_words",
        "open",
        "silence_after",
        "stop_loss",
        "take_profit",
    }
)
_SUBSCRIPTION_KEYS: Final = frozenset(
    {
        "weight",
        "priority",
        "paused",
        "approval",
        "max_order_notional",
        "max_orders_per_day",
        "daily_loss_stop",
        "max_slippage",
        "cooldown",
        "cooldown_after",
        "trading_hours",
    }
)
# How an account trades and what holds it back; where it trades is another matter than a setting.
ACCOUNT_SETTINGS: Final = frozenset(
    {
        "capital",
        "policy",
        "reserve",
        "reboost_on_exit",
        "rebalance_band",
        "risk_per_trade",
        "order_style",
        "increment",
        "max_legs",
        "unfilled_timeout",
        "max_drawdown",
        "daily_loss_stop",
        "max_exposure_per_coin",
        "max_open_positions",
        "max_orders_per_minute",
        "max_price_age",
    }
)
_ACCOUNT_KEYS: Final = ACCOUNT_SETTINGS | {
    "exchange",
    "mode",
    "quote",
    "secret",
    "basis",
    "prices_from",
    "exchange_options",
    "strategies",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one file says. `strategies` None: the file is not about strategies; accounts alike.

    `pauses` are the (account, strategy) pairs whose `paused` the file itself states. `based_on` is
    the version of the configuration that it is a change of, where it is one of that alone.
    """

    source: Source
    strategies: dict[str, Strategy] | None = None
    accounts: dict[str, Account] | None = None
    subscriptions: tuple[Subscription, ...] = ()
    pauses: frozenset[tuple[str, str]] = frozenset()
    based_on: int | None = None


def parse_strategies(text: str, name: str) -> Draft:
    """strategies.toml. SettingsError names the file, the line, the key and what would be right."""
    top = read_toml(text, name)
    top.refuse_unknown({"strategies"})
    tables = _named(top, "strategies")
    return Draft(
        source=top.source,
        strategies={table.path[-1]: _strategy(table) for table in tables},
    )


def parse_accounts(text: str, name: str) -> Draft:
    """accounts.toml with its subscriptions. SettingsError as for strategies."""
    top = read_toml(text, name)
    top.refuse_unknown({"accounts"})
    accounts: dict[str, Account] = {}
    subscriptions: list[Subscription] = []
    pauses: set[tuple[str, str]] = set()
    for table in _named(top, "accounts"):
        account = _account(table)
        accounts[account.name] = account
        for inner in _named(table, "strategies", optional=True):
            subscription = _subscription(inner, account)
            subscriptions.append(subscription)
            if "paused" in inner.values:
                pauses.add((account.name, subscription.strategy))
    return Draft(
        source=top.source,
        accounts=accounts,
        subscriptions=tuple(subscriptions),
        pauses=frozenset(pauses),
    )


def _named(top: Table, key: str, *, optional: bool = False) -> list[Table]:
    """The tables under `key`, whose names must fit into addresses and differ by more than case."""
    tables = top.tables(key)
    if not tables and not optional:
        raise top.source.error((*top.path, key), f"is empty: the file needs a table [{key}.NAME]")
    seen: dict[str, str] = {}
    for table in tables:
        name = table.path[-1]
        if not values.is_name(name):
            raise top.source.error(
                table.path,
                "has a name that is not up to 64 letters, digits, dots, dashes or underscores",
            )
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise top.source.error(table.path, f"differs from {other} only by capital letters")
    return tables


def _strategy(table: Table) -> Strategy:
    table.refuse_unknown(_STRATEGY_KEYS)
    standard = Strategy(name=table.path[-1], instruments={})
    return Strategy(
        name=standard.name,
        instruments=_instruments(table),
        timeframe=table.read("timeframe", values.timeframe, standard.timeframe),
        sibling_wait=table.read("sibling_wait", values.seconds, standard.sibling_wait),
        max_lag=table.read("max_lag", values.seconds, standard.max_lag),
        stop_words=table.read("stop_words", values.words, standard.stop_words),
        open=table.read("open", values.flag, standard.open),
        silence_after=table.read("silence_after", values.whole(1, 10_000, "candles"), None),
        stop_loss=table.read("stop_loss", values.inner_fraction, None),
        take_profit=table.read("take_profit", values.gain, None),
    )


def _instruments(table: Table) -> dict[str, str]:
    inner = table.inside("instruments")
    for ticker in inner.values:
        if not values.is_ticker(ticker):
            raise inner.source.error(
                (*inner.path, ticker), 'is no ticker in capitals as TradingView has it: "BTCUSD"'
            )
    if not inner.values:
        raise table.source.error(table.path, 'needs instruments, such as { BTCUSD = "BTC/USD" }')
    return {ticker: inner.need(ticker, values.symbol) for ticker in inner.values}


def _account(table: Table) -> Account:
    table.refuse_unknown(_ACCOUNT_KEYS)
    standard = Account(name=table.path[-1], exchange="", mode=Mode.VIRTUAL, quote="")
    mode = table.need("mode", values.choice(Mode))
    read = table.read
    return Account(
        name=standard.name,
        exchange=table.need("exchange", values.text),
        mode=mode,
        quote=table.need("quote", values.asset),
        secret=_secret(table, mode),
        capital=read("capital", values.quote_amount, standard.capital),
        policy=read("policy", values.one_of(POLICIES), standard.policy),
        reserve=read("reserve", values.fraction, standard.reserve),
        basis=read("basis", values.choice(Basis), standard.basis),
        reboost_on_exit=read("reboost_on_exit", values.flag, standard.reboost_on_exit),
        rebalance_band=read("rebalance_band", values.fraction, standard.rebalance_band),
        risk_per_trade=read("risk_per_trade", values.weight, standard.risk_per_trade),
        order_style=read("order_style", values.choice(OrderStyle), standard.order_style),
        increment=read("increment", values.fraction, standard.increment),
        max_legs=read("max_legs", values.whole(1, 100, "legs"), standard.max_legs),
        unfilled_timeout=read("unfilled_timeout", values.seconds, standard.unfilled_timeout),
        prices_from=read("prices_from", values.text, standard.prices_from),
        max_drawdown=read("max_drawdown", values.weight, None),
        daily_loss_stop=read("daily_loss_stop", values.weight, None),
        max_exposure_per_coin=read("max_exposure_per_coin", values.weight, None),
        max_open_positions=read("max_open_positions", values.whole(1, 10_000, "positions"), None),
        max_orders_per_minute=read("max_orders_per_minute", values.whole(1, 6_000, "orders"), None),
        max_price_age=read("max_price_age", _PRICE_AGE, standard.max_price_age),
        exchange_options=read("exchange_options", values.options, {}),
    )


def _secret(table: Table, mode: Mode) -> str:
    secret = table.read("secret", values.text, "")
    if mode is not Mode.VIRTUAL and not secret:
        raise table.source.error(
            table.path, f'is {mode} and has no secret; name one, such as secret = "keys"'
        )
    return secret


def account_from(table: Table) -> Account:
    """The account that a table describes, whose last part of the path is its name."""
    return _account(table)


def subscription_from(table: Table, account: Account) -> Subscription:
    """What the account follows as the table describes it, whose path ends with the strategy."""
    return _subscription(table, account)


def _subscription(table: Table, account: Account) -> Subscription:
    table.refuse_unknown(_SUBSCRIPTION_KEYS)
    read = table.read
    standard = Subscription(account=account.name, strategy=table.path[-1])
    return Subscription(
        account=standard.account,
        strategy=standard.strategy,
        weight=(
            table.need("weight", values.weight)
            if account.policy not in _UNWEIGHTED
            else read("weight", values.weight, ZERO)
        ),
        priority=read("priority", values.whole(-1000, 1000, "priority"), standard.priority),
        paused=read("paused", values.flag, standard.paused),
        approval=read("approval", values.flag, standard.approval),
        max_order_notional=read("max_order_notional", values.quote_amount, None),
        max_orders_per_day=read("max_orders_per_day", values.whole(1, 100_000, "orders"), None),
        daily_loss_stop=read("daily_loss_stop", values.weight, None),
        max_slippage=read("max_slippage", values.weight, None),
        cooldown=read("cooldown", values.seconds, None),
        cooldown_after=read("cooldown_after", values.whole(1, 1000, "losses"), 1),
        trading_hours=read("trading_hours", values.windows, ()),
    )
