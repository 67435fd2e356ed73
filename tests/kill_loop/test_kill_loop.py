"""Some kills of the real program, on two venues; CRYPTO_BOT_TEST_KILLS asks for more of them."""

import os
from pathlib import Path

import pytest

from tests.kill_loop.loop import run_loop

KILLS = int(os.environ.get("CRYPTO_BOT_TEST_KILLS", "8"))  # noqa: TID251 - how long it may take


@pytest.mark.slow
@pytest.mark.parametrize(("venue", "kills"), [("binance", KILLS), ("gemini", max(1, KILLS // 2))])
def test_whatever_is_killed_no_order_is_doubled_and_no_alert_is_lost(
    venue: str, kills: int, tmp_path: Path
) -> None:
    result = run_loop(venue, tmp_path, kills=kills, seed=20260301, progress=lambda _: None)

    assert not result.problems, "\n".join((*result.story, "", *result.problems))
    assert result.alerts > 0
    assert result.orders > 0
