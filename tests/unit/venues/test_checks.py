"""The checks for real accounts find what is wrong with an exchange, and say it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues import checks
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.ports import VenueTraits

BTC = "BTC/USDT"


class Flawed:
    """A good exchange with one method of which the answer is spoilt."""

    def __init__(self, good: VirtualExchange, method: str, spoil: Callable[[Any], Any]) -> None:
        self._good = good
        self._method = method
        self._spoil = spoil

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._good, name)
        if name != self._method:
            return real
        return lambda *args: self._spoil(real(*args))


def _fail(_answer: Any) -> Any:
    raise ExchangeUnavailable("the venue is on holiday")


@pytest.fixture
def good(make_account: Callable[..., Account]) -> Iterator[VirtualExchange]:
    account = make_account(exchange="virtual", mode=Mode.VIRTUAL)
    clock = SystemClock()
    table = SqliteTable(":memory:")
    prices = FixedPrices({BTC: Decimal(60000)}, clock)
    yield VirtualExchange(account, table, prices, clock, parse_options(account))
    table.close()


def _problems(exchange: Any, symbol: str = BTC) -> dict[str, str]:
    subject = checks.Subject(exchange=exchange, symbol=symbol, clock=SystemClock())
    results = checks.run_checks(subject, checks.WITH_ORDERS)
    return {result.name: result.problem for result in results if result.problem}


def test_a_good_exchange_passes_all(good: VirtualExchange) -> None:
    assert _problems(good) == {}


@pytest.mark.parametrize(
    ("method", "spoil", "check", "sentence"),
    [
        ("traits", lambda t: replace(t, in_flight=0), "traits are sane", "in_flight is 0"),
        (
            "traits",
            lambda t: replace(t, visibility_lag=timedelta(seconds=-1)),
            "traits are sane",
            "before the send",
        ),
        (
            "instruments",
            lambda found: {k: replace(v, quantity_step=Decimal(0)) for k, v in found.items()},
            "instruments are sane",
            "quantity_step is 0; it must be above zero",
        ),
        (
            "instruments",
            lambda found: {**found, "NOSUCHBASE/NOSUCHQUOTE": found[BTC]} if found else found,
            "instruments are sane",
            "should not exist",
        ),
        (
            "tickers",
            lambda found: {k: replace(v, bid=Decimal(2), ask=Decimal(1)) for k, v in found.items()},
            "tickers are sane",
            "bid 2 is above ask 1",
        ),
        (
            "tickers",
            lambda found: {k: replace(v, at=v.at - timedelta(hours=1)) for k, v in found.items()},
            "tickers are sane",
            "old",
        ),
        ("tickers", lambda _found: {}, "tickers are sane", f"gives no price of {BTC}"),
        (
            "balances",
            lambda _found: {"USDT": Balance(asset="USDT", free=Decimal(-1))},
            "balances are readable",
            "free USDT is -1",
        ),
        ("balances", _fail, "balances are readable", "the venue is on holiday"),
        (
            "find",
            lambda _found: None,
            "smallest order makes the round trip",
            "cannot be found by its id",
        ),
        (
            "find",
            lambda found: found and replace(found, status=OrderStatus.ACCEPTED),
            "smallest order makes the round trip",
            "is still ACCEPTED",
        ),
        (
            "find",
            lambda found: found and replace(found, fills=found.fills * 2),
            "smallest order makes the round trip",
            "fills add up to",
        ),
    ],
)
def test_what_is_wrong_is_found_and_said(
    good: VirtualExchange,
    method: str,
    spoil: Callable[[Any], Any],
    check: str,
    sentence: str,
) -> None:
    problems = _problems(Flawed(good, method, spoil))

    assert sentence in problems[check]


def test_an_exchange_that_falls_over_is_reported_and_the_rest_goes_on(
    good: VirtualExchange,
) -> None:
    def fall_over(_answer: Any) -> Any:
        raise KeyError("price")

    problems = _problems(Flawed(good, "tickers", fall_over))

    assert problems["tickers are sane"] == "raised KeyError: 'price'"
    assert "balances are readable" not in problems


def test_a_symbol_that_the_exchange_does_not_have_is_named(good: VirtualExchange) -> None:
    assert "NO/SUCH" in _problems(good, "NO/SUCH")["instruments are sane"]


def test_an_exchange_without_bounds_is_sane(good: VirtualExchange) -> None:
    def unbounded(traits: VenueTraits) -> VenueTraits:
        return replace(traits, acceptance_bound=None)

    assert _problems(Flawed(good, "traits", unbounded)) == {}
