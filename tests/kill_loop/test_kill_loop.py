"""Some kills of the real program, on two venues.

CRYPTO_BOT_TEST_KILLS says how many altogether (12 unless set); a third of them is on the second.
"""

import os
from pathlib import Path

import pytest

from tests.kill_loop.loop import run_loop

KILLS = int(os.environ.get("CRYPTO_BOT_TEST_KILLS", "12"))  # noqa: TID251 - how long it may take
ON_SECOND = max(1, KILLS // 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("venue", "kills"), [("binance", max(1, KILLS - ON_SECOND)), ("gemini", ON_SECOND)]
)
def test_whatever_is_killed_no_order_is_doubled_and_no_alert_is_lost(
    venue: str, kills: int, tmp_path: Path
) -> None:
    result = run_loop(venue, tmp_path, kills=kills, seed=20260301, progress=lambda _: None)

    assert not result.problems, "\n".join((*result.story, "", *result.problems))
    assert result.alerts > 0
    assert result.orders > 0
