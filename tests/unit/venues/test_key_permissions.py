"""What Binance's keys may do, asked over loopback, and what other venues leave open."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt import parsing
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.key_permissions import KeyPermissions
from tests.venues import binance, gemini
from tests.venues.faults import Fault, FaultKind

RESTRICTIONS = "/sapi/v1/account/apiRestrictions"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_binance_tells_what_its_keys_may_do(
    stack: ExitStack, make_account: Callable[..., Account]
) -> None:
    book = binance.standard_book({"BTC/USDT": Decimal(60000)}, {"USDT": Decimal(1000)})
    venue = stack.enter_context(binance.BinanceVenue(book))
    account = make_account(exchange_options=binance.ccxt_options(venue))
    exchange = connect(account, {}, SystemClock())
    stack.callback(exchange.close)
    told = exchange.key_permissions()
    assert told == KeyPermissions(trade=True, withdraw=False, only_from_addresses=False)
    assert told.too_much() == []
    venue.may_withdraw = True
    told = exchange.key_permissions()
    assert told is not None
    assert told.too_much() == ["withdrawals"]
    venue.add_fault(Fault(kind=FaultKind.ERROR_503, path=RESTRICTIONS))
    with pytest.raises(ExchangeUnavailable, match="did not give the permissions of its keys"):
        exchange.key_permissions()


def test_a_venue_that_does_not_tell_is_not_asked(
    stack: ExitStack, make_account: Callable[..., Account]
) -> None:
    book = gemini.standard_book({"BTC/USD": Decimal(60000)}, {"USD": Decimal(1000)})
    venue = stack.enter_context(gemini.GeminiVenue(book))
    account = make_account(exchange="gemini", exchange_options=gemini.ccxt_options(venue))
    exchange = connect(account, {}, SystemClock())
    stack.callback(exchange.close)
    assert exchange.key_permissions() is None


@pytest.mark.parametrize(
    ("answer", "transfer"),
    [
        ({"enableInternalTransfer": False, "permitsUniversalTransfer": True}, True),
        ({"enableInternalTransfer": False, "permitsUniversalTransfer": False}, False),
        ({"permitsUniversalTransfer": False}, False),
        ({"enableInternalTransfer": "yes"}, None),
        ({}, None),
    ],
)
def test_either_kind_of_transfer_counts(
    answer: dict[str, object], *, transfer: bool | None
) -> None:
    assert parsing.key_permissions(answer).transfer is transfer
