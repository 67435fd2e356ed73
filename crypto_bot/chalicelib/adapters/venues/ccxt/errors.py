"""What a venue answered to an order -> refused, not placed, or unknown; one table, read downwards.

The question is never "did it fail" but "can the order exist". Only what is certain leaves the
default, OutcomeUnknown. Classes are told by name, so that this file needs no ccxt.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.adapters.venues.ccxt.sending import PermitExpired, Sending
from chalicelib.adapters.venues.ccxt.silence import retry_at
from chalicelib.domain.errors import ExchangeError, OrderNotPlaced, OrderRejected, OutcomeUnknown

UNKNOWN: Final = "?"
NOT_PLACED: Final = "again"

# An order of ours with this id is there already: the very opposite of a refusal.
_DUPLICATE: Final = re.compile(
    r"duplicat|already\s+(exist|used|in\s+use|been\s+used)|\b(12141|51016|110072|126033|126044|170141)\b",
    re.I,
)
_NOTIONAL: Final = re.compile(
    r"notional|costmin|cost minimum|funds should"
    r"|min(imum)?\W*(order\W*)?(cost|value|funds|amount in quote)",
    re.I,
)
_QUANTITY: Final = re.compile(
    r"lot_?size|quantity|volume minimum|order minimum|min(imum)?\W*(order\W*)?(size|amount|volume)"
    r"|amount",
    re.I,
)
_PRICE: Final = re.compile(r"price_filter|price", re.I)
_MINIMUM: Final = re.compile(
    r"volume minimum not met|order minimum|below the minimum|minimum size|too small", re.I
)
# KuCoin's word for "no answer from within"; ccxt takes it for a bad request.
_TIMED_OUT: Final = re.compile(r'"408000"|network timeout', re.I)
# Bitfinex's code 10001 is its general one, whatever ccxt makes of it: only its text tells.
_GENERAL: Final = re.compile(r"^bitfinex (?!.*(invalid order|permission))", re.I)
_INVALID_ORDER: Final = re.compile(r"^bitfinex invalid order", re.I)
# What Kraken says before an order reaches its engine, and ccxt has no class for.
_REFUSED_BY_KRAKEN: Final = re.compile(
    r'"E(Order:|General:Invalid arguments|API:(Bad request|Feature disabled)|Account:Invalid)'
)
_TOO_FAST: Final = re.compile(r"Domain rate limit exceeded|ERR_RATE_LIMIT", re.I)
_TOO_LATE: Final = re.compile(r"EService:Deadline elapsed")
_KEYS_WITHDRAWN: Final = re.compile(r'"code":\s*-2015\b')
_BAD_SIGNATURE: Final = re.compile(r"EAPI:Invalid signature")

# (class of ccxt or one of its bases, what its text says, what it means for the order)
ANSWERS: Final[tuple[tuple[str, re.Pattern[str] | None, str], ...]] = (
    ("DDoSProtection", None, NOT_PLACED),
    ("RateLimitExceeded", None, NOT_PLACED),
    ("InvalidNonce", None, NOT_PLACED),
    ("OperationFailed", None, UNKNOWN),  # network, timeouts, maintenance, 5xx, bad answers
    ("ExchangeError", _DUPLICATE, UNKNOWN),
    ("ExchangeError", _TOO_FAST, NOT_PLACED),
    ("ExchangeError", _TOO_LATE, NOT_PLACED),
    ("BadRequest", _TIMED_OUT, UNKNOWN),
    ("PermissionDenied", _GENERAL, UNKNOWN),
    ("DuplicateOrderId", None, UNKNOWN),
    ("InsufficientFunds", None, "INSUFFICIENT_FUNDS"),
    ("BadSymbol", None, "SYMBOL_UNKNOWN"),
    (
        "BadRequest",
        re.compile(r"InvalidSymbol|symbol is not supported|invalid symbol", re.I),
        "SYMBOL_UNKNOWN",
    ),
    ("AccountSuspended", None, "ACCOUNT_SUSPENDED"),
    ("PermissionDenied", _MINIMUM, "QUANTITY_INVALID"),
    ("PermissionDenied", _INVALID_ORDER, "ORDER_INVALID"),
    ("PermissionDenied", None, "PERMISSION_DENIED"),
    ("ExchangeError", _BAD_SIGNATURE, "AUTHENTICATION_FAILED"),
    ("AuthenticationError", None, "AUTHENTICATION_FAILED"),
    ("MarketClosed", None, "MARKET_CLOSED"),
    ("ContractUnavailable", None, "MARKET_CLOSED"),
    ("RestrictedLocation", None, "LOCATION_RESTRICTED"),
    ("OrderImmediatelyFillable", None, "ORDER_WOULD_TAKE"),
    ("OrderNotFillable", None, "ORDER_NOT_FILLABLE"),
    ("OrderNotFound", None, UNKNOWN),  # no answer to a new order
    ("OrderNotCached", None, UNKNOWN),
    ("InvalidOrder", _NOTIONAL, "NOTIONAL_BELOW_MINIMUM"),
    ("InvalidOrder", _MINIMUM, "QUANTITY_INVALID"),
    ("InvalidOrder", _PRICE, "PRICE_INVALID"),
    ("InvalidOrder", _QUANTITY, "QUANTITY_INVALID"),
    ("InvalidOrder", None, "ORDER_INVALID"),
    ("BadRequest", _NOTIONAL, "NOTIONAL_BELOW_MINIMUM"),
    ("BadRequest", _PRICE, "PRICE_INVALID"),
    ("BadRequest", _QUANTITY, "QUANTITY_INVALID"),
    ("BadRequest", None, "REQUEST_INVALID"),
    ("ExchangeError", _REFUSED_BY_KRAKEN, "ORDER_INVALID"),
)
# What ccxt finds wrong by itself, before anything has left.
ANSWERS_BEFORE_SENDING: Final = (
    ("ArgumentsRequired", None, "ORDER_INVALID"),
    ("NotSupported", None, "ORDER_TYPE_UNSUPPORTED"),
    *ANSWERS,
)
_SERVER_ERROR: Final = 500
_LONGEST: Final = 300
_SHORTEST_SECRET: Final = 6


@dataclass(frozen=True, slots=True)
class Redactor:
    """Venues' texts without keys, signatures and addresses."""

    secrets: tuple[str, ...]

    def clean(self, text: str) -> str:
        """At most 300 characters."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        text = re.sub(r"(https?|wss?)://\S+", "<address>", text)
        text = re.sub(
            r"(?i)\b(signature|sign|token|apikey|api-key)\b\W{1,3}[^\s&,;\"]+", r"\1=***", text
        )
        text = re.sub(r"[A-Za-z0-9+/_]{32,}={0,2}", "***", text)
        return text[:_LONGEST]


def redactor(secrets: Iterable[str]) -> Redactor:
    """Short values are no secrets and would eat words."""
    return Redactor(
        tuple(sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True))
    )


def submit_failure(
    error: Exception, sending: Sending, clean: Redactor, silent_until: datetime | None = None
) -> ExchangeError:
    """The error to raise for one that came out of sending an order."""
    if isinstance(error, PermitExpired) and not sending.left:
        return OrderNotPlaced("permit expired before the request left")
    text = clean.clean(f"{type(error).__name__}: {error}")
    meaning = verdict(error, sending)
    if meaning == UNKNOWN:
        return OutcomeUnknown(f"{text}; whether the order was accepted is not known")
    if meaning == NOT_PLACED:
        asked = retry_at(sending.retry_after, sending.clock.now())
        return OrderNotPlaced(text, retry_at=silent_until or asked)
    return OrderRejected(meaning, text)


def refuses_keys(error: Exception) -> bool:
    """Whether it is the keys that the venue does not take, or not for this."""
    kinds = {k.__name__ for k in type(error).__mro__ if k.__module__ == "ccxt.base.errors"}
    # Of keys that have worked before, ccxt takes Binance's refusal for a passing ban.
    withdrawn = "DDoSProtection" in kinds and _KEYS_WITHDRAWN.search(str(error)) is not None
    return withdrawn or "AuthenticationError" in kinds


def verdict(error: Exception, sending: Sending) -> str:
    """UNKNOWN, NOT_PLACED, or the code of a refusal."""
    if not sending.left:
        found = _first(error, ANSWERS_BEFORE_SENDING)
        return NOT_PLACED if found == UNKNOWN else found
    found = _first(error, ANSWERS)
    if sending.status == _SERVER_ERROR and sending.refuses_with_500:
        return found
    # A server that stumbled may have taken the order, whatever else it says.
    return UNKNOWN if sending.status >= _SERVER_ERROR else found


def _first(error: Exception, rows: Iterable[tuple[str, re.Pattern[str] | None, str]]) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "ccxt.base.errors"}
    for kind, text, meaning in rows:
        if kind in kinds and (text is None or text.search(str(error))):
            return meaning
    return UNKNOWN
