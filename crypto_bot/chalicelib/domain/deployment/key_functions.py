"""The function that keeps and tries keys for the API of a stage, which has no right to any.

A stage has it where its KEY_FUNCTIONS names it, and not unless asked for.
"""

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.errors import SettingsError

TEND_KEYS: Final = "tend_keys"


def asked_key_functions(given: Mapping[str, str]) -> tuple[str, ...]:
    """Those of KEY_FUNCTIONS; SettingsError for one that is none."""
    names = given.get("KEY_FUNCTIONS", "").replace(",", " ").split()
    for name in names:
        if name != TEND_KEYS:
            raise SettingsError(f"KEY_FUNCTIONS has {name!r}; it must be {TEND_KEYS}, or empty")
    return tuple(sorted({*names}))
