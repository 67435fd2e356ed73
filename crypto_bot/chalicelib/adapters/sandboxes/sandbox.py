"""Bots in processes of their own on this machine, one for each source."""

from collections import OrderedDict
from typing import Final
from weakref import WeakSet

from chalicelib.adapters.sandboxes.process import BotProcess
from chalicelib.adapters.sandboxes.stand_in import stand_in
from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.checks.source import IMPORTS

_SECONDS: Final = 5.0
_MOST: Final = 32


class ProcessSandbox:
    """See `Sandbox`. `seconds` is how long a bot may think about a candle.

    Of more than `most` processes the one whose source was not loaded for longest ends; where its
    bot is asked, it begins anew.

    Needs Linux or macOS; what macOS does not limit, the log says.
    """

    def __init__(self, seconds: float = _SECONDS, most: int = _MOST) -> None:
        self._seconds = seconds
        self._most = most
        self._begun: Final[WeakSet[BotProcess]] = WeakSet()
        self._processes: Final[OrderedDict[tuple[str, str], BotProcess]] = OrderedDict()

    def __call__(self, source: str, name: str) -> type[Bot]:
        """The source run anew, in the process that it has already if it has one."""
        # All of them would take a tenth of a second; _strptime is what datetime imports by itself.
        imports = [each for each in (*IMPORTS, "_strptime") if each.strip("_") in source]
        made = BotProcess(name, self._seconds, imports)
        process = self._processes.setdefault((source, name), made)
        self._begun.add(process)
        self._processes.move_to_end((source, name))
        if len(self._processes) > self._most:
            _, oldest = self._processes.popitem(last=False)
            oldest.end()
        return stand_in(process, source)

    def close(self) -> None:
        """End all, those too that have begun again for a bot that was still asked."""
        for process in list(self._begun):
            process.end()
