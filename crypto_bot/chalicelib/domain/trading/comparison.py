"""One strategy's alerts and what each of its accounts made of them, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import Exact, exact_arithmetic
from chalicelib.domain.trading.drift import Deviation
from chalicelib.domain.trading.signal import DesiredState

_BASIS_POINTS: Final = Decimal(10_000)
_GRAIN: Final = Decimal("0.01")
_PAIR: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedAlert(Exact):
    """`on` has what each account made of it; one that has said nothing is not in there.

    `apart_bps` is how far the last account's price is from the first one's, in hundredths of a
    percent of that.
    """

    signal_id: str
    symbol: str
    fired_at: datetime
    state: DesiredState
    alert_price: Decimal | None
    on: Mapping[str, Deviation]
    apart_bps: Decimal | None


def side_by_side(found: Sequence[Deviation], accounts: Sequence[str]) -> list[ComparedAlert]:
    """In the order of the first account that has said something of each."""
    grouped: dict[str, dict[str, Deviation]] = {}
    for deviation in found:
        grouped.setdefault(deviation.signal_id, {})[deviation.account] = deviation
    return [_compared(group, accounts) for group in grouped.values()]


def _compared(group: Mapping[str, Deviation], accounts: Sequence[str]) -> ComparedAlert:
    first = next(iter(group.values()))
    return ComparedAlert(
        signal_id=first.signal_id,
        symbol=first.symbol,
        fired_at=first.fired_at,
        state=first.state,
        alert_price=first.alert_price,
        on=group,
        apart_bps=_apart([group[name].price for name in accounts if name in group]),
    )


def _apart(prices: Sequence[Decimal | None]) -> Decimal | None:
    if len(prices) < _PAIR or not prices[0] or prices[-1] is None:
        return None
    with exact_arithmetic():
        return ((prices[-1] - prices[0]) / prices[0] * _BASIS_POINTS).quantize(_GRAIN)
