"""[ledger, plans, signals] -> what was traded, beside the close that it was decided at."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from heapq import nlargest
from typing import NamedTuple

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution
from chalicelib.domain.trading.side import Side
from chalicelib.ports import TradingPorts


class TradedAt(NamedTuple):
    """A fill of one strategy. `close` is None where no signal said one; money is in quote."""

    at: datetime
    account: str
    strategy: str
    ticker: str
    side: Side
    close: Decimal | None
    price: Decimal
    volume: Decimal


def report_trades(ports: TradingPorts, symbol: str, limit: int) -> list[TradedAt]:
    """Newest first."""
    fills = _fills(ports, symbol)
    newest = nlargest(limit, fills, key=lambda fill: (fill[0].at, fill[0].sequence))
    return [_traded(ports, *fill) for fill in newest]


def _fills(ports: TradingPorts, symbol: str) -> Iterator[tuple[Entry, Execution]]:
    for account in ports.strategies.configuration().accounts:
        for entry in ports.ledger.entries(account):
            if entry.kind is EntryKind.FILL:
                of_symbol = (e for e in entry.executions if e.symbol == symbol and e.quantity)
                yield from ((entry, execution) for execution in of_symbol)


def _traded(ports: TradingPorts, entry: Entry, execution: Execution) -> TradedAt:
    with exact_arithmetic():
        price = execution.quote / execution.quantity
    return TradedAt(
        at=entry.at,
        account=entry.account,
        strategy=execution.strategy,
        ticker=execution.symbol,
        side=Side.BUY if execution.quantity > 0 else Side.SELL,
        close=_close(ports, entry.reference, execution),
        price=abs(price),
        volume=abs(execution.quantity),
    )


def _close(ports: TradingPorts, order_id: str, execution: Execution) -> Decimal | None:
    """What the newest signal said of those that its plan was made of."""
    order = ports.orders.get(order_id)
    plan = None if order is None else ports.plans.get(order.plan_id)
    said = {(v.strategy, v.symbol): v.signal_id for v in (plan.verdicts if plan else ())}
    signal_id = said.get((execution.strategy, execution.symbol))
    signal = None if signal_id is None else ports.signals.get(signal_id)
    return None if signal is None else signal.price
