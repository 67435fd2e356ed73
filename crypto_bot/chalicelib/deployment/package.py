"""Project and vendor/ -> the zip that Chalice uploads, laid where Chalice looks for it.

Chalice would add what requirements.txt names to what vendor/ holds, leave sources uncompiled, and
take files in whatever order the disk has them. It reuses a zip that it finds under the name it
would give its own, so it finds ours: the same project and vendor/ make the same bytes.
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from chalicelib import compiled_ahead
from chalicelib.deployment.bytecode import compile_classes, compile_tree
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.deployment.vendor import VENDOR, vendored

# Lambda takes 50 MB of zip in one request and 250 MB of files; some is kept for what comes.
MOST_ZIPPED: Final = 48_000_000
MOST_UNZIPPED: Final = 240_000_000

# A terminal, a server on a laptop, the way to Lambda, and the engine in a browser,
# which would find no candles there: no function runs them.
_NOT_RUN: Final = ("browser", "cli", "deployment", "local", "web/vendor/pyodide")
_CACHE: Final = "__pycache__"
_THEN: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Sizes in bytes, of the file and of what is in it."""

    path: Path
    zipped: int
    unzipped: int


def lay_package(project: Path) -> Package | None:
    """None without vendor/: Chalice then brings everything of requirements.txt by itself.

    The name is a hash of all the project's files: one of that name is this very package, and
    nothing may write bytecode into the project from here on.
    """
    if vendored(project) is None:
        return None
    path = _name_for_chalice(project)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        _write(project, draft)
        try:
            _refuse_oversize(_measured(draft))
        except DeploymentError:
            draft.unlink()
            raise
        for older in path.parent.glob("*.zip"):
            older.unlink()
        draft.rename(path)
    return _measured(path)


def _write(project: Path, target: Path) -> None:
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        _lay_application(project, tree)
        compile_tree(tree)
        (tree / "chalicelib" / compiled_ahead.FILE).write_bytes(compile_classes(project))
        _zip({**dict(_files(project / VENDOR)), **dict(_files(tree))}, target)


def _measured(path: Path) -> Package:
    with ZipFile(path) as archive:
        unzipped = sum(entry.file_size for entry in archive.infolist())
    return Package(path=path, zipped=path.stat().st_size, unzipped=unzipped)


def _lay_application(project: Path, tree: Path) -> None:
    """What Chalice would take of the project and of itself."""
    import chalice
    import chalice.app

    shutil.copytree(
        project / "chalicelib", tree / "chalicelib", ignore=shutil.ignore_patterns(_CACHE)
    )
    for name in _NOT_RUN:
        shutil.rmtree(tree / "chalicelib" / name, ignore_errors=True)
    shutil.copy(project / "app.py", tree)
    (tree / "chalice").mkdir()
    for source in (chalice.__file__, chalice.app.__file__):
        shutil.copy(source, tree / "chalice")


def _files(tree: Path) -> Iterator[tuple[str, Path]]:
    for path in tree.rglob("*"):
        if path.is_file():
            yield path.relative_to(tree).as_posix(), path


def _zip(files: dict[str, Path], target: Path) -> None:
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            entry = ZipInfo(name, _THEN)
            entry.external_attr = _MODE
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def _refuse_oversize(package: Package) -> None:
    for what, size, most in (
        ("zipped", package.zipped, MOST_ZIPPED),
        ("unzipped", package.unzipped, MOST_UNZIPPED),
    ):
        if size > most:
            raise DeploymentError(
                f"the package is {size / 1e6:.1f} MB {what}, and at most {most / 1e6:.0f} MB go to "
                'Lambda; name only the exchanges you trade on: make vendor EXCHANGES="gemini"'
            )


def _name_for_chalice(project: Path) -> Path:
    from chalice.config import Config
    from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
    from chalice.utils import UI, OSUtils

    files = OSUtils()
    packager = LambdaDeploymentPackager(files, DependencyBuilder(files), UI())
    python = Config.create().lambda_python_version
    return Path(packager.deployment_package_filename(str(project), python))


def stop_writing_bytecode() -> None:
    """In this process, until it ends."""
    sys.dont_write_bytecode = True
