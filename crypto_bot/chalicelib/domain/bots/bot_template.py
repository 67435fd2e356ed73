"""What a new bot begins with: it runs, and says of each part what it is for."""

from typing import Final

TEMPLATE: Final = '''"""What {name} does, in a sentence. It is shown each candle that has closed."""

from chalicelib.domain.bots import Bot, Param


class {kind}(Bot):
    instruments = ("BTC/USDT",)  # --instrument takes others
    interval = "1h"
    warmup = 30  # candles to see before it decides; ctx.history reaches as far back

    # default, lowest, highest: --param fast=20 changes one, and a sweep tries many
    fast = Param(10, 2, 50)
    slow = Param(30, 10, 200)

    def start(self, ctx):
        # Indicators are declared here; they are on its chart by themselves.
        self.quick, self.calm = ctx.sma(self.fast), ctx.sma(self.slow)

    def on_candle(self, ctx):
        # ctx is all there is: ctx.close, ctx.position, ctx.equity, ctx.history(20), ...
        # What it has to remember until the next candle belongs in ctx.state, a dict.
        if self.quick.crossed_above(self.calm):
            ctx.target(1.0)  # be invested with all of its equity
            ctx.log(f"in at {{ctx.close}}")
        elif self.quick.crossed_below(self.calm):
            ctx.target(0)
            ctx.log(f"out at {{ctx.close}}")
'''


def template(name: str) -> str:
    """The bot of this name."""
    words = "".join(c if c.isalnum() else " " for c in name).split()
    kind = "".join(word[:1].upper() + word[1:] for word in words)
    return TEMPLATE.format(name=name, kind=kind if kind[:1].isalpha() else f"Bot{kind}")
