"""requirements.txt -> vendor/: the libraries of the functions, as Lambda's Python runs them.

boto3 is not among them: the runtime brings it. What only functions that look into candles need is
pinned apart, and comes along where a stage has one. The same pins and exchanges make the same
files.
"""

import json
import shutil
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chalicelib.deployment import wheels
from chalicelib.deployment.authorities import lay_authorities
from chalicelib.deployment.bytecode import compile_tree
from chalicelib.deployment.pruning import prune, prune_ccxt
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.drivers.trust import AUTHORITIES

VENDOR: Final = "vendor"
REQUIREMENTS: Final = "requirements.txt"
FOR_CANDLES: Final = "requirements-candles.txt"
MADE_OF: Final = "made_of.json"
ALL: Final = "all"
# Whose orders are tested to the last cent; whoever trades elsewhere names it.
USUAL: Final = ("binance", "bitfinex", "gemini", "kraken", "kucoin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """What a vendor folder was made of, and for. `exchanges` are ccxt's ids, or the word all.

    `candles`: with what functions need that look into candles.
    """

    python: str
    exchanges: tuple[str, ...]
    requirements: str
    candles: bool = False

    def lacks(self, exchanges: Collection[str]) -> set[str]:
        """Those of them that it has not."""
        return set() if ALL in self.exchanges else set(exchanges) - set(self.exchanges)


def make_vendor(
    project: Path, exchanges: Collection[str], source: Path | None = None, *, candles: bool = False
) -> Vendored:
    """Lay vendor/ into the project, in place of an older one. `source` is a folder of wheels."""
    made_of = Vendored(
        python="{}.{}".format(*sys.version_info),
        exchanges=tuple(sorted(set(exchanges))),
        requirements=_digest(project, candles=candles),
        candles=candles,
    )
    with TemporaryDirectory(dir=project, prefix=".vendor-") as folder:
        tree = Path(folder) / VENDOR
        for name in _pins(candles=candles):
            found = Path(folder) / f"wheels of {name}"
            wheels.download(project / name, found, source)
            wheels.unpack(found, tree, project / name)
        prune(tree)
        prune_ccxt(tree / "ccxt", None if ALL in made_of.exchanges else made_of.exchanges)
        wheels.refuse_newer(tree)
        bundle = (tree / "certifi" / "cacert.pem").read_text(encoding="utf-8")
        lay_authorities(bundle, tree / AUTHORITIES)
        compile_tree(tree)
        (tree / MADE_OF).write_text(json.dumps(asdict(made_of), indent=2) + "\n")
        _replace(project / VENDOR, tree)
    return made_of


def vendored(project: Path) -> Vendored | None:
    """What the vendor folder was made of; None without one. DeploymentError if it is of no use."""
    folder = project / VENDOR
    if not folder.is_dir():
        return None
    try:
        noted = json.loads((folder / MADE_OF).read_text(encoding="utf-8"))
        made_of = Vendored(**noted | {"exchanges": tuple(noted["exchanges"])})
    except (OSError, ValueError, TypeError, KeyError):
        raise DeploymentError(f"{folder} was not made here; run make vendor") from None
    running = "{}.{}".format(*sys.version_info)
    if made_of.python != running:
        raise DeploymentError(
            f"{folder} is for Python {made_of.python}, and this is {running}; run make vendor"
        )
    if made_of.requirements != _digest(project, candles=made_of.candles):
        raise DeploymentError(f"{folder} is of another requirements.txt; run make vendor")
    return made_of


def _pins(*, candles: bool) -> list[str]:
    return [REQUIREMENTS, FOR_CANDLES] if candles else [REQUIREMENTS]


def _digest(project: Path, *, candles: bool) -> str:
    texts = [(project / name).read_bytes() for name in _pins(candles=candles)]
    return sha256(b"".join(texts)).hexdigest()


def _replace(target: Path, tree: Path) -> None:
    if target.is_dir():
        target.rename(tree.with_name("old"))
    shutil.move(tree, target)
