"""What a package says of its licence -> whether we may use it.

Allowed are licences that ask for a notice and no more, and MPL-2.0, whose duties end at its own
files. A package that says nothing we understand is a failure, not a guess.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageMetadata
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ALLOWED: Final = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Unlicense",
        "ZPL-2.1",
    }
)

# Packages that state nothing, or too much: what somebody found in their source, and where.
EXAMINED: Final[Mapping[str, str]] = {
    "antlr4-python3-runtime": "BSD-3-Clause",  # LICENSE.txt of the ANTLR 4 sources; it states BSD
    "pytest-timeout": "MIT",  # its classifiers add that Debian may ship it
}

# How older packages write it.
_ALIASES: Final[Mapping[str, str]] = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mplv2.0": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "zope public license": "ZPL-2.1",
    "zpl 2.1": "ZPL-2.1",
}
_WORD: Final = re.compile(r"\(|\)|[^\s()]+")
_LONGEST_NAME: Final = 60  # what is longer is the licence's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed:
    """One package; `licence` is an SPDX expression, or what it says instead."""

    name: str
    version: str
    licence: str

    @property
    def problem(self) -> str:
        """Why it may not be used, with what to do; '' if it may."""
        if not self.licence:
            return (
                f"{self.name} {self.version} states no licence: find it in its source, and add it "
                "to EXAMINED in tests/audit/licences.py if we may use it"
            )
        if is_allowed(self.licence):
            return ""
        return (
            f"{self.name} {self.version} has the licence {self.licence!r}, which is not allowed: "
            "replace the package, or examine the licence and add it to tests/audit/licences.py"
        )


def licensed(distribution: Distribution) -> Licensed:
    """The package with the most exact statement that it makes."""
    metadata = distribution.metadata
    name = canonicalize_name(metadata["Name"])
    return Licensed(
        name=name,
        version=distribution.version,
        licence=EXAMINED.get(name) or _stated(metadata),
    )


def is_allowed(expression: str) -> bool:
    """Whether the SPDX expression can be met with allowed licences alone."""
    words = _WORD.findall(expression)
    allowed, rest = _either(words)
    return allowed and not rest


def run_time(ours: str, distributions: Mapping[str, Distribution]) -> set[str]:
    """Names of what the project cannot run without; all the others only build and test it."""
    found: set[str] = set()
    waiting = [ours]
    while waiting:
        name = waiting.pop()
        if name in found or name not in distributions:
            continue
        found.add(name)
        waiting += _required(distributions[name].requires or [])
    return found - {ours}


def _required(requirements: Iterable[str]) -> Iterable[str]:
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def _stated(metadata: PackageMetadata) -> str:
    for expression in _said(metadata, "License-Expression"):
        return expression
    classifiers = _said(metadata, "Classifier")
    names = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: ")]
    names = names or [text for text in _said(metadata, "License") if len(text) <= _LONGEST_NAME]
    # Of several one cannot tell whether "and" or "or" is meant: the stricter reading counts.
    return " AND ".join(_ALIASES.get(name.strip().lower(), name.strip()) for name in names)


def _said(metadata: PackageMetadata, field: str) -> list[str]:
    return [str(text) for text in metadata.get_all(field) or () if str(text).strip()]


def _either(words: list[str]) -> tuple[bool, list[str]]:
    allowed, rest = _both(words)
    while rest[:1] == ["OR"]:
        other, rest = _both(rest[1:])
        allowed = allowed or other
    return allowed, rest


def _both(words: list[str]) -> tuple[bool, list[str]]:
    allowed, rest = _one(words)
    while rest[:1] == ["AND"]:
        other, rest = _one(rest[1:])
        allowed = allowed and other
    return allowed, rest


def _one(words: list[str]) -> tuple[bool, list[str]]:
    if words[:1] == ["("]:
        allowed, rest = _either(words[1:])
        return allowed and rest[:1] == [")"], rest[1:]
    return words[:1] != [] and words[0] in ALLOWED, words[1:]
