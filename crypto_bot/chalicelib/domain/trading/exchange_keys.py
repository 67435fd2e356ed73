"""What the owner hands over as a secret, checked without a word about a value."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from chalicelib.domain.errors import SettingsError

USUAL: Final = ("api-key", "api-secret")
# All that an exchange's keys may have; whatever has another field opens something else.
KNOWN_FIELDS: Final = frozenset(
    {
        *USUAL,
        "passphrase",
        "uid",
        "wallet-address",
        "private-key",
        "account-id",
        "login",
        "token",
        "twofa",
    }
)
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}", re.ASCII)
_MOST_FIELDS: Final = 10
_LONGEST: Final = 8_192  # a private key in PEM has some 3,000 letters


def checked_keys(given: object, needed: Sequence[str], account: str) -> Mapping[str, str]:
    """The fields that have a value, without blanks around it; `needed` are the exchange's own.

    SettingsError names what is missing or odd, and never repeats any of a value.
    """
    return checked_fields(given, needed or USUAL, f"the keys of account {account}")


def checked_fields(given: object, needed: Sequence[str], whose: str) -> Mapping[str, str]:
    """As `checked_keys`, for any secret; sentences begin with `whose`, a plural."""
    if not isinstance(given, Mapping) or len(given) > _MOST_FIELDS:
        raise SettingsError(
            f"{whose} are no object of at most {_MOST_FIELDS} fields such as"
            f" {' and '.join(needed)}; nothing was stored"
        )
    fields = {name: _value(name, value, whose) for name, value in given.items()}
    missing = [field for field in needed if not fields.get(field)]
    if missing:
        raise SettingsError(f"{whose} lack {', '.join(missing)}; nothing was stored")
    return {name: value for name, value in fields.items() if value}


def _value(name: object, value: object, whose: str) -> str:
    if not isinstance(name, str) or not _FIELD.fullmatch(name):
        raise SettingsError(
            f"{whose} have a field whose name is not up to 40 letters,"
            " digits, dashes or underscores; nothing was stored"
        )
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise SettingsError(
            f"{whose} have {name} as something else than text of at most"
            f" {_LONGEST} letters; nothing was stored"
        )
    return value.strip()
