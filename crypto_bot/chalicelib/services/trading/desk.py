"""One account at work: what every step of a tick needs to know, read once at its start."""

from dataclasses import dataclass

from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.quiet_exchange import QuietExchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The account, its opened exchange and the configuration that this tick goes by."""

    ports: TradingPorts
    account: Account
    exchange: QuietExchange
    configuration: Configuration

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name


def open_desk(ports: TradingPorts, account: Account, configuration: Configuration) -> Desk:
    """The account with its exchange opened, of which nothing is asked yet."""
    exchange = QuietExchange(ports.exchanges.open(account), ports.clock)
    return Desk(ports=ports, account=account, exchange=exchange, configuration=configuration)
