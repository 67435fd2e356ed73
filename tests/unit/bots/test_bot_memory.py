"""What a bot's file holds beside its instances, and what of it a run has changed."""

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.checks.memory import changed, memory_of
from tests.unit.bots.written_bots import bot_of

CLASSES = '''"""Of its own."""
from collections import deque
from types import FunctionType
from chalicelib.domain.bots import Bot

SIZES = {"a": [1, 2]}
_last: float = 0.5
__version__ = "1"
seen = deque([7], maxlen=3)
function = print

def kept():
    pass

class Kept:
    names = {"x"}
    __hidden = None

class Odd(Bot, Kept):
    instruments = ("BTC/USDT",)
    interval = "1h"
    of_the_engine = FunctionType(kept.__code__, {"__name__": "chalicelib.x", "most": 3})
    of_another = FunctionType(kept.__code__, {"__name__": "chalice.x", "least": 2})
    def on_candle(self, ctx):
        """It."""
'''
FUNCTION = """from chalicelib.domain.bots import every

count = [0]

@every("5m", "BTC/USDT", warmup=3)
def mine(state, data):
    count[0] += 1
"""


def kept(source: str) -> dict[str, str]:
    """Without what an engine that is broken on purpose adds to it."""
    (setup,) = set_up(bot_of(source))
    return {name: text for name, text in memory_of(setup).items() if "mutant" not in name}


def test_names_of_the_file_and_of_its_classes_are_kept_as_text() -> None:
    assert kept(CLASSES) == {
        "SIZES": "{'a': [1, 2]}",
        "_last": "0.5",
        "seen": "deque([7], maxlen=3)",
        "Odd.instruments": "('BTC/USDT',)",
        "Odd.interval": "'1h'",
        "Kept.names": "{'x'}",
        "Kept._Kept__hidden": "None",
        "least": "2",
    }


def test_a_bot_that_is_a_function_has_the_names_of_its_file() -> None:
    assert kept(FUNCTION) == {
        "count": "[0]",
        "mine.interval": "'5m'",
        "mine.instruments": "('BTC/USDT',)",
        "mine.warmup": "3",
        "mine.together": "False",
        "mine.using": "()",
    }


def test_what_changed_is_told_in_short() -> None:
    longest, longer = "'" + "x" * 58 + "'", "'" + "x" * 59 + "'"
    before = {"same": "1", "gone": "2", "count": "0", "text": longer}
    after = {"same": "1", "count": "1", "text": longest, "new": longer}
    assert changed(before, after) == [
        ("count", "0", "1"),
        ("text", "'" + "x" * 59 + "...", longest),
        ("new", "not there", "'" + "x" * 59 + "..."),
    ]
