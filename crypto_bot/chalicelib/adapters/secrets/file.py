"""secrets.json in the home folder, which nobody but its owner may read."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.adapters.secrets.fields import EXAMPLE, text_fields
from chalicelib.adapters.secrets.owner_only import write_for_owner
from chalicelib.domain.errors import SecretMissing, SettingsError

FILE_NAME: Final = "secrets.json"


class FileSecrets:
    """Read afresh each time: a changed key counts at once. ports.SecretVault."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME

    def secret(self, name: str) -> Mapping[str, str]:
        """SettingsError names the file, the secret or the field, and never a value."""
        secrets = self._read(name)
        if name not in secrets:
            raise SecretMissing(
                f"the secret {name!r} is not in {self._path}: add it as in {_example(name)}"
            )
        return text_fields(secrets[name], f"the secret {name!r} in {self._path}")

    def forget(self, name: str) -> None:
        """Nothing is remembered."""

    def put(self, name: str, fields: Mapping[str, str]) -> None:
        """See `SecretVault.put`. The file is the owner's alone from its first byte on."""
        known = self._read(name) if self._path.exists() else {}
        self._write({**known, name: dict(fields)})

    def remove(self, name: str) -> None:
        """See `SecretVault.remove`."""
        known = self._read(name) if self._path.exists() else {}
        if known.pop(name, None) is not None:
            self._write(known)

    def _write(self, secrets: Mapping[str, Any]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_for_owner(self._path, json.dumps(secrets, indent=2) + "\n")
        except OSError as error:
            raise SettingsError(f"{self._path} cannot be written: {error.strerror}") from error

    def _read(self, name: str) -> dict[str, Any]:
        try:
            self._refuse_readable_by_others()
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise SecretMissing(
                f"the secret {name!r} is looked up in {self._path}, which does not exist: "
                f"write {_example(name)} into it and run: chmod 600 {self._path}"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{self._path} cannot be read as text: {type(error).__name__}"
            ) from None
        return self._parsed(text, name)

    def _refuse_readable_by_others(self) -> None:
        if os.name != "posix":
            return
        mode = stat.S_IMODE(self._path.stat().st_mode)
        if mode & 0o077:
            raise SettingsError(
                f"{self._path} has mode {mode:04o}, so others may read the keys in it; "
                f"run: chmod 600 {self._path}"
            )

    def _parsed(self, text: str, name: str) -> dict[str, Any]:
        try:
            parsed = json.loads(text)
        except json.JSONDecodeError as error:
            raise SettingsError(
                f"{self._path} is no JSON, line {error.lineno}, column {error.colno}"
            ) from None  # the cause holds the text
        if not isinstance(parsed, dict):
            raise SettingsError(f"{self._path} must hold one JSON object, like {_example(name)}")
        return parsed


def _example(name: str) -> str:
    return f"{{{json.dumps(name)}: {EXAMPLE}}}"
