"""Books of a replay in the words of a scenario: hours count from the Monday of the lists."""

from collections.abc import Sequence
from decimal import Decimal

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.replay.curves import Marks
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution
from tests.unit.replay.lists import at

BTC, ETH = "BTC/USDT", "ETH/USDT"


def hours(*numbers: float) -> list[int]:
    return [at_ms(at(number)) for number in numbers]


def booked(
    hour: float, *executions: Execution, kind: EntryKind = EntryKind.FILL, reference: str = "o"
) -> Entry:
    return Entry(
        id=f"e{hour}",
        account="replay",
        kind=kind,
        at=at(hour),
        postings=(),
        executions=executions,
        reference=reference,
    )


def move(
    strategy: str, quantity: str, quote: str, *, symbol: str = BTC, fee: str = "0", base: str = "0"
) -> Execution:
    return Execution(
        strategy=strategy,
        symbol=symbol,
        quantity=Decimal(quantity),
        quote=Decimal(quote),
        fee=Decimal(fee),
        fee_base=Decimal(base),
    )


def marks(start: Sequence[float], prices: Sequence[float]) -> Marks:
    return Marks(hours(*start), list(prices))
