"""[bot store] -> one version of a bot, with what is needed to run it."""

from typing import NamedTuple

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.ready_made import READY_MADE
from chalicelib.domain.bots.version import StoredBot, VersionNumber
from chalicelib.domain.errors import ActionRefused, StoreUnavailable
from chalicelib.ports.bots import BotPorts, LoadBot


class FoundBot(NamedTuple):
    """`stored` and `number` are None, and there is no `source`, where it comes with the program."""

    name: str
    stored: StoredBot | None
    number: VersionNumber | None
    source: str
    loader: LoadBot

    @property
    def title(self) -> str:
        """What its mistakes are said of."""
        return self.name if self.number is None else f"{self.name} {self.number}"

    @property
    def digest(self) -> str:
        """Of the source; empty where it comes with the program."""
        return "" if self.stored is None else self.stored.note(self.number).digest

    def load(self) -> type[Bot]:
        """The source is run anew each time; BotRefused or BotFailed name line and cause."""
        if self.stored is None:
            return READY_MADE[self.name]
        return self.loader(self.source, self.title)


def find_bot(ports: BotPorts, name: str, number: VersionNumber | None = None) -> FoundBot:
    """The newest version where none is named; a stored bot goes before one that comes with it."""
    stored = ports.bots.get(name)
    if stored is None:
        if name in READY_MADE and number is None:
            return FoundBot(name, None, None, "", ports.load)
        known = ", ".join([*(bot.name for bot in ports.bots.all()), *READY_MADE])
        raise ActionRefused(f"there is no bot {name}; there are {known}")
    found = stored.note(number).number
    source = ports.bots.source(name, found)
    if source is None:
        raise StoreUnavailable(f"the source of {name} {found} is not there: read it again")
    return FoundBot(name, stored, found, source, ports.load)
