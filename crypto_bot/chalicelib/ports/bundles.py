"""Ports that are handed over together."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.ports.analyses import Volatilities
from chalicelib.ports.clock import Clock
from chalicelib.ports.configuration import StrategyStore
from chalicelib.ports.control import ControlStore
from chalicelib.ports.notifications import NoticeStore, Notifiers
from chalicelib.ports.stores import LedgerStore, OrderStore, PlanStore, SignalStore
from chalicelib.ports.venues import Exchanges
from chalicelib.ports.workers import Workers


def _none_analysed() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingPorts:
    """Everything the trading services may touch, so that each takes one argument for the world.

    `volatilities` is asked for by who sizes by them; where it gives none, each is worked out from
    the venue's daily closes.
    """

    clock: Clock
    workers: Workers
    signals: SignalStore
    plans: PlanStore
    orders: OrderStore
    ledger: LedgerStore
    strategies: StrategyStore
    control: ControlStore
    exchanges: Exchanges
    volatilities: Callable[[], Volatilities | None] = _none_analysed


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPorts:
    """What watching over the trading needs besides."""

    trading: TradingPorts
    notices: NoticeStore
    notifiers: Notifiers
    stage: str
