"""What a venue answered to an order -> refused, not placed, or unknown; one table, read downwards.

The question is never "did it fail" but "can the order exist". Only what is certain leaves the
default, OutcomeUnknown. Classes are told by name, so that this file needs no ccxt.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from chalicelib.adapters.venues.ccxt.sending import PermitExpired, Sending
from chalicelib.domain.errors import ExchangeError, OrderNotPlaced, OrderRejected, OutcomeUnknown

UNKNOWN: Final = "?"
NOT_PLACED: Final = "again"

# An order of ours with this id is there already: the very opposite of a refusal.
_DUPLICATE: Final = re.compile(
    r"duplicat|already\s+(exist|used|been\s+used)|\b(12141|51016|110072|126033|126044|170141)\b",
    re.I,
)
_NOTIONAL: Final = re.compile(
    r"notional|costmin|min(imum)?\W*(order\W*)?(cost|value|funds|amount in quote)", re.I
)
_QUANTITY: Final = re.compile(
    r"lot_?size|quantity|volume minimum|order minimum|min(imum)?\W*(order\W*)?(size|amount|volume)"
    r"|amount",
    re.I,
)
_PRICE: Final = re.compile(r"price_filter|price", re.I)
_MINIMUM: Final = re.compile(r"volume minimum not met|order minimum|too small", re.I)

# (class of ccxt or one of its bases, what its text says, what it means for the order)
ANSWERS: Final[tuple[tuple[str, re.Pattern[str] | None, str], ...]] = (
    ("DDoSProtection", None, NOT_PLACED),
    ("RateLimitExceeded", None, NOT_PLACED),
    ("InvalidNonce", None, NOT_PLACED),
    ("OperationFailed", None, UNKNOWN),  # network, timeouts, maintenance, 5xx, bad answers
    ("ExchangeError", _DUPLICATE, UNKNOWN),
    ("DuplicateOrderId", None, UNKNOWN),
    ("InsufficientFunds", None, "INSUFFICIENT_FUNDS"),
    ("BadSymbol", None, "SYMBOL_UNKNOWN"),
    (
        "BadRequest",
        re.compile(r"InvalidSymbol|symbol is not supported|invalid symbol", re.I),
        "SYMBOL_UNKNOWN",
    ),
    ("AccountSuspended", None, "ACCOUNT_SUSPENDED"),
    ("PermissionDenied", None, "PERMISSION_DENIED"),
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


def submit_failure(error: Exception, sending: Sending, clean: Redactor) -> ExchangeError:
    """The error to raise for one that came out of sending an order."""
    if isinstance(error, PermitExpired) and not sending.left:
        return OrderNotPlaced("permit expired before the request left")
    text = clean.clean(f"{type(error).__name__}: {error}")
    meaning = verdict(error, sending)
    if meaning == UNKNOWN:
        return OutcomeUnknown(f"{text}; whether the order was accepted is not known")
    if meaning == NOT_PLACED:
        return OrderNotPlaced(text, retry_at=_retry_at(sending))
    return OrderRejected(meaning, text)


def verdict(error: Exception, sending: Sending) -> str:
    """UNKNOWN, NOT_PLACED, or the code of a refusal."""
    if not sending.left:
        found = _first(error, ANSWERS_BEFORE_SENDING)
        return NOT_PLACED if found == UNKNOWN else found
    found = _first(error, ANSWERS)
    # A server that stumbled may have taken the order, whatever else it says.
    return UNKNOWN if sending.status >= _SERVER_ERROR else found


def _first(error: Exception, rows: Iterable[tuple[str, re.Pattern[str] | None, str]]) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "ccxt.base.errors"}
    for kind, text, meaning in rows:
        if kind in kinds and (text is None or text.search(str(error))):
            return meaning
    return UNKNOWN


def _retry_at(sending: Sending) -> datetime | None:
    """Retry-After is a number of seconds or a date; None where the venue gave none."""
    given = sending.retry_after.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", given):
        return sending.clock.now() + timedelta(
            seconds=int(given.partition(".")[0]) + ("." in given)
        )
    try:
        when = parsedate_to_datetime(given)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
