"""Ports that are handed over together."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from chalicelib.domain.trading.account import Account
from chalicelib.ports.analyses import Volatilities
from chalicelib.ports.clock import Clock
from chalicelib.ports.configuration import StrategyStore
from chalicelib.ports.control import ControlStore
from chalicelib.ports.notifications import NoticeStore, Notifiers
from chalicelib.ports.secrets import SecretVault
from chalicelib.ports.stores import LedgerStore, OrderStore, PlanStore, SignalStore
from chalicelib.ports.venues import Exchange, Exchanges
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPorts:
    """What keys are handed in with, and tried.

    `vault` is told the verb that does the same from the owner's own machine, and raises
    ActionRefused with it where there is no right to any secret. `needed` tells the fields of an
    exchange for an account; `usual` and `of_channel` what the secret of a new account or channel is
    called, and `taken` which secrets are none of theirs. `opened` is the venue with these keys.
    """

    operation: OperationPorts
    vault: Callable[[str], SecretVault]
    needed: Callable[[str, str], Sequence[str]]
    usual: Callable[[str], str]
    of_channel: Callable[[str], str]
    taken: Mapping[str, str]
    opened: Callable[[Account, Mapping[str, str]], AbstractContextManager[Exchange]]
    live_refusal: str

    @property
    def trading(self) -> TradingPorts:
        """Of the same stores."""
        return self.operation.trading

    def opening(self) -> Mapping[str, str]:
        """What each secret opens that is no account's, by its name."""
        channels = self.operation.notices.notifications().channels
        opening = {one.secret: f"channel {one.name}" for one in channels if one.secret}
        return {**opening, **self.taken}
