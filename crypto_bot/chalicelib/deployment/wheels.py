"""Pins with hashes -> wheels for the machine that runs a function, unpacked into one tree."""

import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from chalicelib.deployment.refusal import DeploymentError

# Lambda's images: Amazon Linux 2 has glibc 2.26, Amazon Linux 2023 has 2.34.
_FIRST_ON_2023: Final = (3, 12)
_OLDEST_GLIBC: Final = 17
# Some wheels promise less than they keep: they are named for where they were built, and run on an
# older glibc too. So those named for these are taken, and what they ask of glibc is looked at.
_TAKEN_FOR: Final = {26: 28, 34: 34}
_ASKED_OF_GLIBC: Final = re.compile(rb"GLIBC_2\.(\d+)\0")
_DATA_FOLDERS: Final = ("purelib", "platlib")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def download(requirements: Path, folder: Path, source: Path | None = None) -> None:
    """Wheels for this interpreter's version on Lambda, from the package index or from `source`.

    Lambda runs the version of Python that deploys: Chalice knows no other.
    """
    where = [] if source is None else ["--no-index", "--find-links", str(source)]
    arguments = [
        *("--dest", str(folder), "--requirement", str(requirements), *where),
        *("--require-hashes", "--no-deps", "--only-binary=:all:", "--quiet"),
        *("--disable-pip-version-check", "--implementation", "cp"),
        *("--python-version", "{}.{}".format(*sys.version_info)),
        *(word for platform in _platforms() for word in ("--platform", platform)),
    ]
    done = subprocess.run(  # noqa: S603 - our own interpreter's pip
        [sys.executable, "-m", "pip", "download", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeploymentError(
            f"pip did not bring what {requirements} pins: {_last_error(done.stderr)}"
        )


def unpack(folder: Path, tree: Path, requirements: Path) -> None:
    """Every wheel of the folder, after a look at its hash, as an installer lays it out."""
    allowed = set(_HASH.findall(requirements.read_text(encoding="utf-8")))
    for wheel in sorted(folder.glob("*.whl")):
        if sha256(wheel.read_bytes()).hexdigest() not in allowed:
            raise DeploymentError(
                f"{wheel.name} is not the file that {requirements} pins; remove it and try again"
            )
        with ZipFile(wheel) as archive:
            for name, target in _files(archive):
                path = tree / target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))


def refuse_newer(tree: Path) -> None:
    """DeploymentError for a library that would ask the machine of a function for what it has not.

    The versions of glibc that a library needs stand in it as texts.
    """
    has = _glibc()
    for path in sorted(tree.rglob("*.so*")):
        newest = max(map(int, _ASKED_OF_GLIBC.findall(path.read_bytes())), default=0)
        if newest > has:
            raise DeploymentError(
                f"{path.relative_to(tree)} needs glibc 2.{newest}, and Lambda has 2.{has} for "
                f"Python {sys.version_info[0]}.{sys.version_info[1]}; install everything for a "
                "newer one: make setup PYTHON=python3.12"
            )


def _files(archive: ZipFile) -> Iterator[tuple[str, str]]:
    """Name in the wheel, and path in the tree; scripts and headers have none."""
    for name in archive.namelist():
        first, _, rest = name.partition("/")
        if not first.endswith(".data"):
            if not name.endswith("/"):
                yield name, name
            continue
        kind, _, path = rest.partition("/")
        if kind in _DATA_FOLDERS and path and not path.endswith("/"):
            yield name, path


def _glibc() -> int:
    return 34 if sys.version_info >= _FIRST_ON_2023 else 26


def _platforms() -> list[str]:
    newest = _TAKEN_FOR[_glibc()]
    counted = [f"manylinux_2_{minor}_x86_64" for minor in range(_OLDEST_GLIBC, newest + 1)]
    return [*counted, "manylinux2014_x86_64"]


def _last_error(said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith("ERROR")]
    return errors[-1].removeprefix("ERROR: ") if errors else said.strip()[-300:]
