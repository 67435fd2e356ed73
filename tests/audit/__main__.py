"""`python -m tests.audit` -> what was looked at, and a sentence for whatever is wrong: exit code 1.

Hashes and licences are looked at always, known vulnerabilities where an advisory source answers.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from tests.audit.advisories import audit, osv
from tests.audit.licences import Licensed, licensed, run_time
from tests.audit.locks import contradictions, disagreements, read_lock

ROOT: Final = Path(__file__).parents[2]
OURS: Final = "crypto-bot"


def main() -> int:
    problems = 0
    for line, is_problem in _findings():
        sys.stdout.write(f"{'PROBLEM: ' if is_problem else ''}{line}\n")
        sys.stdout.flush()
        problems += is_problem
    return 1 if problems else 0


def _findings() -> Iterator[tuple[str, bool]]:
    """Lines to show, each with whether it says that something is wrong."""
    found = {str(canonicalize_name(d.metadata["Name"])): d for d in distributions()}
    yield from _lock_findings(found)
    yield from _licence_findings(found)
    all_well, line = audit(ROOT / "requirements.txt", [osv()])
    yield line, not all_well


def _lock_findings(found: dict[str, Distribution]) -> Iterator[tuple[str, bool]]:
    whole, problems = read_lock(ROOT / "requirements.txt")
    package, more = read_lock(ROOT / "crypto_bot" / "requirements.txt")
    for_candles, still_more = read_lock(ROOT / "crypto_bot" / "requirements-candles.txt")
    package, more = package | for_candles, more + still_more
    versions = {name: distribution.version for name, distribution in found.items()}
    for_spark, yet_more = read_lock(ROOT / "requirements-spark.txt")
    asked_for = whole | {name: one for name, one in for_spark.items() if name in versions}
    problems += [*more, *yet_more, *contradictions(package, whole)]
    problems += disagreements(asked_for, versions, OURS)
    yield f"locks: {len(whole)} packages with hashes, {len(package)} of them for Lambda", False
    yield from ((problem, True) for problem in problems)


def _licence_findings(found: dict[str, Distribution]) -> Iterator[tuple[str, bool]]:
    needed = run_time(OURS, found)
    parts: dict[str, list[Licensed]] = {"at run time": [], "for development only": []}
    for name, distribution in found.items():
        part = "at run time" if name in needed else "for development only"
        if name != OURS:
            parts[part].append(licensed(distribution))
    for part, packages in parts.items():
        counts = Counter(package.licence for package in packages).most_common()
        listed = ", ".join(f"{count} {licence or 'none stated'}" for licence, count in counts)
        yield f"licences {part}: {len(packages)} packages: {listed}", False
        yield from ((package.problem, True) for package in packages if package.problem)


if __name__ == "__main__":
    sys.exit(main())
