"""Records -> flat rows: the one place that says which fields a table, JSON or an export has."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from chalicelib.cli.words import outcome_words
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution, Holding, Portfolio
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.position import ClosedPosition
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import Signal, SignalStatus
from chalicelib.domain.trading.signal_order import SignalOrder

Row = dict[str, object]


def signal_row(signal: Signal, waits: str = "") -> Row:
    """One signal; `outcomes` has one item per account, `waits` says what for."""
    return {
        "received_at": signal.received_at,
        "fired_at": signal.fired_at,
        "strategy": signal.strategy,
        "ticker": signal.ticker,
        "symbol": signal.symbol,
        "state": signal.state.value,
        "status": signal.status.value,
        "reason": "; ".join(words for words in (outcome_words(signal), waits) if words),
        "urgent": signal.urgent,
        "approved": signal.approved,
        "test": signal.test,
        "price": signal.price,
        "stop_loss": signal.stop_loss,
        "take_profit": signal.take_profit,
        "order": None if signal.order is None else _order_fields(signal.order),
        "interval": signal.interval,
        "order_id": signal.order_id,
        "comment": signal.comment,
        "due_at": signal.due_at,
        "id": signal.id,
        "outcomes": [
            {
                "account": outcome.account,
                "status": outcome.status.value,
                "reason": outcome.reason,
                "at": outcome.at,
                "plan_id": outcome.plan_id,
            }
            for outcome in signal.outcomes
        ],
    }


def _order_fields(order: SignalOrder) -> Row:
    return {
        "kind": order.kind.value,
        "side": order.side.value,
        "price": order.price,
        "distance": order.distance,
        "quantity": order.quantity,
        "expires_at": order.expires_at,
        "name": order.name,
        "words": order.words,
    }


def quarantine_row(alert: QuarantinedAlert) -> Row:
    """One alert that could not become a signal."""
    return {
        "received_at": alert.received_at,
        "strategy": alert.strategy,
        "status": alert.status,
        "reason": alert.reason,
        "excerpt": alert.excerpt,
        "id": alert.id,
    }


def given_up_row(signal: Signal) -> Row:
    """One signal that an account could not plan, with the fields of `quarantine_row`."""
    return {
        "received_at": signal.received_at,
        "strategy": signal.strategy,
        "status": SignalStatus.QUARANTINED.value,
        "reason": "; ".join(f"{o.account}: {o.reason}" for o in signal.quarantined_by),
        "excerpt": f"{signal.ticker} {signal.state}",
        "id": signal.id,
    }


def order_row(order: Order) -> Row:
    """One order; `strategies` are those that share it."""
    intent = order.intent
    return {
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "account": intent.account,
        "side": intent.side.value,
        "symbol": intent.symbol,
        "quantity": intent.quantity,
        "limit_price": intent.limit_price,
        "stop_price": intent.stop_price,
        "filled": order.filled,
        "status": order.status.value,
        "code": order.code,
        "reason": order.reason or intent.because,
        "strategies": [share.strategy for share in intent.shares],
        "attempts": order.attempts,
        "cancel_requested": order.cancel_requested,
        "id": intent.id,
        "client_order_id": intent.client_order_id,
        "venue_order_id": order.venue_order_id,
        "plan_id": order.plan_id,
    }


def holding_row(state: AccountState, quote: str, holding: Holding) -> Row:
    """One strategy's position; money in quote. `frozen` and `stop_refused` are reasons."""
    stance = state.stance(holding.strategy, holding.symbol)
    return {
        "account": state.account,
        "strategy": holding.strategy,
        "symbol": holding.symbol,
        "quantity": holding.quantity,
        "cost": holding.cost,
        "realized": holding.realized,
        "fees": holding.fees,
        "quote": quote,
        "stop_loss": stance.stop_loss,
        "take_profit": stance.take_profit,
        "stop_refused": stance.stop_refused,
        "frozen": state.barred.get(holding.symbol, ""),
    }


def balance_rows(portfolio: Portfolio) -> Iterator[Row]:
    """What each part of the account owns by the books; the counter sides are left out."""
    for owner in sorted(portfolio.balances):
        for asset, amount in sorted(portfolio.balances[owner].items()):
            if owner not in {"exchange", "fees"} and amount:
                yield {
                    "account": portfolio.account,
                    "owner": owner,
                    "asset": asset,
                    "amount": amount,
                }


def posting_rows(entry: Entry) -> Iterator[Row]:
    """One row per leg, so that each asset's column adds up to zero."""
    for leg in entry.postings:
        yield {
            "account": entry.account,
            "sequence": entry.sequence,
            "at": entry.at,
            "kind": entry.kind.value,
            "owner": leg.account,
            "asset": leg.asset,
            "amount": leg.amount,
            "reference": entry.reference,
            "entry_id": entry.id,
        }


def fill_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    """One row per fill and strategy; `fee` in quote terms, `fee_base` what it took of the base."""
    for entry in entries:
        if entry.kind is not EntryKind.FILL:
            continue
        for execution in entry.executions:
            yield {
                "account": entry.account,
                "sequence": entry.sequence,
                "at": entry.at,
                "strategy": execution.strategy,
                "symbol": execution.symbol,
                "side": (Side.BUY if execution.quantity > 0 else Side.SELL).value,
                "quantity": abs(execution.quantity),
                "price": _price(execution),
                "notional": abs(execution.quote),
                "fee": execution.fee,
                "fee_base": execution.fee_base,
                "order_id": entry.reference,
                "trade_id": entry.id.split("#", maxsplit=2)[-1],
            }


def _price(execution: Execution) -> Decimal:
    with exact_arithmetic():
        return execution.quote / execution.quantity if execution.quantity else ZERO


def closed_position_row(closed: ClosedPosition) -> Row:
    """One lot, or part of it, with what it earned; amounts of money in quote."""
    return {
        "account": closed.account,
        "strategy": closed.strategy,
        "symbol": closed.symbol,
        "quantity": closed.quantity,
        "entry_at": closed.entry_at,
        "exit_at": closed.exit_at,
        "cost": closed.cost,
        "proceeds": closed.proceeds,
        "fees": closed.fees,
        "profit": closed.profit,
        "entry_id": closed.entry_id,
        "exit_id": closed.exit_id,
    }


def performance_row(point: PerformancePoint, quote: str) -> Row:
    """Figures at one time; strategy 'all' is the account as a whole."""
    return {
        "at": point.at,
        "account": point.account,
        "strategy": point.strategy or "all",
        "equity": point.equity,
        "realized": point.realized,
        "unrealized": point.unrealized,
        "fees": point.fees,
        "quote": quote,
    }
