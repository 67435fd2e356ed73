"""What keys may do, by the word of their venue."""

from chalicelib.ports import Exchange, ShowsPermissions

Answer = tuple[bool | None, str]


def ask_permissions(exchange: Exchange, venue: str) -> Answer:
    """False where they can do too much or too little; None where the venue does not tell."""
    told = exchange.key_permissions() if isinstance(exchange, ShowsPermissions) else None
    if told is None:
        return None, (
            f"cannot be told: {venue} does not say what keys may do; see on its own page that "
            "these can neither withdraw nor transfer"
        )
    if too_much := told.too_much():
        return False, (
            f"the keys allow {' and '.join(too_much)}; make new ones on {venue} without that"
        )
    if told.trade is False:
        return False, f"the keys may not trade; allow spot trading for them on {venue}"
    if told.only_from_addresses is False:
        return None, (
            "they can trade, and neither withdraw nor transfer, but from any address: tie them to "
            f"this machine's on {venue}"
        )
    return True, "they can trade, and neither withdraw nor transfer"
