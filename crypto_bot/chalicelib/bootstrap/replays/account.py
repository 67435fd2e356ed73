"""What was asked of account and venue -> the virtual account of a replay, and who it follows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.replays.lists import NamedList
from chalicelib.bootstrap.replays.timeframes import timeframes_of
from chalicelib.bootstrap.trials import amount
from chalicelib.domain.bots.deployment import USUAL_CASH
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import ONE, ZERO, plain
from chalicelib.domain.replay.weights import equal_weights
from chalicelib.domain.trading.account import Account, Configuration, Mode, Subscription
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.strategy import Strategy

_NAME: Final = "replay"
_USUAL_FEE: Final = Decimal("0.001")
_BASIS_POINTS: Final = Decimal(10_000)
_FILTERS: Final = {
    "step": "quantity_step",
    "tick": "price_tick",
    "minimum": "minimum_notional",
}


def replayed_account(lists: Sequence[NamedList], words: Mapping[str, Any]) -> Account:
    """One of the owner's with virtual money, or a plain one."""
    symbols = sorted({each.symbol for each in lists})
    quotes = {symbol.partition("/")[2] for symbol in symbols}
    if len(quotes) > 1:
        raise SettingsError(
            f"{', '.join(symbols)} are paid in {', '.join(sorted(quotes))}; one account has one"
            " currency"
        )
    (quote,) = quotes
    cash = _above_zero("cash", words["cash"]) or USUAL_CASH
    fee = _fraction("--fee", words["fee"], _USUAL_FEE)
    slippage = _fraction("--slippage", words["slippage"], ZERO, per=_BASIS_POINTS)
    base = _base(words["account"], quote)
    filters = {
        field: plain(value)
        for name, field in _FILTERS.items()
        if (value := _above_zero(name, words[name])) is not None
    }
    virtual = {
        "balances": {quote: plain(cash)},
        "fee": plain(fee),
        "slippage": plain(slippage),
        "instruments": {symbol: filters for symbol in symbols if filters},
    }
    # A limit that slippage alone goes beyond would never be filled.
    increment = max(base.increment, 2 * slippage)
    return replace(base, increment=increment, exchange_options={"virtual": virtual})


def cash_of(words: Mapping[str, Any]) -> Decimal:
    """What it begins with, in quote."""
    return _above_zero("cash", words["cash"]) or USUAL_CASH


def strategies_of(
    lists: Sequence[NamedList], words: Mapping[str, Any]
) -> tuple[list[Strategy], dict[str, Subscription]]:
    """As the owner configured those of the same names; their exits are the lists' own."""
    account, timeframes = words["account"] or _NAME, timeframes_of(lists, words)
    known = _configuration() if words["account"] else Configuration()
    followed = {s.strategy: s for s in known.subscriptions_of(account)}
    strategies, subscriptions = [], {}
    for each in lists:
        timeframe = timeframes[each.name]
        usual = Strategy(name=each.name, instruments={}, timeframe=timeframe)
        strategies.append(
            replace(
                known.strategies.get(each.name, usual),
                instruments={ticker(each.symbol): each.symbol},
                timeframe=timeframe,
                stop_loss=None,
                take_profit=None,
            )
        )
        plain_one = Subscription(account=account, strategy=each.name)
        subscriptions[each.name] = followed.get(each.name, plain_one)
    return strategies, subscriptions


def weights_of(
    names: Sequence[str],
    text: str | None,
    account: Account,
    subscriptions: Mapping[str, Subscription],
) -> dict[str, Decimal]:
    """As typed, else as configured, else equal."""
    whole = ONE - account.reserve
    if text is None:
        configured = {name: subscriptions[name].weight for name in names}
        return configured if all(configured.values()) else equal_weights(names, whole)
    weights: dict[str, Decimal] = {}
    for name, weight in map(_weight, text.split(",")):
        if name in weights:
            raise SettingsError(
                f"--weights gives {name} twice, {plain(weights[name])} and {plain(weight)}; give it"
                " one"
            )
        weights[name] = weight
        if name not in names:
            raise SettingsError(f"--weights names {name}; there are {', '.join(names)}")
    for name in names:
        if name not in weights:
            raise SettingsError(
                f"--weights gives {name} none; write {name}=0 if it is to have none"
            )
    total = sum(weights.values(), ZERO)
    if total > whole:
        raise SettingsError(
            f"--weights adds up to {plain(total)}, more than 1 - reserve = {plain(whole)}"
        )
    return {name: weights[name] for name in names}


def ticker(symbol: str) -> str:
    """As a chart of the instrument calls it."""
    return symbol.replace("/", "")


def _weight(text: str) -> tuple[str, Decimal]:
    name, equals, value = text.strip().rpartition("=")
    if not equals:
        raise SettingsError(f"--weights has {text!r}; it must be such as trend=0.5,majors=0.4")
    return name, _fraction(f"--weights {name}", value, ZERO)


def _base(name: str | None, quote: str) -> Account:
    if name is None:
        return Account(name=_NAME, exchange="virtual", mode=Mode.VIRTUAL, quote=quote)
    found = account_named(_configuration(), name)
    if found.quote != quote:
        raise SettingsError(f"account {name} pays in {found.quote}, and the lists in {quote}")
    return replace(
        found,
        exchange="virtual",
        mode=Mode.VIRTUAL,
        secret="",
        prices_from="",
        capital=None,
    )


def _configuration() -> Configuration:
    return bootstrap.strategies().configuration()


def _above_zero(name: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    value = amount(f"--{name}", text)
    if value <= 0:
        raise SettingsError(f"--{name} is {text}; it must be above zero")
    return value


def _fraction(option: str, text: str | None, usual: Decimal, per: Decimal = ONE) -> Decimal:
    if text is None:
        return usual
    value = amount(option, text) / per
    if not 0 <= value < ONE:
        raise SettingsError(f"{option} is {text}; it must be from 0 to below {plain(per)}")
    return value
