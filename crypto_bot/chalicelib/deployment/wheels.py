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


def _platforms() -> list[str]:
    newest = 34 if sys.version_info >= _FIRST_ON_2023 else 26
    counted = [f"manylinux_2_{minor}_x86_64" for minor in range(_OLDEST_GLIBC, newest + 1)]
    return [*counted, "manylinux2014_x86_64"]


def _last_error(said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith("ERROR")]
    return errors[-1].removeprefix("ERROR: ") if errors else said.strip()[-300:]
