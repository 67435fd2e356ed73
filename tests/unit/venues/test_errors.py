"""What each of ccxt's errors means for an order that was sent."""

import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.ccxt import errors, loading
from chalicelib.adapters.venues.ccxt.errors import NOT_PLACED, UNKNOWN
from chalicelib.adapters.venues.ccxt.sending import PermitExpired, Sending
from chalicelib.domain.errors import OrderNotPlaced, OrderRejected, OutcomeUnknown

loading.exchange_class("gemini")

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

CLASSES = {
    "AccountNotEnabled": "PERMISSION_DENIED",
    "AccountSuspended": "ACCOUNT_SUSPENDED",
    "AddressPending": UNKNOWN,
    "ArgumentsRequired": UNKNOWN,
    "AuthenticationError": "AUTHENTICATION_FAILED",
    "BadRequest": "REQUEST_INVALID",
    "BadResponse": UNKNOWN,
    "BadSymbol": "SYMBOL_UNKNOWN",
    "BaseError": UNKNOWN,
    "CancelPending": UNKNOWN,
    "ChecksumError": NOT_PLACED,
    "ContractUnavailable": "MARKET_CLOSED",
    "DDoSProtection": NOT_PLACED,
    "DuplicateOrderId": UNKNOWN,
    "ExchangeClosedByUser": UNKNOWN,
    "ExchangeError": UNKNOWN,
    "ExchangeNotAvailable": UNKNOWN,
    "InsufficientFunds": "INSUFFICIENT_FUNDS",
    "InvalidAddress": UNKNOWN,
    "InvalidNonce": NOT_PLACED,
    "InvalidOrder": "ORDER_INVALID",
    "InvalidProxySettings": UNKNOWN,
    "ManualInteractionNeeded": UNKNOWN,
    "MarginModeAlreadySet": UNKNOWN,
    "MarketClosed": "MARKET_CLOSED",
    "NetworkError": UNKNOWN,
    "NoChange": UNKNOWN,
    "NotSupported": UNKNOWN,
    "NullResponse": UNKNOWN,
    "OnMaintenance": UNKNOWN,
    "OperationFailed": UNKNOWN,
    "OperationRejected": UNKNOWN,
    "OrderImmediatelyFillable": "ORDER_WOULD_TAKE",
    "OrderNotCached": UNKNOWN,
    "OrderNotFillable": "ORDER_NOT_FILLABLE",
    "OrderNotFound": UNKNOWN,
    "PermissionDenied": "PERMISSION_DENIED",
    "RateLimitExceeded": NOT_PLACED,
    "RequestTimeout": UNKNOWN,
    "RestrictedLocation": "LOCATION_RESTRICTED",
    "UnsubscribeError": UNKNOWN,
}

TEXTS = [
    (
        "BadRequest",
        'binance {"code":-1013,"msg":"Filter failure: NOTIONAL"}',
        "NOTIONAL_BELOW_MINIMUM",
    ),
    (
        "BadRequest",
        'binance {"code":-1013,"msg":"Filter failure: MIN_NOTIONAL"}',
        "NOTIONAL_BELOW_MINIMUM",
    ),
    ("BadRequest", "binance Filter failure: PERCENT_PRICE_BY_SIDE", "PRICE_INVALID"),
    ("BadRequest", "Parameter 'quantity' has too much precision.", "QUANTITY_INVALID"),
    ("BadRequest", "gemini Supplied symbol is not supported", "SYMBOL_UNKNOWN"),
    (
        "InvalidOrder",
        "binance order amount should be evenly divisible by lot size LOT_SIZE",
        "QUANTITY_INVALID",
    ),
    (
        "InvalidOrder",
        "binance order price is invalid, use price_to_precision (symbol, amount) PRICE_FILTER",
        "PRICE_INVALID",
    ),
    ("InvalidOrder", "gemini Invalid price for symbol", "PRICE_INVALID"),
    ("InvalidOrder", "gemini Invalid quantity for symbol", "QUANTITY_INVALID"),
    ("InvalidOrder", "kraken EOrder:Cost minimum not met costmin", "NOTIONAL_BELOW_MINIMUM"),
    (
        "InvalidOrder",
        "kraken EGeneral:Invalid arguments:volume minimum not met",
        "QUANTITY_INVALID",
    ),
    ("InvalidOrder", 'binance {"code":-2010,"msg":"Duplicate order sent."}', UNKNOWN),
    ("InvalidOrder", 'okx {"sCode":"51016","sMsg":"Client order ID already exists"}', UNKNOWN),
    ("InvalidOrder", 'bybit {"retCode":110072,"retMsg":"OrderLinkedID is duplicate"}', UNKNOWN),
    ("InvalidOrder", 'kucoin {"code":"126044"}', UNKNOWN),
    ("BadRequest", "bybit 12141 duplicate clientOrderId", UNKNOWN),
    ("ExchangeError", 'binance {"code":-1006,"msg":"execution status unknown"}', UNKNOWN),
    ("RateLimitExceeded", "binance -1015 Too many new orders", NOT_PLACED),
    ("ExchangeError", 'kraken {"error":["EOrder:cl_ord_id already in use"]}', UNKNOWN),
    ("ExchangeError", 'kraken {"error":["EOrder:Cost minimum not met"]}', "ORDER_INVALID"),
    ("ExchangeError", 'kraken {"error":["EOrder:Tick size check failed"]}', "ORDER_INVALID"),
    ("ExchangeError", 'kraken {"error":["EGeneral:Invalid arguments:cl_ord_id"]}', "ORDER_INVALID"),
    ("ExchangeError", 'kraken {"error":["EAPI:Invalid signature"]}', "AUTHENTICATION_FAILED"),
    ("ExchangeError", 'kraken {"error":["EService:Deadline elapsed"]}', NOT_PLACED),
    ("ExchangeError", 'kraken {"error":["EOrder:Domain rate limit exceeded"]}', NOT_PLACED),
    ("ExchangeError", 'kraken {"error":["EGeneral:Internal error:7"]}', UNKNOWN),
    ("ExchangeError", 'kraken {"error":["EService:Whatever comes next"]}', UNKNOWN),
    (
        "BadRequest",
        'kucoin {"code":"400100","msg":"validation.createOrder.clientOidDuplicated"}',
        UNKNOWN,
    ),
    ("BadRequest", 'kucoin {"code":"408000","msg":"Network timeout, please try again"}', UNKNOWN),
    (
        "InvalidOrder",
        'kucoin {"code":"400100","msg":"Order size below the minimum requirement."}',
        "QUANTITY_INVALID",
    ),
    (
        "InvalidOrder",
        'kucoin {"code":"600101","msg":"The order funds should more then 0.1 USDT."}',
        "NOTIONAL_BELOW_MINIMUM",
    ),
    ("ExchangeError", 'bitfinex {"error":"ERR_RATE_LIMIT"}', NOT_PLACED),
    ("PermissionDenied", "bitfinex Invalid order: minimum size for X is 2", "QUANTITY_INVALID"),
    ("PermissionDenied", "bitfinex Invalid order: price is too far", "ORDER_INVALID"),
    ("PermissionDenied", "bitfinex api_key: permission invalid", "PERMISSION_DENIED"),
    ("PermissionDenied", "bitfinex something went wrong", UNKNOWN),
]


def _raised(name: str, text: str = "the venue's words") -> Exception:
    return loading.error_class(name)(text)


def _sending(**changes: Any) -> Sending:
    usual: dict[str, Any] = {
        "permit_until": NOW + timedelta(seconds=2),
        "clock": ReplayClock(NOW),
        "left": True,
        "status": 400,
    }
    return Sending(**(usual | changes))


def test_the_table_above_has_a_row_for_every_error_of_ccxt() -> None:
    module = inspect.getmodule(loading.error_class("BaseError"))
    there = {
        name
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, loading.error_class("BaseError"))
    }
    assert there == set(CLASSES)


@pytest.mark.parametrize(("name", "meaning"), CLASSES.items())
def test_what_an_error_means_once_the_order_has_left(name: str, meaning: str) -> None:
    assert errors.verdict(_raised(name), _sending()) == meaning


@pytest.mark.parametrize(("name", "text", "meaning"), TEXTS)
def test_what_the_venues_words_mean(name: str, text: str, meaning: str) -> None:
    assert errors.verdict(_raised(name, text), _sending()) == meaning


@pytest.mark.parametrize(
    "error", [KeyError("id"), ValueError("x"), OSError("reset"), RuntimeError()]
)
def test_what_nobody_expected_leaves_the_order_unknown(error: Exception) -> None:
    assert errors.verdict(error, _sending()) == UNKNOWN


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_after_a_server_error_nothing_is_certain(name: str) -> None:
    assert errors.verdict(_raised(name), _sending(status=503)) == UNKNOWN


@pytest.mark.parametrize(
    ("name", "status", "meaning"),
    [
        ("InsufficientFunds", 500, "INSUFFICIENT_FUNDS"),
        ("InvalidNonce", 500, NOT_PLACED),
        ("ExchangeError", 500, UNKNOWN),
        ("InsufficientFunds", 502, UNKNOWN),
    ],
)
def test_where_500_is_how_a_venue_refuses_its_words_count(
    name: str, status: int, meaning: str
) -> None:
    sending = _sending(status=status, refuses_with_500=True)

    assert errors.verdict(_raised(name), sending) == meaning


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("NetworkError", NOT_PLACED),
        ("ExchangeError", NOT_PLACED),
        ("NotSupported", "ORDER_TYPE_UNSUPPORTED"),
        ("ArgumentsRequired", "ORDER_INVALID"),
        ("InvalidOrder", "ORDER_INVALID"),
        ("AuthenticationError", "AUTHENTICATION_FAILED"),
    ],
)
def test_before_the_order_has_left_it_cannot_exist(name: str, meaning: str) -> None:
    assert errors.verdict(_raised(name), _sending(left=False, status=0)) == meaning


@pytest.mark.parametrize(
    ("error", "sending", "expected"),
    [
        (_raised("InsufficientFunds"), _sending(), OrderRejected),
        (_raised("RateLimitExceeded"), _sending(status=429), OrderNotPlaced),
        (_raised("RequestTimeout"), _sending(status=0), OutcomeUnknown),
        (PermitExpired(), _sending(left=False), OrderNotPlaced),
        (PermitExpired(), _sending(left=True), OutcomeUnknown),
    ],
)
def test_the_error_that_the_caller_gets(
    error: Exception, sending: Sending, expected: type[Exception]
) -> None:
    assert type(errors.submit_failure(error, sending, errors.redactor(()))) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", NOW + timedelta(seconds=7)),
        ("0.5", NOW + timedelta(seconds=1)),
        ("Fri, 02 Jan 2026 03:05:00 GMT", datetime(2026, 1, 2, 3, 5, tzinfo=UTC)),
        ("", None),
        ("soon", None),
    ],
)
def test_retry_after_becomes_a_time(header: str, expected: datetime | None) -> None:
    sending = _sending(status=429, retry_after=header)
    error = errors.submit_failure(_raised("DDoSProtection"), sending, errors.redactor(()))

    assert isinstance(error, OrderNotPlaced)
    assert error.retry_at == expected


def test_the_venues_text_comes_without_keys_addresses_and_signatures() -> None:
    text = (
        "binance POST https://api.example.com/order?x=1 key=my-api-key-1 "
        "signature=deadbeef token: abcdefg "
        "b992f4a984c3c3f34a1564f339cfc646a1c93af258ae62a8a8fc9e2e71645975 insufficient balance"
    )
    clean = errors.redactor(["my-api-key-1", "abc", ""]).clean(text)

    for secret in ("example.com", "my-api-key-1", "deadbeef", "abcdefg", "b992f4a9"):
        assert secret not in clean
    assert "insufficient balance" in clean
    assert clean.startswith("binance POST")
    assert len(errors.redactor(()).clean("word " * 500)) == 300
