"""What the services need of the world: one Protocol per dependency, adapters behind them.

By subject, and all of it from here.
"""

from chalicelib.ports.bundles import KeyPorts, OperationPorts, TradingPorts
from chalicelib.ports.clock import Clock
from chalicelib.ports.configuration import StrategyStore
from chalicelib.ports.control import ControlStore, Heartbeat, Lease
from chalicelib.ports.key_desk import KeyDesk
from chalicelib.ports.notifications import NoticeStore, Notifier, Notifiers
from chalicelib.ports.secrets import SecretStore, SecretVault
from chalicelib.ports.stores import AnalyticsStore, LedgerStore, OrderStore, PlanStore, SignalStore
from chalicelib.ports.telemetry import Telemetry
from chalicelib.ports.venues import (
    Exchange,
    Exchanges,
    RenewsKeys,
    ShowsActivity,
    ShowsClock,
    ShowsOpenOrders,
    ShowsPermissions,
    ShowsUnusable,
    VenueTraits,
)
from chalicelib.ports.workers import Workers

__all__ = [
    "AnalyticsStore",
    "Clock",
    "ControlStore",
    "Exchange",
    "Exchanges",
    "Heartbeat",
    "KeyDesk",
    "KeyPorts",
    "Lease",
    "LedgerStore",
    "NoticeStore",
    "Notifier",
    "Notifiers",
    "OperationPorts",
    "OrderStore",
    "PlanStore",
    "RenewsKeys",
    "SecretStore",
    "SecretVault",
    "ShowsActivity",
    "ShowsClock",
    "ShowsOpenOrders",
    "ShowsPermissions",
    "ShowsUnusable",
    "SignalStore",
    "StrategyStore",
    "Telemetry",
    "TradingPorts",
    "VenueTraits",
    "Workers",
]
