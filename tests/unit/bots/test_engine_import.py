"""What a bot is run by starts at once: it is loaded for every candle that a function is shown."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3] / "crypto_bot"
PROGRAM = """
import sys
import array, bisect, datetime, decimal, enum, functools
import itertools, json, math, operator, re, typing
standard = set(sys.modules)
import chalicelib.domain.bots.backtest, chalicelib.domain.bots.step
more = set(sys.modules) - standard
print(*sorted(name for name in more if not name.startswith("chalicelib.domain")))
"""


def test_the_engine_loads_little_of_the_standard_library_and_nothing_else() -> None:
    """Above all no dataclasses: with inspect they take longer to load than the whole engine."""
    ended = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM],
        cwd=PROJECT,
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stdout.split() == ["chalicelib", "chalicelib.compiled_ahead"]
