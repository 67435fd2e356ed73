"""Our client order id in the form a venue takes: pure, and the same for every attempt."""

from enum import StrEnum
from typing import assert_never
from uuid import UUID


class ClientIdFormat(StrEnum):
    """What a venue accepts as an id of ours."""

    UUID = "uuid"  # 36 characters with hyphens
    ALNUM32 = "alnum32"  # 32 letters and digits
    INTEGER45 = "integer45"  # a number below 2^45
    HEX128 = "hex128"  # 0x and 32 hexadecimal digits


def recognise(venue_id: str) -> str:
    """The UUID that the id renders, as text; '' where it renders none, as no number does."""
    try:
        return str(UUID(venue_id.removeprefix("0x")))
    except ValueError:
        return ""


def render(client_order_id: str, form: ClientIdFormat) -> str | int:
    """`client_order_id` is a UUID as text."""
    identity = UUID(client_order_id)
    match form:
        case ClientIdFormat.UUID:
            return str(identity)
        case ClientIdFormat.ALNUM32:
            return identity.hex
        case ClientIdFormat.INTEGER45:
            # 45 bits of a hash: two of a million orders share one with a chance of 1 in 70.
            return identity.int % 2**45
        case ClientIdFormat.HEX128:
            return f"0x{identity.hex}"
        case _:
            assert_never(form)
