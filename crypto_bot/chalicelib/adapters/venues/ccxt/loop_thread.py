"""Coroutines of one event loop on a thread of its own, called from threads that wait."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs until `close`; the thread is a daemon, so a forgotten one never holds up the exit."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether `close` has been called."""
        return self.loop.is_closed()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], context: Context | None = None) -> T:
        """The coroutine's result or error, in any thread but the loop's own.

        The decimal context lives in the context variables and ccxt changes it in place, so work
        runs in a fresh context: sharing the caller's would change how the caller rounds.
        """
        if self.is_closed:
            raise RuntimeError("the exchange was closed; open it again")
        fresh = Context() if context is None else context
        return fresh.run(asyncio.run_coroutine_threadsafe, work(), self.loop).result()

    def close(self) -> None:
        """Cancel what still runs, stop the loop and wait for the thread."""
        if self.is_closed:
            return
        self.run(_cancel_others)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
