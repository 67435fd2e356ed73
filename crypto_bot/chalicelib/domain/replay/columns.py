"""The header of a list of trades -> which cell means what, in three generations and two languages.

Columns are known by their names, wherever they stand; amounts have their currency behind them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from chalicelib.domain.replay.refusals import TradeListRefused

# English of all years, then Chinese in short and in long characters.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("trade #", "trade number", "交易 #"),
    "type": ("type", "类型", "類型"),
    "time": ("date/time", "date and time", "日期/时间", "日期和时间", "日期/時間", "日期和時間"),
    "signal": ("signal", "信号", "訊號"),
    "price": ("price", "价格", "價格"),
    "quantity": (
        *("contracts", "position size (qty)", "size (qty)"),
        *("合约", "仓位大小(数量)", "大小(数量)"),
        *("合約", "倉位大小(數量)", "大小(數量)"),
    ),
}
_MEANINGS: Final[Mapping[str, str]] = {
    "number": "the trade's number",
    "type": "whether a row is an entry or an exit",
    "time": "the time",
    "price": "the price",
    "quantity": "the quantity",
}
_WIDE: Final = str.maketrans(
    {"\N{FULLWIDTH LEFT PARENTHESIS}": "(", "\N{FULLWIDTH RIGHT PARENTHESIS}": ")"}
)
_CURRENCY: Final = re.compile(r"[A-Z0-9]{2,12}")
_TOLD: Final = 80


class Columns(NamedTuple):
    """Places in a row; `signal` is None without such a column, `currency` '' where none is said."""

    number: int
    type: int
    time: int
    signal: int | None
    price: int
    quantity: int
    currency: str

    @property
    def width(self) -> int:
        """So many cells a row needs."""
        return max(self.number, self.type, self.time, self.price, self.quantity) + 1


def columns_of(header: Sequence[str], source: str) -> Columns:
    """TradeListRefused for a header in a language that is not known, or of something else."""
    names = [_plain(name) for name in header]
    places = {meaning: _place(names, known) for meaning, known in _NAMES.items()}
    for meaning, words in _MEANINGS.items():
        if places[meaning] is None:
            said = ",".join(header)[:_TOLD]
            raise TradeListRefused(
                f"{source}, line 1: no column that is known says {words}, in {said!r}; it must be a"
                " list of trades of TradingView's in English or Chinese: set that language there,"
                " and export it again"
            )
    price = places["price"] or 0
    return Columns(
        number=places["number"] or 0,
        type=places["type"] or 0,
        time=places["time"] or 0,
        signal=places["signal"],
        price=price,
        quantity=places["quantity"] or 0,
        currency=_currency(header[price]),
    )


def _place(names: Sequence[str], known: Sequence[str]) -> int | None:
    for place, name in enumerate(names):
        if name in known or any(_is_with_currency(name, start) for start in known):
            return place
    return None


def _is_with_currency(name: str, start: str) -> bool:
    """Price USDT is Price; Type of order is not Type."""
    rest = name.removeprefix(f"{start} ")
    return rest != name and _CURRENCY.fullmatch(rest.upper()) is not None


def _plain(name: str) -> str:
    return " ".join(name.translate(_WIDE).lower().split())


def _currency(name: str) -> str:
    """Price USDT says USDT; what else has been taken for the price's says nothing."""
    _, _, rest = " ".join(name.split()).partition(" ")
    return rest.upper()
