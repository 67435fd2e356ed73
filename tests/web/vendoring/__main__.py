"""npm's packages -> the single files in web/vendor, with their licences and hashes.

Run by `make vendor-web`, which needs Node; what it makes is committed, so nobody else does.
"""

import gzip
import json
import shutil
import subprocess
import sys
from base64 import encodebytes
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

HERE: Final = Path(__file__).parent
VENDOR: Final = HERE.parents[2] / "crypto_bot" / "chalicelib" / "web" / "vendor"
AXE: Final = HERE.parent / "axe"
HASHES: Final = "hashes.json"
LICENCES: Final = "licences.txt"

_MODULES: Final = ("preact", "uplot", "lightweight-charts", "codemirror")
_ESBUILD: Final = (
    "--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none",
)  # fmt: skip
_PATIENCE: Final = 600.0
# An interpreter, unmodified; what is no text is packed and written as one (see worker/engine.js).
_PYODIDE: Final = {"pyodide.mjs": "pyodide.js", "pyodide.asm.js": "pyodide.asm.js"}
_PYODIDE_PACKED: Final = ("pyodide.asm.wasm", "python_stdlib.zip")


def main() -> None:
    """Make everything anew from the pinned versions."""
    if shutil.which("npm") is None:
        sys.exit("make vendor-web needs Node with npm, and there is none: install Node 20 or newer")
    VENDOR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(HERE, work, dirs_exist_ok=True)
        _run(work, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        used = {package for name in _MODULES for package in _bundle(work, name)}
        shutil.copy(work / "node_modules/uplot/dist/uPlot.min.css", VENDOR / "uplot.css")
        _bring_pyodide(work)
        used.add("pyodide")
        (VENDOR / LICENCES).write_text(_licences(work, used), encoding="utf-8")
        for source, name in (("axe.min.js", "axe.min.js"), ("LICENSE", "LICENSE")):
            shutil.copy(work / "node_modules/axe-core" / source, AXE / name)
    (VENDOR / HASHES).write_text(json.dumps(hashes(), indent=2) + "\n", encoding="utf-8")


def hashes() -> dict[str, str]:
    """Of what stands in web/vendor now."""
    files = sorted(path for path in VENDOR.rglob("*") if path.is_file() and path.name != HASHES)
    return {
        path.relative_to(VENDOR).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files
    }


def _bring_pyodide(work: Path) -> None:
    brought, folder = work / "node_modules/pyodide", VENDOR / "pyodide"
    folder.mkdir(exist_ok=True)
    for source, name in _PYODIDE.items():
        shutil.copy(brought / source, folder / name)
    for name in _PYODIDE_PACKED:
        packed = gzip.compress((brought / name).read_bytes(), 9, mtime=0)
        (folder / f"{name}.gz.txt").write_bytes(encodebytes(packed))


def _bundle(work: Path, name: str) -> set[str]:
    """Writes one module; the packages that went into it."""
    out, told = work / f"{name}.js", work / f"{name}.json"
    _run(
        work, "node_modules/.bin/esbuild", f"entries/{name}.js", *_ESBUILD,
        f"--outfile={out}", f"--metafile={told}",
    )  # fmt: skip
    inputs = json.loads(told.read_text(encoding="utf-8"))["inputs"]
    packages = {_package(path) for path in inputs if path.startswith("node_modules/")}
    named = ", ".join(f"{one} {_about(work, one)['version']}" for one in sorted(packages))
    banner = f"// {named}\n// Licences: {LICENCES}. Made by make vendor-web; do not edit.\n"
    (VENDOR / out.name).write_text(banner + out.read_text(encoding="utf-8"), encoding="utf-8")
    return packages


def _package(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[1:3] if parts[1].startswith("@") else parts[1:2])


def _licences(work: Path, packages: set[str]) -> str:
    return "\n\n".join(_licence(work, package) for package in sorted(packages)) + "\n"


def _licence(work: Path, package: str) -> str:
    about = _about(work, package)
    folder = work / "node_modules" / package
    own = HERE / "licences" / f"{package}.txt"  # of one that brings none, and wants to be told of
    found = [own] if own.exists() else sorted(folder.glob("LICENSE*"))
    texts = [path.read_text(encoding="utf-8").strip() for path in found]
    if not texts:  # fancy-canvas
        author = about["author"]
        texts = [f"Says its package.json, by {author}; it brings no text of its own."]
    head = f"{package} {about['version']} ({about['license']})"
    return f"{head}\n{'=' * len(head)}\n\n" + "\n\n".join(texts)


def _about(work: Path, package: str) -> dict[str, Any]:
    text = (work / "node_modules" / package / "package.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _run(work: Path, *command: str) -> None:
    subprocess.run(command, cwd=work, check=True, timeout=_PATIENCE)


if __name__ == "__main__":
    main()
