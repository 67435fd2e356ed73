"""One account at work: what every step of a tick needs to know, read once at its start."""

from dataclasses import dataclass

from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.ports import Exchange, TradingPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The account, its opened exchange and the configuration that this tick goes by."""

    ports: TradingPorts
    account: Account
    exchange: Exchange
    configuration: Configuration

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name
