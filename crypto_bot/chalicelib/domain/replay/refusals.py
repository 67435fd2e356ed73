"""What a list of trades cannot be read for."""

from chalicelib.domain.errors import CryptoBotError


class TradeListRefused(CryptoBotError):
    """The message names the file, mostly a line, and the cause."""
