"""What an owner does with what opens exchanges and channels, each act by its own words.

It is done by whoever has the right: this program itself, or on AWS a function of its own. Names of
fields come back from it, and never a value; what is handed over is in no `repr`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAct:
    """`by` is the name of the owner's token. A dry run says what would be done."""

    by: str = ""
    dry_run: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAccountKeys(KeyAct):
    """Whether the keys of each account are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowChannelKeys(KeyAct):
    """Whether what opens each channel is there, and where the channel leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutKeys(KeyAct):
    """`keys` are fields as somebody typed them; `exchange` is of an account yet to be added."""

    account: str
    exchange: str = ""
    keys: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkKeys(KeyAct):
    """Nothing opens the account any more."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAccount(KeyAct):
    """The venue is asked what it has and what the keys may do."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAccount(KeyAct):
    """With keys that are there already."""

    name: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutChannel(KeyAct):
    """`fields` None leaves what opens an old channel as it is."""

    name: str
    kind: str
    least: str = "P2"
    topic: str = ""
    fields: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveChannel(KeyAct):
    """With what opened it, where that was made for it."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryChannel(KeyAct):
    """A message goes over it."""

    channel: str


KEY_ACTS: Final[Mapping[str, type[KeyAct]]] = {
    kind.__name__: kind
    for kind in (
        ShowAccountKeys,
        ShowChannelKeys,
        PutKeys,
        UnlinkKeys,
        CheckAccount,
        AddAccount,
        PutChannel,
        RemoveChannel,
        TryChannel,
    )
}
