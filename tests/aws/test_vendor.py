"""make vendor: what is in it, what is not, and that it fits."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from chalicelib.deployment.package import MOST_ZIPPED, Package, lay_package
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.deployment.runtime import refuse_runtime
from chalicelib.deployment.vendor import ALL, make_vendor, vendored
from chalicelib.deployment.wheels import refuse_newer
from tests.aws.vendoring import CORE, clone, made_vendor

MEGABYTE = 1_000_000
UNCHECKED = b"\x01\x00\x00\x00"  # the flags of bytecode that is believed without a look


def project_with(vendor: Path, folder: Path) -> Path:
    """Its vendor/ may be changed."""
    project = clone(folder)
    shutil.copytree(vendor, project / "vendor")
    return project


def names_in(vendor: Path) -> set[str]:
    return {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}


def test_the_core_fits_with_room_to_spare(core_package: Package) -> None:
    package = core_package
    assert package.zipped <= 48 * MEGABYTE
    assert package.unzipped <= 80 * MEGABYTE
    with zipfile.ZipFile(package.path) as archive:
        entries = archive.infolist()
    assert sum(entry.file_size for entry in entries) == package.unzipped
    names = {entry.filename for entry in entries}
    assert len(names) == len(entries)
    web = Path(__file__).parents[2] / "crypto_bot" / "chalicelib" / "web"
    served = {
        f"chalicelib/web/{path.relative_to(web).as_posix()}"
        for path in web.rglob("*")
        if path.is_file()
    }
    engine = {name for name in served if name.startswith("chalicelib/web/vendor/pyodide/")}
    assert engine
    assert served - names == engine  # 5 MB for which a function has no candles
    assert not [name for name in names if name.startswith("chalicelib/browser/")]


def test_everything_fits_with_all_exchanges(wheels: Path, tmp_path: Path) -> None:
    project = clone(tmp_path)
    made = make_vendor(project, [ALL], wheels)
    package = lay_package(project)
    assert package is not None
    assert package.zipped <= 48 * MEGABYTE
    assert package.unzipped <= 190 * MEGABYTE
    assert not made.lacks({"okx", "hyperliquid"})
    assert "ccxt/async_support/okx.py" in names_in(project / "vendor")


def test_the_same_pins_make_the_same_zip(core_package: Package, tmp_path: Path) -> None:
    again = lay_package(clone(tmp_path, vendor=made_vendor(tmp_path / "vendored")))
    assert again is not None
    digests = {sha256(one.path.read_bytes()).digest() for one in (core_package, again)}
    assert len(digests) == 1


def test_nothing_is_in_it_that_no_function_runs(vendor: Path) -> None:
    names = names_in(vendor)
    tops = {name.partition("/")[0] for name in names}
    assert tops & {"boto3", "botocore", "s3transfer", "chalice", "bin", "uvloop"} == set()
    assert not [name for name in names if "/tests/" in name or "/test/" in name]
    assert {Path(name).suffix for name in names} & {".pyi", ".pyx", ".c", ".h"} == set()
    exchanges = {
        Path(n).stem for n in names if n.startswith("ccxt/async_support/") and n.count("/") == 2
    }
    assert exchanges == {*CORE, "__init__"}
    assert not [name for name in names if name.startswith("ccxt/pro/")]


def test_every_module_is_compiled_and_believed(vendor: Path) -> None:
    names = names_in(vendor)
    tag = sys.implementation.cache_tag
    sources = [Path(name) for name in names if name.endswith(".py")]
    for source in sources:
        compiled = vendor / source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
        assert compiled.read_bytes()[4:8] == UNCHECKED, source
    assert len(sources) > 300


@pytest.mark.parametrize(
    "program",
    [
        "import ccxt.async_support as ccxt; assert ccxt.exchanges == {core!r}; ccxt.gemini",
        "from chalicelib.adapters.venues.ccxt.loading import exchange_class;"
        "assert [exchange_class(name).__name__ for name in {core!r}] == {core!r}",
    ],
    ids=["as ccxt wants it", "one by one"],
)
def test_each_exchange_loads_from_it_alone(vendor: Path, tmp_path: Path, program: str) -> None:
    paths = os.pathsep.join(map(str, (vendor, clone(tmp_path))))
    subprocess.run(
        [sys.executable, "-S", "-c", program.format(core=sorted(CORE))],
        env={"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        check=True,
    )


# --- refused -----------------------------------------------------------------------------------


def test_an_oversized_package_is_refused_with_what_mends_it(vendor: Path, tmp_path: Path) -> None:
    project = project_with(vendor, tmp_path)
    (project / "vendor" / "market.bin").write_bytes(os.urandom(MOST_ZIPPED))
    with pytest.raises(
        DeploymentError, match=r'at most 48 MB go to Lambda.*make vendor EXCHANGES="'
    ):
        lay_package(project)
    assert list((project / ".chalice" / "deployments").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"python": "3.10"}, "is for Python 3.10, and this is .*; run make vendor"),
        ({"requirements": "0"}, "is of another requirements.txt; run make vendor"),
        ({"colour": "red"}, "was not made here; run make vendor"),
    ],
)
def test_a_vendor_folder_of_no_use_is_refused(
    vendor: Path, tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    project = project_with(vendor, tmp_path)
    note = project / "vendor" / "made_of.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | changes))
    with pytest.raises(DeploymentError, match=said):
        lay_package(project)


def test_a_folder_that_somebody_else_laid_there_is_refused(tmp_path: Path) -> None:
    project = clone(tmp_path)
    (project / "vendor").mkdir()
    with pytest.raises(DeploymentError, match="was not made here; run make vendor"):
        vendored(project)


def test_an_exchange_that_ccxt_has_not_leaves_all_as_it_was(wheels: Path, tmp_path: Path) -> None:
    project = clone(tmp_path)
    with pytest.raises(DeploymentError, match="no exchange 'geminni'; EXCHANGES takes ids"):
        make_vendor(project, ["geminni"], wheels)
    assert not (project / "vendor").exists()
    assert not list(project.glob(".vendor-*"))


def test_a_wheel_that_is_not_the_pinned_one_is_refused(wheels: Path, tmp_path: Path) -> None:
    others = tmp_path / "wheels"
    shutil.copytree(wheels, others)
    [idna] = others.glob("idna-*.whl")
    with zipfile.ZipFile(idna, "a") as archive:
        archive.writestr("idna/evil.py", "print('hello')")
    project = clone(tmp_path)
    with pytest.raises(DeploymentError, match=r"pip did not bring what .* pins"):
        make_vendor(project, CORE, others)
    assert not (project / "vendor").exists()


def test_a_library_for_a_newer_machine_than_lambdas_is_refused(tmp_path: Path) -> None:
    library = tmp_path / "fast" / "_fast.cpython.so"
    library.parent.mkdir()
    library.write_bytes(b"\x7fELF GLIBC_2.2.5\0 GLIBC_2.25\0 GLIBC_2.17\0 GLIBCXX_3.4.99\0")
    refuse_newer(tmp_path)
    library.write_bytes(b"\x7fELF GLIBC_2.17\0 GLIBC_2.38\0 GLIBC_2.4\0")
    with pytest.raises(DeploymentError, match=r"^fast/_fast.cpython.so needs glibc 2.38, and Lam"):
        refuse_newer(tmp_path)


def test_an_interpreter_that_lambda_has_not_is_refused() -> None:
    refuse_runtime((3, 11))
    with pytest.raises(
        DeploymentError, match=r"this is Python 3\.15.*make setup PYTHON=python3\.14"
    ):
        refuse_runtime((3, 15))
