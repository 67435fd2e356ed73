"""The dashboard's files: names with a hash of their content, found when first asked for.

There is no build step. A module names another by its path from web/ ("lib/api.js"); the page's
import map leads from there to the served name, so that what has not changed keeps its name, and
browsers ask for it once.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from chalicelib.api.web_engine import engine_text

ROOT: Final = Path(__file__).parent.parent / "web"
PAGE: Final = "index.html"
ENGINE: Final = "worker/engine_files.json"  # made here: no file of this name stands in web/

# All is text: what a function on AWS answers is JSON, which holds nothing else.
KINDS: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".py": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}

_HASH_LENGTH: Final = 12
_MAP_GOES_HERE: Final = "<!-- import map -->"
_REFERENCE: Final = re.compile(r'(?<=\s)(href|src)="([^":#]+)"')


@dataclass(frozen=True, slots=True)
class WebFile:
    """`name` is its path from web/, `served` the last part of its address.

    `made` is the content of one that has no file of its own.
    """

    name: str
    served: str
    path: Path
    made: str | None = None

    @property
    def kind(self) -> str:
        """Its Content-Type."""
        return KINDS[self.path.suffix]

    @property
    def text(self) -> str:
        """What is in it."""
        return self.path.read_text(encoding="utf-8") if self.made is None else self.made


@dataclass(frozen=True, slots=True)
class Page:
    """The page itself. `import_map_hash` lets the one script that stands in it through."""

    text: str
    tag: str
    import_map_hash: str


class WebFiles:
    """Of one folder, as it was when this was made."""

    def __init__(self, root: Path = ROOT) -> None:
        found = [path for path in sorted(root.rglob("*")) if path.suffix in KINDS]
        files = [_file(path, path.relative_to(root).as_posix()) for path in found]
        engine = engine_text() if root == ROOT else None
        if engine is not None:
            files.append(_made(ENGINE, engine))
        self._served: Mapping[str, WebFile] = {file.served: file for file in files}
        self._named: Mapping[str, WebFile] = {file.name: file for file in files}
        self.page = self._page((root / PAGE).read_text(encoding="utf-8"))

    def served(self, name: str) -> WebFile | None:
        """By the last part of its address."""
        return self._served.get(name)

    def _page(self, text: str) -> Page:
        imports = {name: f"./ui/{file.served}" for name, file in self._named.items()}
        import_map = json.dumps({"imports": imports}, separators=(",", ":"))
        script = f'<script type="importmap">{import_map}</script>'
        whole = _REFERENCE.sub(self._reference, text).replace(_MAP_GOES_HERE, script)
        return Page(
            text=whole, tag=_digest(whole.encode()), import_map_hash=_for_policy(import_map)
        )

    def _reference(self, found: re.Match[str]) -> str:
        attribute, name = found.groups()
        return f'{attribute}="ui/{self._named[name].served}"'


def _file(path: Path, name: str) -> WebFile:
    return WebFile(name, _flat(name, path.read_bytes()), path)


def _made(name: str, text: str) -> WebFile:
    return WebFile(name, _flat(name, text.encode()), ROOT / name, text)


def _flat(name: str, content: bytes) -> str:
    stem, dot, suffix = name.replace("/", "-").rpartition(".")
    return f"{stem}.{_digest(content)}{dot}{suffix}"


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:_HASH_LENGTH]


def _for_policy(script: str) -> str:
    """As a Content-Security-Policy names a script that stands in the page."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
