"""Whether an exchange keeps the promises of ports.Exchange, as far as a real account may be asked.

`crypto-bot accounts check` runs these, and so does the contract suite. The round trip places one
smallest order and belongs on virtual and sandbox accounts only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.errors import ExchangeError
from chalicelib.domain.money import ZERO, exact_arithmetic, round_up
from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.domain.trading.order import (
    OrderIntent,
    OrderReport,
    OrderStatus,
    client_order_id,
)
from chalicelib.domain.trading.side import Side
from chalicelib.ports import Clock, Exchange

_PERMIT: Final = timedelta(seconds=10)
_OLDEST_PRICE: Final = timedelta(minutes=5)
_ABOVE_MARKET: Final = Decimal("1.01")
_SPARE: Final = Decimal("1.05")  # a smallest order must not shrink below the minimum on the way


class CheckFailed(Exception):
    """A promise that the exchange does not keep, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The exchange under examination and the symbol to do it on."""

    exchange: Exchange
    symbol: str
    clock: Clock
    account: str = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """`problem` is empty when the check passed."""

    name: str
    problem: str = ""


Check = Callable[[Subject], None]


def run_checks(subject: Subject, checks: Sequence[Check]) -> Iterator[CheckResult]:
    """One result per check, as they end."""
    for check in checks:
        name = check.__name__.replace("_", " ")
        try:
            check(subject)
        except (CheckFailed, ExchangeError) as error:
            yield CheckResult(name=name, problem=str(error))
        except Exception as error:  # noqa: BLE001 - an owner's own class may raise anything
            yield CheckResult(name=name, problem=f"raised {type(error).__name__}: {error}")
        else:
            yield CheckResult(name=name)


def traits_are_sane(subject: Subject) -> None:
    """Limits that leave something to do, and times that lie in the future."""
    traits = subject.exchange.traits()
    _expect(traits.in_flight >= 1, f"in_flight is {traits.in_flight}; it must be at least 1")
    for name in ("acceptance_bound", "visibility_lag"):
        value = getattr(traits, name)
        _expect(value is None or value >= timedelta(0), f"{name} is {value}, before the send")


def instruments_are_sane(subject: Subject) -> None:
    """The symbol has steps, and a symbol that does not exist is left out."""
    nonsense = "NOSUCHBASE/NOSUCHQUOTE"
    found = subject.exchange.instruments([subject.symbol, nonsense])
    _expect(nonsense not in found, f"{nonsense} should not exist")
    instrument = _instrument(subject)
    _expect(instrument.symbol == subject.symbol, f"{subject.symbol} came as {instrument.symbol}")
    pair = f"{instrument.base}/{instrument.quote}"
    _expect(pair == subject.symbol, f"base and quote of {subject.symbol} read {pair}")
    for name in ("quantity_step", "price_tick"):
        _expect_amount(getattr(instrument, name), name, above_zero=True)
    for name in ("minimum_quantity", "minimum_notional", "taker_fee"):
        _expect_amount(getattr(instrument, name), name)
    _expect(instrument.taker_fee < 1, f"taker_fee {instrument.taker_fee} is no fraction")


def tickers_are_sane(subject: Subject) -> None:
    """A recent price above zero; bid not above ask."""
    ticker = _ticker(subject)
    _expect_amount(ticker.last, "last", above_zero=True)
    age = subject.clock.now() - ticker.at
    _expect(age < _OLDEST_PRICE, f"the price of {subject.symbol} is {age} old")
    if ticker.bid is not None and ticker.ask is not None:
        _expect_amount(ticker.bid, "bid", above_zero=True)
        _expect_amount(ticker.ask, "ask", above_zero=True)
        _expect(ticker.bid <= ticker.ask, f"bid {ticker.bid} is above ask {ticker.ask}")


def balances_are_readable(subject: Subject) -> None:
    """Nothing negative, and each under its own name."""
    for asset, balance in subject.exchange.balances().items():
        _expect(asset == balance.asset, f"the balance of {asset} is filed as {balance.asset}")
        _expect_amount(balance.free, f"free {asset}")
        _expect_amount(balance.locked, f"locked {asset}")


def unknown_order_is_not_found(subject: Subject) -> None:
    """An id that nobody ever used finds nothing, and is no error."""
    instrument = _instrument(subject)
    intent = _intent(subject, "unknown", instrument.quantity_step, instrument.price_tick)
    found = subject.exchange.find(intent, subject.clock.now())
    _expect(found is None, f"an order that was never sent was found: {found}")


def smallest_order_makes_the_round_trip(subject: Subject) -> None:
    """Buys a little, and finds by its id what it was told. Not for live accounts."""
    instrument = _instrument(subject)
    price = instrument.limit_price(_ticker(subject).last * _ABOVE_MARKET, Side.BUY)
    intent = _intent(subject, "round trip", _smallest(instrument, price), price)
    sent_at = subject.clock.now()
    report = subject.exchange.submit(intent, sent_at + _PERMIT)
    found = subject.exchange.find(intent, sent_at)
    if found is None:
        raise CheckFailed(f"order {report.venue_order_id} was taken and cannot be found by its id")
    _expect(
        found.venue_order_id == report.venue_order_id,
        f"order {report.venue_order_id} was found as {found.venue_order_id}",
    )
    _check_report(intent, found)


READ_ONLY: Final[tuple[Check, ...]] = (
    traits_are_sane,
    instruments_are_sane,
    tickers_are_sane,
    balances_are_readable,
    unknown_order_is_not_found,
)
WITH_ORDERS: Final[tuple[Check, ...]] = (*READ_ONLY, smallest_order_makes_the_round_trip)


def _check_report(intent: OrderIntent, report: OrderReport) -> None:
    _expect(
        report.client_order_id == intent.client_order_id,
        f"the report is of {report.client_order_id}, not of {intent.client_order_id}",
    )
    _expect(
        report.status.is_final and report.status is not OrderStatus.REJECTED,
        f"an immediate-or-cancel order is still {report.status}",
    )
    with exact_arithmetic():
        traded = sum((fill.quantity for fill in report.fills), ZERO)
    _expect(traded == report.filled, f"fills add up to {traded}, filled says {report.filled}")
    _expect(report.filled <= intent.quantity, f"{report.filled} of {intent.quantity} filled")
    ids = [fill.trade_id for fill in report.fills]
    _expect(len(set(ids)) == len(ids), f"trade ids repeat: {', '.join(ids)}")
    for fill in report.fills:
        _expect_amount(fill.price, "the price of a fill", above_zero=True)
        _expect_amount(fill.fee, "the fee of a fill")
        _expect(fill.fee_asset != "", f"fill {fill.trade_id} does not say what the fee is in")


def _smallest(instrument: Instrument, price: Decimal) -> Decimal:
    with exact_arithmetic():
        enough = max(
            instrument.quantity_step,
            instrument.minimum_quantity,
            instrument.minimum_notional / price * _SPARE,
        )
    return round_up(enough, instrument.quantity_step)


def _instrument(subject: Subject) -> Instrument:
    found = subject.exchange.instruments([subject.symbol])
    if subject.symbol not in found:
        raise CheckFailed(f"the exchange has no {subject.symbol}")
    return found[subject.symbol]


def _ticker(subject: Subject) -> Ticker:
    found = subject.exchange.tickers([subject.symbol])
    if subject.symbol not in found:
        raise CheckFailed(f"the exchange gives no price of {subject.symbol}")
    return found[subject.symbol]


def _intent(subject: Subject, name: str, quantity: Decimal, price: Decimal) -> OrderIntent:
    identity = f"{subject.account}#check#{name}#{subject.clock.now().isoformat()}"
    return OrderIntent(
        id=identity,
        client_order_id=client_order_id(identity),
        account=subject.account,
        symbol=subject.symbol,
        side=Side.BUY,
        quantity=quantity,
        limit_price=price,
        shares=(),
    )


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a condition
    if not holds:
        raise CheckFailed(otherwise)


def _expect_amount(value: object, name: str, *, above_zero: bool = False) -> None:
    if not isinstance(value, Decimal):
        raise CheckFailed(f"{name} is the {type(value).__name__} {value!r}; amounts are Decimal")
    lowest = "above zero" if above_zero else "zero or more"
    _expect(value > 0 if above_zero else value >= 0, f"{name} is {value}; it must be {lowest}")
