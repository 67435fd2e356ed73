"""By how much takers bought dearer than they sold within a minute."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary

MINUTE = Minute("BTCUSDT", datetime(2026, 3, 2, tzinfo=UTC))


def amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("bought", "sold", "spread"),
    [
        ("60010.5", "60000.25", "10.25"),
        ("60000", "60000.000000000000000001", "-0.000000000000000001"),
        ("5", None, None),
        (None, "5", None),
        (None, None, None),
    ],
)
def test_the_spread_is_exact_and_needs_both_sides(bought, sold, spread):
    summary = MinuteSummary(minute=MINUTE, avg_b=amount(bought), avg_s=amount(sold))

    assert summary.spread == amount(spread)
