"""Known vulnerabilities of what is locked, by pip-audit, where somebody who knows them answers.

A source that knows no advisories answers as well, and then nothing is vulnerable. So it is first
asked about a version that is known to be.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import Request, urlopen

NOT_AUDITED: Final = "known vulnerabilities: not audited (no advisory source reachable)"

_PACKAGE, _VERSION = "urllib3", "1.26.0"
_PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`question` is what is posted to `url`."""

    name: str
    url: str
    options: Sequence[str]
    question: bytes


def osv(url: str = "https://api.osv.dev/v1/query") -> Source:
    """Google's database."""
    package = {"name": _PACKAGE, "ecosystem": "PyPI"}
    return Source(
        name="osv.dev",
        url=url,
        options=("-s", "osv", "--osv-url", url),
        question=json.dumps({"package": package, "version": _VERSION}).encode(),
    )


def audit(lock: Path, sources: Sequence[Source]) -> tuple[bool, str]:
    """Whether nothing is known against the locked versions, and what to tell."""
    for source in sources:
        if knows_advisories(source):
            return _audited(lock, source)
    return True, NOT_AUDITED


def knows_advisories(source: Source) -> bool:
    """Whether it answers, and knows what everybody knows of an old release."""
    headers = {"Content-Type": "application/json"}
    request = Request(source.url, source.question, headers)  # noqa: S310 - ours, see above
    try:
        with urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            said = json.load(answer)
    except (URLError, OSError, ValueError):
        return False
    return isinstance(said, dict) and bool(said.get("vulns"))


def _audited(lock: Path, source: Source) -> tuple[bool, str]:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--strict", "--progress-spinner", "off"),
            *("--require-hashes", "--disable-pip", "-r", str(lock), *source.options),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode == 0:
        return True, f"known vulnerabilities: none, says {source.name}"
    return False, f"known vulnerabilities, says {source.name}:\n{ended.stdout}{ended.stderr}"
