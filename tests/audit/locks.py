"""Lock files and what is installed -> sentences about whatever does not agree."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_HASH: Final = re.compile(r"\s--hash=(\S+)")
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PINNED: Final = re.compile(r"==([^*,]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """`applies` is whether its marker speaks of this machine."""

    name: str
    version: str
    applies: bool


class LockProblem(ValueError):
    """A line of a lock that fixes nothing."""


def read_lock(path: Path) -> tuple[dict[str, Pin], list[str]]:
    """The pins by name, and a sentence for every line that is none."""
    pins: dict[str, Pin] = {}
    problems = []
    for line in _lines(path.read_text(encoding="utf-8")):
        try:
            pin = _pin(line)
        except LockProblem as problem:
            problems.append(f"{path.name}: {problem}")
        else:
            pins[pin.name] = pin
    return pins, problems


def disagreements(
    lock: Mapping[str, Pin], installed: Mapping[str, str], ours: str
) -> Iterator[str]:
    """Between the lock and the installed versions by name; `ours` is the project itself."""
    for pin in lock.values():
        found = installed.get(pin.name)
        if pin.applies and found is None:
            yield f"{pin.name} {pin.version} is locked and not installed: make clean setup"
        elif pin.applies and found != pin.version:
            yield (
                f"{pin.name} is installed as {found} and locked as {pin.version}: make clean setup"
            )
    for name, version in installed.items():
        if name != ours and not (name in lock and lock[name].applies):
            yield (
                f"{name} {version} is installed and not locked: make clean setup, or name it in "
                "pyproject.toml and make lock"
            )


def contradictions(smaller: Mapping[str, Pin], larger: Mapping[str, Pin]) -> Iterator[str]:
    """Between the Lambda package's lock and the whole one, which it has to be a part of."""
    for pin in smaller.values():
        whole = larger.get(pin.name)
        if whole is None or whole.version != pin.version:
            found = "does not have it" if whole is None else f"has {whole.version}"
            here = f"{pin.name} {pin.version}"
            yield f"the package for Lambda has {here}, the whole lock {found}: make lock"


def _lines(text: str) -> Iterator[str]:
    """Each requirement with its hashes as one line."""
    for line in text.replace("\\\n", " ").splitlines():
        stripped = line.partition(" #")[0].strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


def _pin(line: str) -> Pin:
    stated, _, _ = line.partition(" --hash=")
    try:
        requirement = Requirement(stated)
    except InvalidRequirement:
        raise LockProblem(f"{line[:80]!r} is no pinned requirement: make lock") from None
    pinned = _PINNED.fullmatch(str(requirement.specifier))
    if pinned is None or requirement.url is not None:
        raise LockProblem(f"{stated.strip()} names no single version: make lock")
    hashes = _HASH.findall(line)
    if not hashes:
        raise LockProblem(f"{stated.strip()} has no hash, so anything may be installed: make lock")
    for text in hashes:
        if not _SHA256.fullmatch(text):
            raise LockProblem(
                f"{stated.strip()} has the hash {text}, which is no SHA-256: make lock"
            )
    return Pin(
        name=canonicalize_name(requirement.name),
        version=pinned[1],
        applies=requirement.marker is None or requirement.marker.evaluate(),
    )


def _check_hashes(stated: str, hashes: list[str]) -> None:
    if not hashes:
        raise LockProblem(f"{stated} has no hash, so anything may be installed: make lock")
    for text in hashes:
        if not _SHA256.fullmatch(text):
            raise LockProblem(f"{stated} has the hash {text}, which is no SHA-256: make lock")
