"""What an account's exchange answers: filters, sizes, prices, clock, balances, keys."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.errors import ExchangeError, SettingsError
from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.ledger import marked_equity
from chalicelib.domain.trading.risk import MOST_SKEW
from chalicelib.ports import (
    Exchange,
    ShowsClock,
    ShowsUnusable,
    TradingPorts,
)
from chalicelib.services.trading.ask_permissions import ask_permissions

Answer = tuple[bool | None, str]

# The others size by something else that is not known before the alert.
_SIZED_BY_WEIGHT = frozenset({"fixed", "boost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom the questions go to; `symbols` is what the account trades."""

    ports: TradingPorts
    account: Account
    configuration: Configuration
    exchange: Exchange
    symbols: Sequence[str]


def ask_venue(asked: Asked) -> Iterator[tuple[str, Answer]]:
    """One answer per question, whatever becomes of the others; None where it cannot be told."""
    for what, ask in _QUESTIONS.items():
        try:
            yield what, ask(asked)
        except (ExchangeError, SettingsError) as error:
            yield what, (False, str(error))
        except Exception as error:  # noqa: BLE001 - an owner's own class may answer anything
            trouble = f"{asked.account.exchange} raised {type(error).__name__}: {error}"
            yield what, (False, trouble)


_FOLLOWS_NOTHING: Final = "the account follows nothing yet, so nothing was asked"


def _instruments(asked: Asked) -> Answer:
    if not asked.symbols:
        return None, _FOLLOWS_NOTHING
    found = _existing(asked)
    return True, ", ".join(
        f"{symbol} from {plain(i.minimum_notional)} {i.quote}" for symbol, i in found.items()
    )


def _existing(asked: Asked) -> Mapping[str, Instrument]:
    found = asked.exchange.instruments(asked.symbols)
    exchange = asked.exchange
    unusable = exchange.unusable() if isinstance(exchange, ShowsUnusable) else {}
    for symbol in asked.symbols:
        if symbol in unusable:
            raise SettingsError(f"{symbol} cannot be traded, {unusable[symbol]}")
    _refuse_missing(asked.symbols, found, "does not list")
    return found


def _prices(asked: Asked) -> Answer:
    if not asked.symbols:
        return None, _FOLLOWS_NOTHING
    prices = _last_prices(asked)
    return True, ", ".join(f"{symbol} {plain(price)}" for symbol, price in prices.items())


def _last_prices(asked: Asked) -> Mapping[str, Decimal]:
    found = asked.exchange.tickers(asked.symbols)
    _refuse_missing(asked.symbols, found, "has no price of")
    return {symbol: ticker.last for symbol, ticker in found.items()}


def _sizes(asked: Asked) -> Answer:
    """Whether what each weight comes to is enough for the smallest order."""
    instruments, prices = _existing(asked), _last_prices(asked)
    told = [
        _size(strategy, notional, instruments[symbol], prices[symbol])
        for strategy, symbol, notional in _targets(asked)
    ]
    if not told:
        return None, "the account follows nothing yet"
    small = [line for is_enough, line in told if not is_enough]
    by_weight = asked.account.policy in _SIZED_BY_WEIGHT
    return not small if by_weight else None, "; ".join(small or [line for _, line in told])


def _targets(asked: Asked) -> Iterator[tuple[str, str, Decimal]]:
    """Strategy, symbol, and what its weight comes to there; instruments share it equally."""
    equity = _equity(asked)
    for subscription in asked.configuration.subscriptions_of(asked.account.name):
        strategy = asked.configuration.strategies.get(subscription.strategy)
        symbols = [] if strategy is None else sorted(strategy.symbols())
        for symbol in symbols:
            with exact_arithmetic():
                yield subscription.strategy, symbol, subscription.weight * equity / len(symbols)


def _size(
    strategy: str, notional: Decimal, instrument: Instrument, price: Decimal
) -> tuple[bool, str]:
    with exact_arithmetic():
        quantity = instrument.round_quantity(notional / price)
        least = max(instrument.minimum_notional, instrument.minimum_quantity * price)
    is_enough = not instrument.shortfall(quantity, price)
    quote = instrument.quote
    line = f"{strategy} would hold {_cents(notional)} {quote} of {instrument.symbol}"
    if not is_enough:
        line += f", and the smallest order is {_cents(least)} {quote}: raise its weight or capital"
    return is_enough, line


def _equity(asked: Asked) -> Decimal:
    """By the books; before they are open, what they would open with."""
    account = asked.account
    portfolio = asked.ports.ledger.portfolio(account.name, account.quote)
    if portfolio.sequence:
        held = sorted({h.symbol for h in portfolio.holdings if h.quantity})
        tickers = asked.exchange.tickers(held)
        _refuse_missing(held, tickers, "has no price of")
        return marked_equity(portfolio, {name: tickers[name].last for name in held})
    balance = asked.exchange.balances().get(account.quote)
    whole = ZERO if balance is None else balance.total
    return whole if account.capital is None else min(whole, account.capital)


def _cents(amount: Decimal) -> str:
    with exact_arithmetic():
        return plain(amount.quantize(ONE / 100))


def _clock(asked: Asked) -> Answer:
    """The venue's own clock, else its prices: one from the future shows that ours is slow."""
    exchange = asked.exchange
    skew = exchange.clock_skew() if isinstance(exchange, ShowsClock) else None
    if skew is None:
        if not asked.symbols:
            return None, _FOLLOWS_NOTHING
        now = asked.ports.clock.now()
        tickers = exchange.tickers(asked.symbols).values()
        skew = max((ticker.at - now for ticker in tickers), default=timedelta(0))
        skew = max(skew, timedelta(0))  # an old price is a quiet market
    if abs(skew) > MOST_SKEW:
        side = "behind" if skew > timedelta(0) else "ahead of"
        return False, (
            f"this machine's clock is {abs(skew).total_seconds():.0f} s {side} the exchange's; "
            "set it by NTP"
        )
    return True, f"within {MOST_SKEW.total_seconds():.0f} s of the exchange's"


def _balances(asked: Asked) -> Answer:
    found = asked.exchange.balances()
    name = asked.account.quote
    quote = found.get(name)
    if quote is None:
        return None, f"{len(found)} assets, and no {name} among them: nothing can be bought"
    return True, f"{len(found)} assets, {plain(quote.free)} {name} free"


def _permissions(asked: Asked) -> Answer:
    return ask_permissions(asked.exchange, asked.account.exchange)


def _refuse_missing(symbols: Sequence[str], found: Mapping[str, object], what: str) -> None:
    missing = [symbol for symbol in symbols if symbol not in found]
    if missing:
        raise SettingsError(f"the exchange {what} {', '.join(missing)}")


_QUESTIONS: dict[str, Callable[[Asked], Answer]] = {
    "instruments": _instruments,
    "prices": _prices,
    "sizes": _sizes,
    "clock": _clock,
    "balances": _balances,
    "permissions": _permissions,
}
