"""A file that nobody but its owner ever reads."""

import os
from pathlib import Path
from typing import Final

_OWNER_ONLY: Final = 0o600


def write_for_owner(path: Path, text: str) -> None:
    """Of mode 0600 from its first byte on, whole or not there at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
