"""One execution of our order at the venue."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import Exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(Exact):
    """`trade_id` is the venue's and unique on it; quantity in base, price in quote, fee >= 0."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    at: datetime
