"""`python -m tests.mutation --module netting` -> killed of all per module, exit code 0 or 1.

Red is a score below the threshold, and a survivor that nobody has argued in accepted/; the entry to
write follows on stderr. Without a module it is the whole domain, and takes its time.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.mutation.flat_copy import UnknownModule, make_flat_copy
from tests.mutation.mutmut_run import Change, Mutant, MutmutFailed, change_of, run_mutmut
from tests.mutation.survivors import Accepted, BadEntry, as_entry, read_accepted

ROOT: Final = Path(__file__).resolve().parents[2]
COPY: Final = ROOT / ".mutation"
THRESHOLD: Final = 90.0  # per cent, of the whole domain


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--module", default="", help="one file of the domain, as trading/netting")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    try:
        accepted = read_accepted()
        sources = make_flat_copy(ROOT, COPY, options.module)
        mutants = run_mutmut(COPY, options.processes)
    except (BadEntry, MutmutFailed, UnknownModule) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    if not options.module:
        sys.stdout.writelines(f"{line}\n" for line in not_judged(sources, mutants))
    changes = [change_of(COPY, mutant) for mutant in mutants if not mutant.is_killed]
    return 1 if report(mutants, changes, accepted, is_whole=not options.module) else 0


def not_judged(sources: Iterable[Path], mutants: Iterable[Mutant]) -> Iterator[str]:
    """What a run of the whole says nothing about: files of constants and fields."""
    names = {".".join(path.with_suffix("").parts[2:]) for path in sources}
    for name in sorted(names - {mutant.module for mutant in mutants}):
        yield f"nothing to break in {name}"


def report(
    mutants: list[Mutant], survivors: list[Change], accepted: Accepted, *, is_whole: bool
) -> list[str]:
    """Write the table; what is wrong is returned, and shown on stderr."""
    by_module = groupby(sorted(mutants, key=lambda m: m.module), key=lambda m: m.module)
    for module, of_module in by_module:
        sys.stdout.write(f"{_row(module, of_module)}\n")
    sys.stdout.write(f"{_row('total', mutants)}\n")
    argued = [change for change in survivors if accepted.why(change)]
    sys.stdout.write(
        f"{len(survivors)} survivors, {len(argued)} of them argued in tests/mutation/accepted\n"
    )
    problems = [as_entry(c) for c in dict.fromkeys(survivors) if not accepted.why(c)]
    if is_whole:
        problems += [f"argued, and no survivor any more: {it}" for it in accepted.idle(survivors)]
        if _score(mutants) < THRESHOLD:
            problems.append(f"{_score(mutants):.1f} % is less than {THRESHOLD:g} %")
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return problems


def _row(name: str, mutants: Iterable[Mutant]) -> str:
    judged = list(mutants)
    killed = sum(mutant.is_killed for mutant in judged)
    return f"{name:<36} {killed:5} of {len(judged):5}  {_score(judged):5.1f} %"


def _score(mutants: list[Mutant]) -> float:
    if not mutants:
        return 100.0
    return 100 * sum(mutant.is_killed for mutant in mutants) / len(mutants)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
