"""A client with what has to be known to work with it."""

from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.venues.ccxt import client, loading, parsing
from chalicelib.adapters.venues.ccxt.errors import Redactor, redactor
from chalicelib.adapters.venues.ccxt.venue_table import VenueRow, constructor_config

_CREDENTIALS = ("apiKey", "secret", "password", "uid", "privateKey", "token", "twofa")


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """`failures` are the exceptions by which a request can fail, a malformed answer included."""

    id: str
    client: Any
    row: VenueRow
    failures: tuple[type[Exception], ...]
    not_found: type[Exception]
    bad_request: type[Exception]
    bad_nonce: type[Exception]

    def redactor(self) -> Redactor:
        """Knows the credentials that the client holds now."""
        return redactor(str(getattr(self.client, name, "") or "") for name in _CREDENTIALS)


def make_venue(exchange_id: str, row: VenueRow, exchange_options: dict[str, Any]) -> Venue:
    """Without credentials other than those in `exchange_options`. SettingsError if unknown."""
    made = client.make_client(exchange_id, row, constructor_config(row, exchange_options))
    return Venue(
        id=exchange_id,
        client=made,
        row=row,
        failures=(
            loading.error_class("BaseError"),
            OSError,  # timeouts are among them
            ArithmeticError,
            AttributeError,
            CancelledError,
            LookupError,
            RuntimeError,  # a loop or a session that was closed meanwhile
            TypeError,
            ValueError,
            parsing.ForeignOrder,
            parsing.IncompleteFills,
        ),
        not_found=loading.error_class("OrderNotFound"),
        bad_request=loading.error_class("BadRequest"),
        bad_nonce=loading.error_class("InvalidNonce"),
    )
