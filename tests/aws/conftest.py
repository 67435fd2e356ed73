"""What is dear to make and the same for all: made by the first worker that needs it."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from chalicelib.deployment.package import Package, lay_package
from chalicelib.deployment.vendor import VENDOR
from tests.aws.moto import Moto, moto_server
from tests.aws.vendoring import WHEELS, clone, made_vendor

_PATIENCE = 300
_STEP = 0.2


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder, made by the first of all the processes of this run; the others wait for it."""
    claim, done = folder.with_suffix(".claim"), folder.with_suffix(".done")
    try:
        claim.mkdir(parents=True)
    except FileExistsError:
        for _ in range(int(_PATIENCE / _STEP)):
            if done.exists():
                return folder
            time.sleep(_STEP)
        pytest.fail(f"another worker did not make {folder.name} within {_PATIENCE} s")
    make(folder)
    done.touch()
    return folder


@pytest.fixture(scope="session")
def wheels() -> Path:
    """Of everything that functions need, for this interpreter's version on Lambda."""
    if not any(WHEELS.glob("*.whl")):
        pytest.skip("no wheels for Lambda here: make wheels brings them")
    return WHEELS


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def vendor(shared_folder: Path, wheels: Path) -> Path:
    """vendor/ of the trading core, which nobody may change."""
    return made_once(shared_folder / "vendored", partial(made_vendor, wheels=wheels)) / VENDOR


@pytest.fixture(scope="session")
def core_package(shared_folder: Path, vendor: Path) -> Package:
    """The package of the trading core, in a project that nobody may change."""
    folder = made_once(
        shared_folder / "core", lambda folder: lay_package(clone(folder, vendor=vendor))
    )
    package = lay_package(folder / "crypto_bot")
    assert package is not None
    return package


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    """An AWS account on its first day."""
    with moto_server(tmp_path / "moto") as server:
        yield server
