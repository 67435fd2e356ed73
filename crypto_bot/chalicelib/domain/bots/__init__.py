"""What a bot decides by, and how it is tried on the past. A bot's own code imports from here."""

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.handler import every
from chalicelib.domain.bots.parameters import Param

__all__ = ["Bot", "Param", "every"]
