"""`python -m tests.kill_loop --kills 200 --seed 1` -> progress, figures, and exit code 0 or 1.

The figures are one sentence on stdout. Problems, with everything that the seed drew, follow on
stderr. `--keep DIR` keeps the home folder, the program's log and the venue's events there.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.kill_loop.loop import Result, run_loop
from tests.kill_loop.venue import SITES

# As the tests do it: the programs that are started find the package, installed or not.
_PACKAGE = str(Path(__file__).resolve().parents[2] / "crypto_bot")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill_loop")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--venue", choices=sorted(SITES), default="binance")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    options = parser.parse_args(arguments)
    os.environ["PYTHONPATH"] = os.pathsep.join(  # noqa: TID251 - for the programs started here
        filter(None, (_PACKAGE, os.environ.get("PYTHONPATH", "")))  # noqa: TID251
    )
    with tempfile.TemporaryDirectory(prefix="kill-loop-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        result = run_loop(
            options.venue,
            folder,
            kills=options.kills,
            seed=options.seed,
            progress=lambda done: _show(done, options.kills),
        )
    sys.stdout.write(f"{options.venue}, seed {options.seed}: {result.sentence()}\n")
    return _explain(result)


def _show(done: int, kills: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == kills else ""
        width = 40 * done // kills
        sys.stderr.write(f"\r[{'#' * width:<40}] {done} of {kills} kills{end}")
    elif done % 10 == 0 or done == kills:
        sys.stderr.write(f"{done} of {kills} kills\n")
    sys.stderr.flush()


def _explain(result: Result) -> int:
    if not result.problems:
        return 0
    sys.stderr.write("\n".join((*result.story, "", *result.problems, "")))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
