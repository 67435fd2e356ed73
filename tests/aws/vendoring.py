"""A project with vendor/ in a folder of its own, made once per run of the tests."""

import shutil
import sys
from collections.abc import Collection
from pathlib import Path

from chalicelib.deployment.vendor import FOR_CANDLES, REQUIREMENTS, VENDOR, make_vendor
from tests.aws.moto import ROOT

WHEELS = Path(sys.prefix) / "lambda-wheels"  # `make wheels` brings them
PINS = [ROOT / "crypto_bot" / name for name in (REQUIREMENTS, FOR_CANDLES)]
CORE = ("binance", "bitfinex", "gemini", "kraken", "kucoin")


def clone(folder: Path, *, vendor: Path | None = None) -> Path:
    """The project as a clone has it; with this vendor/, if one is given."""
    project = folder / "crypto_bot"
    shutil.copytree(ROOT / "crypto_bot", project, ignore=_not_of_a_clone)
    if vendor is not None:
        (project / VENDOR).symlink_to(vendor, target_is_directory=True)
    return project


def _not_of_a_clone(folder: str, names: list[str]) -> set[str]:
    ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments", "*.egg-info")
    return ignored(folder, names) | ({VENDOR} if Path(folder) == ROOT / "crypto_bot" else set())


def made_vendor(
    folder: Path,
    wheels: Path = WHEELS,
    *,
    exchanges: Collection[str] = CORE,
    candles: bool = False,
) -> Path:
    """vendor/ for the trading core, from wheels that are here already."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in PINS:
        shutil.copy(path, folder)
    make_vendor(folder, exchanges, wheels, candles=candles)
    return folder / VENDOR


def main() -> None:
    """Bring the wheels from the package index, so that no test has to."""
    from tempfile import TemporaryDirectory

    from chalicelib.deployment import wheels

    with TemporaryDirectory(dir=WHEELS.parent) as folder:
        for path in PINS:
            wheels.download(path, Path(folder))
        shutil.rmtree(WHEELS, ignore_errors=True)
        shutil.copytree(folder, WHEELS)


if __name__ == "__main__":
    main()
