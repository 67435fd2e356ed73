"""Bots that run by live candles."""

from chalicelib import bootstrap
from chalicelib.ports.bots import BotStates


def bot_states() -> BotStates:
    """Beside the signals that they lead to."""
    from chalicelib.adapters.stores.bots import TableBotStates

    return TableBotStates(bootstrap.table())
