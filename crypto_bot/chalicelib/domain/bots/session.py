"""A bot under way: fed with closed candles, it decides; its state is JSON from one day to the next.

The same loop serves one candle that has just closed and a year of them.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.domain.bots.bot import Bot, make, seal
from chalicelib.domain.bots.candles import Candles, moment, no_candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import Desk
from chalicelib.domain.bots.lines import LineGroup
from chalicelib.domain.bots.loop import (
    Placed,
    Series,
    pass_over,
    run_alone,
    run_at,
    run_together,
    show,
)
from chalicelib.domain.bots.market import Market
from chalicelib.domain.bots.refusals import BotFailed, BotRefused, CandlesRefused, failed
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.tracks import Column, Shared
from chalicelib.domain.bots.views import Views
from chalicelib.domain.bots.waking import awake
from chalicelib.domain.errors import SandboxUnavailable

_LARGEST_STATE: Final = 64 * 1024
_VERSION: Final = 1


class Session:
    """Begun anew, or where `state` was given by another one of the same setup."""

    def __init__(self, setup: Setup, views: Views, state: Mapping[str, Any] | None = None) -> None:
        self.setup: Final = setup
        self.ctx: Final = Context(setup, views)
        self._bot: Final[Bot] = make(setup)
        self._seen = 0
        self._kept: dict[str, Candles] = {symbol: no_candles() for symbol in setup.instruments}
        self._last: dict[str, int] = {}
        self.drawn: Series = {}
        self._start()
        if state is not None:
            self._restore(state)

    def advance(
        self, candles: Mapping[str, Candles], desk: Desk, shared: Shared | None = None
    ) -> None:
        """Decide at every close among them. BotFailed where the bot's own code stops."""
        self._check_order(candles)
        self.ctx.desk = desk
        try:
            if self.setup.bot.together:
                self._advance_together(candles, desk, shared)
            else:
                symbol = self.setup.instruments[0]
                self._advance_alone(symbol, candles.get(symbol, no_candles()), desk, shared)
        except Exception as error:
            raise self._told(error, "on_candle") from error
        finally:
            self.ctx.desk = None

    def state(self) -> dict[str, Any]:
        """All that the bot is, as JSON has it. BotRefused where its own part is too large."""
        ctx = self.ctx
        return {
            "version": _VERSION,
            "bot": plain_state(self.setup.name, ctx.state),
            "seen": self._seen,
            "orders_made": ctx.orders_made,
            "random": ctx.random.position,
            "candles": {symbol: list(kept) for symbol, kept in self._kept.items()},
            "last": dict(self._last),
            **ctx.tracks.state(),
        }

    def _start(self) -> None:
        try:
            self._bot.start(self.ctx)
            seal(self._bot)
        except Exception as error:
            raise self._told(error, "start") from error
        self.ctx.tracks.close()
        self.ctx.is_starting = False

    def _restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != _VERSION:
            raise BotRefused(f"the state is of version {state.get('version')}, not {_VERSION}")
        ctx = self.ctx
        ctx.tracks.restore(state)
        ctx.state = json.loads(json.dumps(state["bot"]))
        ctx.orders_made = state["orders_made"]
        ctx.random.position = state["random"]
        self._seen = state["seen"]
        self._last = dict(state["last"])
        for symbol, columns in state["candles"].items():
            kept = Candles(*(list(column) for column in columns))
            self._kept[symbol] = kept
            if kept.start:
                show(ctx.markets[symbol], kept, len(kept.start) - 1)

    def _check_order(self, candles: Mapping[str, Candles]) -> None:
        for symbol, given in candles.items():
            if symbol not in self._kept:
                known = ", ".join(self._kept)
                raise CandlesRefused(f"candles of {symbol}: this bot trades {known}")
            last = self._last.get(symbol)
            if given.start and last is not None and given.start[0] <= last:
                raise CandlesRefused(
                    f"{symbol}: the candles begin at {moment(given.start[0]):%Y-%m-%d %H:%M}, but"
                    f" the bot has seen those up to {moment(last):%Y-%m-%d %H:%M}"
                )

    def _place(
        self, symbol: str, candles: Candles, shared: Shared | None
    ) -> tuple[Candles, int, Placed]:
        """What was kept and what is new in one, where the new begins, and a value for each line."""
        kept = self._kept[symbol]
        first = len(kept.start)
        tracks = self.ctx.tracks
        padding: Column = [None] * first
        placed = [
            (line, padding + column if first else column)
            for name, columns in tracks.columns(symbol, candles, shared).items()
            for line, column in zip(tracks.all[name].lines, columns, strict=True)
        ]
        return (kept.followed_by(candles) if first else candles), first, placed

    def _keep(self, symbol: str, candles: Candles) -> None:
        reach = max(1, self.setup.bot.warmup)
        count = len(candles.start)
        self._kept[symbol] = candles.between(max(0, count - reach), count)
        if count:
            self._last[symbol] = candles.start[-1]

    def _advance_alone(
        self, symbol: str, given: Candles, desk: Desk, shared: Shared | None
    ) -> None:
        ctx = self.ctx
        candles, first, placed = self._place(symbol, given, shared)
        self.drawn = {symbol: (candles, first, placed)}
        count = len(candles.start)
        unseen = min(max(0, self.setup.bot.warmup - self._seen), count - first)
        if unseen:
            pass_over(placed, first, unseen)
            first += unseen
        ctx.show(candles, -1)
        if ctx.crossings:
            asked = awake(ctx.crossings, dict(placed), first, count, shared)
            run_at(self._bot, ctx, (candles, first, placed), asked, desk)
        else:
            run_alone(self._bot, ctx, candles, placed, first, desk)
        self._seen += len(given.start)
        self._keep(symbol, candles)

    def _advance_together(
        self, given: Mapping[str, Candles], desk: Desk, shared: Shared | None
    ) -> None:
        series = {symbol: self._place(symbol, candles, shared) for symbol, candles in given.items()}
        self.drawn = series
        run_together(self._bot, self.ctx, series, self.setup.bot.warmup - self._seen, desk)
        self._seen += len({start for candles in given.values() for start in candles.start})
        for symbol, (candles, _, _) in series.items():
            self._keep(symbol, candles)

    def _told(self, error: Exception, method: str) -> Exception:
        return told(error, self._bot, method, self.ctx.start if method == "on_candle" else None)


def told(error: Exception, bot: Bot, method: str, start: int | None) -> Exception:
    """The error as the bot's author can use it; ours are not said to be the bot's.

    `start` is that of the candle.
    """
    if isinstance(error, BotFailed | CandlesRefused | SandboxUnavailable):
        return error
    where = f"{type(bot).__name__}.{method}"
    if start is not None:
        where += f" at the candle of {moment(start):%Y-%m-%d %H:%M}"
    code = getattr(bot, "handler", getattr(bot, method))
    file = getattr(code, "__wrapped__", code).__code__.co_filename
    if isinstance(error, AttributeError) and isinstance(error.obj, Market | LineGroup):
        explained = BotRefused(error.obj.explain(str(error.name)))
        error = explained.with_traceback(error.__traceback__)
    sentence = failed(error, where=where, file=file)
    return sentence if sentence.line or isinstance(error, BotRefused) else error


def plain_state(name: str, state: object) -> Any:
    """What JSON gives back as it was."""
    if not isinstance(state, dict):
        raise BotRefused(f"{name}: ctx.state is a {type(state).__name__}; it must stay a dict")
    try:
        text = json.dumps(state, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BotRefused(f"{name}: ctx.state cannot be kept as JSON: {error}") from None
    if len(text) > _LARGEST_STATE:
        raise BotRefused(
            f"{name}: ctx.state has {len(text)} bytes; at most {_LARGEST_STATE} are kept"
        )
    kept = json.loads(text)
    if kept != state:
        raise BotRefused(
            f"{name}: ctx.state is not the same after JSON: keys must be texts, and tuples lists"
        )
    return kept
