"""The steps at which a process may end, by the names that `Kernel.effect` is told, and how likely.

A weight multiplies the seed's rate of kills. What a process passes rarely is hit the likelier, so
that a run meets enough kills at every step. Early steps are on the way to an order, late ones are
those of an order and its outcome, and those aside are not a tick's.
"""

from typing import Final

SURVIVABLE: Final = 0.7  # no step kills more often than that

ASIDE_KILLS: Final = {
    "get config": 5.0,
    "get quarantine": 350.0,
    "write control halt": 300.0,
    "write config": 300.0,
    "write quarantine": 700.0,
}
EARLY_KILLS: Final = {
    "get account": 2.5,
    "get signal": 1.8,
    "get plan": 5.5,
    "get lease": 3.6,
    "get ledger": 9.0,
    "get control halt": 26.0,
    "query order": 5.5,
    "query config": 4.0,
    "shelf signals.open": 3.7,
    "shelf accounts.due": 3.7,
    "overwrite control heartbeat": 6.5,
    "venue balances": 30.0,
    "venue instruments": 32.0,
    "venue tickers": 46.0,
    "write signal": 8.0,
    "write lease": 11.0,
    "write account": 105.0,
    "write plan": 90.0,
}
LATE_KILLS: Final = {
    "venue submit": 45.0,
    "venue submit under way": 16.5,
    "venue find": 6.0,
    "venue cancel": 80.0,
    "write order SUBMITTED": 19.5,
    "write order INITIALIZED": 55.0,
    "write order ACCEPTED": 90.0,
    "write order PARTIALLY_FILLED": 100.0,
    "write order FILLED": 125.0,
    "write order EXPIRED": 180.0,
    "write order CANCELED": 165.0,
    "write order REJECTED": 900.0,
    "write order HELD": 165.0,
    "write order DENIED": 190.0,
    "write ledger entries": 30.0,
}
KILL_WEIGHTS: Final = ASIDE_KILLS | EARLY_KILLS | LATE_KILLS
# Where a kill comes neither before the effect nor after it.
IN_BETWEEN: Final = frozenset({"venue submit under way"})
