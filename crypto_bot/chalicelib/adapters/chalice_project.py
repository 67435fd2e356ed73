"""The folder with app.py and .chalice: how a stage is configured, and where it is deployed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.domain.errors import SettingsError

_CONFIG: Final = "config.json"


class ChaliceProject:
    """`folder` is the one in which `chalice deploy` is typed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / ".chalice"

    def config(self) -> dict[str, Any]:
        """What config.json says; SettingsError where it is missing or no object."""
        path = self._folder / _CONFIG
        parsed = self._read(path)
        if parsed is None:
            raise SettingsError(
                f"there is no {path}; work in a clone of the project, or name its crypto_bot "
                "folder with CRYPTO_BOT_PROJECT"
            )
        return parsed

    def environment(self, stage: str) -> dict[str, str]:
        """The variables that the stage's functions get; none where there is no such stage here."""
        config = self._read(self._folder / _CONFIG) or {}
        own = config.get("stages", {}).get(stage, {})
        return {
            **config.get("environment_variables", {}),
            **own.get("environment_variables", {}),
        }

    def deployed_url(self, stage: str) -> str:
        """The address of the stage's API; '' where this machine knows of no deployment."""
        record = self._read(self._folder / "deployed" / f"{stage}.json") or {}
        urls = [found.get("rest_api_url", "") for found in record.get("resources", [])]
        return next(filter(None, urls), "").rstrip("/")

    def write(self, documents: Mapping[str, object]) -> list[str]:
        """Each document under its name, those that differ; whole or not at all, one by one."""
        changed = []
        for name, document in documents.items():
            path = self._folder / name
            text = json.dumps(document, indent=2) + "\n"
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                draft = path.with_name(path.name + ".new")
                draft.write_text(text, encoding="utf-8")
                draft.replace(path)
                changed.append(name)
        return changed

    @staticmethod
    def _read(path: Path) -> dict[str, Any] | None:
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} cannot be read as text: {type(error).__name__}") from error
        try:
            parsed = json.loads(text)
        except json.JSONDecodeError as error:
            raise SettingsError(
                f"{path} is no JSON, line {error.lineno}, column {error.colno}: {error.msg}"
            ) from error
        if not isinstance(parsed, dict):
            raise SettingsError(f"{path} must hold one JSON object")
        return parsed
