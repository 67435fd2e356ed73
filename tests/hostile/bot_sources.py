"""Bots that want what no bot has. Where they are let go on, they log what they got."""

from typing import Final

_BOT: Final = """
from chalicelib.domain.bots import Bot
{before}

def tried(ctx, what):
    try:
        ctx.log(repr(what())[:200])
    except BaseException as error:
        ctx.log("no: " + type(error).__name__)


class Hostile(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"

    def on_candle(self, ctx):
        {body}
"""
PEACEFUL: Final = _BOT.format(before="", body="ctx.buy(value=10)")


def bot(body: str, before: str = "") -> str:
    lines = body.strip().splitlines()
    return _BOT.format(before=before, body="\n        ".join(lines))


def probe(*tries: str, before: str = "import os, sys") -> str:
    """Each is an expression."""
    return bot("\n".join(f"tried(ctx, lambda: {one})" for one in tries), before)


def forged(answer: str) -> str:
    """Writes what it likes in place of what the engine's side of its process would answer."""
    return bot(f"os.write(3, {answer.encode()!r} + b'\\n')\nos._exit(0)", "import os")
