"""Five million trades in a Parquet file -> candles of a minute, beside bare DuckDB.

Both in a process of their own, by CPU time: a busy machine counts for neither. The query of bare
DuckDB knows what ours has to find out: that times are whole milliseconds and amounts decimals.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, at_most

NAMES = ("aggregated_trades", "aggregation_memory")

TRADES = 5_000_000
MINUTES = 24 * 60
ROUNDS = 5
MOST_OF_BARE = 1.2
MOST_MEGABYTES = 250

_GENERATED = f"""
    SELECT 1723075200000 + (n * 86400000) // {TRADES} AS T, n AS a,
        CAST(60000 + (hash(n) % 100000) / 100 AS DECIMAL(18, 8)) AS p,
        CAST((hash(n * 7) % 10000 + 1) / 10000 AS DECIMAL(18, 8)) AS q, n % 2 = 0 AS m
    FROM range({TRADES}) AS t(n)
"""  # noqa: S608 - of a constant
_BARE = """
    SELECT T // 60000 * 60000 AS start, arg_min(p, a), max(p), min(p), arg_max(p, a), sum(q)
    FROM read_parquet($path) GROUP BY start ORDER BY start
"""


def figures(only: str | None) -> Iterable[Figure]:
    del only  # both come from the same runs
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trades.parquet"
        _in_process_of_its_own("generate", path)
        rounds = [
            (_in_process_of_its_own("ours", path), _in_process_of_its_own("bare", path))
            for _ in range(ROUNDS)
        ]
    ours = min(seconds for (seconds, _), _ in rounds)
    bare = min(seconds for _, (seconds, _) in rounds)
    limit = MOST_OF_BARE * bare
    yield at_most("aggregated_trades", ours, "s", limit=limit, reference=bare)
    megabytes = max(megabytes for (_, megabytes), _ in rounds)
    alone = max(megabytes for _, (_, megabytes) in rounds)
    yield at_most("aggregation_memory", megabytes, "MB", limit=MOST_MEGABYTES, reference=alone)


def _in_process_of_its_own(what: str, path: Path) -> tuple[float, float]:
    """CPU seconds, and megabytes resident at the most."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_candles", what, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, megabytes = json.loads(ended.stdout)
    return seconds, megabytes


def _ours(path: Path) -> int:
    from chalicelib.adapters.candles.files import MarketFile
    from chalicelib.domain.market.interval import Interval

    return sum(len(portion) for portion in MarketFile(path).candles_of_trades(Interval.M1))


def _bare(path: Path) -> int:
    import duckdb

    with duckdb.connect() as connection:
        return len(connection.execute(_BARE, {"path": str(path)}).fetchall())


def _generate(path: Path) -> int:
    import duckdb

    with duckdb.connect() as connection:
        connection.sql(_GENERATED).write_parquet(str(path), compression="zstd")
    return MINUTES


def _measured(what: str, path: Path) -> tuple[float, float]:
    import duckdb  # to load it takes as long for both

    assert duckdb.__version__
    work = {"ours": _ours, "bare": _bare, "generate": _generate}[what]
    start = time.process_time()
    assert work(path) == MINUTES
    return time.process_time() - start, _most_memory()


def _most_memory() -> float:
    """Linux counts into getrusage what the parent had when it started this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measured(sys.argv[1], Path(sys.argv[2]))))
