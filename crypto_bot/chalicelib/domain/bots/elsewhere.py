"""A bot whose code runs so far away that each question to it costs."""

from contextlib import AbstractContextManager

from chalicelib.domain.bots.bot import Bot


class BotElsewhere(Bot):
    """A step of it is rehearsed: what it would be asked is noted, and asked in one go."""

    @classmethod
    def asked_at_once(cls) -> AbstractContextManager[None]:
        """What it is asked in here is answered by nothing, and when it is asked again by what it
        says. BotFailed and the like then come up where they belong.
        """
        raise NotImplementedError
