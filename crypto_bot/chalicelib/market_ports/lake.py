"""Objects by name, and what was put among them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class LakeObject(NamedTuple):
    """`size` in bytes."""

    key: str
    size: int


class Lake(Protocol):
    """Objects by name, each there as a whole or not at all. StoreUnavailable where it fails."""

    def put(self, key: str, content: bytes) -> None:
        """Write or replace."""
        ...

    def get(self, key: str) -> bytes | None:
        """What was put last; None where there is none."""
        ...

    def delete(self, key: str) -> None:
        """Nothing happens where there is none."""
        ...

    def objects(self, prefix: str) -> list[LakeObject]:
        """All whose key begins so, by key."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """The different next parts, up to the following /, of keys that begin so; sorted."""
        ...


class Change(NamedTuple):
    """Something was put under the key."""

    key: str
    number: int


class LakeChanges(Protocol):
    """What was put into a lake and is not seen to yet: the folder's kin of S3 events."""

    def changes(self, limit: int) -> list[Change]:
        """Oldest first, each key once."""
        ...

    def seen(self, changes: Sequence[Change]) -> None:
        """Forget these; what was put again since then stays."""
        ...
