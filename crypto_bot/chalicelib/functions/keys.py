"""The function that keeps and tries keys for the API, which alone may call it.

It knows the acts of key_acts.py and nothing else: none of them tells a value or points an account
that is there at another secret. Its log says what was done with whose token, which the API cannot
change, and the owner is told of it.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.adapters.key_function import REFUSALS
from chalicelib.bootstrap.key_desk import KeysHere, refuse_unlike_a_form
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.errors import CryptoBotError, SettingsError, StoreUnavailable
from chalicelib.domain.operation.key_acts import (
    KEY_ACTS,
    AddAccount,
    KeyAct,
    PutChannel,
    PutKeys,
    RemoveChannel,
    UnlinkKeys,
)
from chalicelib.domain.operation.key_notices import keys_changed
from chalicelib.services.operation.leave_notices import leave_notices

_LOG = logging.getLogger(__name__)
_CHANGES: Final = (PutKeys, UnlinkKeys, AddAccount, PutChannel, RemoveChannel)


def tend_keys(event: object) -> dict[str, Any]:
    """See adapters/key_function.py. What nobody foresaw raises, and says nothing of the event."""
    try:
        told = _done(_act(event))
    except CryptoBotError as error:
        found = (name for name, kind in REFUSALS.items() if isinstance(error, kind))
        _LOG.info("refused: %s", error)
        return {"refused": next(found, StoreUnavailable.__name__), "sentence": str(error)}
    return {"told": told}


def _done(act: KeyAct) -> dict[str, Any]:
    refuse_unlike_a_form(act)
    told = KeysHere(lambda _verb: bootstrap.secrets()).do(act)
    if "done" in told and isinstance(act, _CHANGES):
        _LOG.warning("with the token %s: %s", act.by, told["done"])
        notice = keys_changed(told["done"], act.by, bootstrap.clock().now())
        leave_notices(notices(), [notice])
    return told


def _act(event: object) -> KeyAct:
    import msgspec

    try:
        if isinstance(event, Mapping):
            return msgspec.convert(event.get("said"), KEY_ACTS[str(event.get("act"))])
    except (KeyError, msgspec.ValidationError):
        pass  # both may repeat what was sent
    raise SettingsError("the event is none of the acts that this function knows")
