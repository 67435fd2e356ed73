"""[strategies] -> whether the one that a bot is to speak for can trade what it asks for."""

from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.errors import SettingsError
from chalicelib.services.trading.receive_signal import Inbox


def check_strategy(deployment: Deployment, inbox: Inbox) -> None:
    """Before they begin: SettingsError where the strategy could trade nothing of it."""
    strategy = inbox.strategies.strategy(deployment.strategy)
    if strategy is None:
        raise SettingsError(
            f"there is no strategy {deployment.strategy} for the bot to speak for: crypto-bot"
            " strategies apply FILE with it, or name another one with --strategy"
        )
    for symbol in (symbol for setup in deployment.setups for symbol in setup.instruments):
        if symbol not in strategy.symbols():
            raise SettingsError(
                f"strategy {strategy.name} does not trade {symbol}; it trades"
                f" {', '.join(strategy.symbols()) or 'nothing'}"
            )
