"""A bot's source -> its next version in the store, if it is one that runs."""

from typing import Final

from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.session import Session
from chalicelib.domain.bots.version import StoredBot, check_based_on, with_source
from chalicelib.domain.bots.views import Views
from chalicelib.domain.market.interval import Interval
from chalicelib.ports.bots import BotPorts

_ANY: Final = ("BTC/USDT",)


def save_bot(
    ports: BotPorts,
    name: str,
    source: str,
    *,
    is_major: bool = False,
    based_on: str | None = None,
) -> StoredBot:
    """Its newest version has this source afterwards; one that was run before stays as it was.

    BotRefused or BotFailed with line and cause where it could not even begin: nothing is stored.
    Nor where `based_on` is not the digest of the newest source, '' for a new bot: StoreConflict.
    """
    before = ports.bots.get(name) or StoredBot(name=name)
    if based_on is not None:
        check_based_on(before, based_on)
    after = with_source(before, source, ports.clock.now(), is_major=is_major)
    if after == before:
        return before
    _try(ports.load(source, f"{name} {after.newest.number}"))
    return ports.bots.save(after, source)


def _try(bot: type[Bot]) -> None:
    """What it leaves to whoever deploys it is made up: it only has to start."""
    for setup in set_up(
        bot,
        instruments=bot.instruments or _ANY,
        interval=bot.interval or Interval.H1,
    ):
        Session(setup, Views())
