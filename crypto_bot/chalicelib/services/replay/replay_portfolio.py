"""Alerts of several strategies, in their own time -> an account's books, by what trades live.

Each is received as the webhook receives it; ticks plan, send and book as ever.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from chalicelib.domain.replay.result import Books, Refused
from chalicelib.domain.replay.telling import Telling
from chalicelib.domain.trading.account import Account
from chalicelib.ports import TradingPorts
from chalicelib.services.replay.minute_ticks import MinuteTicks
from chalicelib.services.trading.receive_signal import Delivery, Inbox, receive_signal
from chalicelib.services.trading.report_drift import report_drift

_OWNER: Final = "replay"
_OK: Final = 200
# What is still due so long after the last alert is not about the alerts any more.
AFTERMATH: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDesk:
    """A desk of its own: `account` follows every strategy, `token` speaks for each of them."""

    ports: TradingPorts
    inbox: Inbox
    account: Account
    token: str
    move: Callable[[datetime], datetime]
    close: Callable[[], None]


def replay_portfolio(
    desk: ReplayDesk,
    told: Sequence[Telling],
    lag: timedelta,
    heard: Callable[[int], object] = lambda _: None,
) -> Books:
    """`told` in turn; each arrives `lag` after it was sent. `heard` is told how many more have."""
    ticks = MinuteTicks(ports=desk.ports, owner=_OWNER, move=desk.move, told=lambda _: None)
    refused: list[Refused] = []
    for at, group in groupby(told, key=lambda each: each.at):
        # Up to before then: alerts of one moment are all there when the next tick looks.
        ticks.until(at + lag - timedelta(microseconds=1))
        desk.move(at + lag)
        arriving = list(group)
        for each in arriving:
            refused += _received(desk, each)
        heard(len(arriving))
    if told:
        ticks.until(told[-1].at + lag + AFTERMATH)
    return _books(desk, refused)


def _received(desk: ReplayDesk, each: Telling) -> list[Refused]:
    body = json.dumps(each.message).encode()
    delivery = Delivery(body=body, strategy=each.strategy, token=desk.token)
    answer = receive_signal(desk.inbox, delivery)
    if answer.status == _OK:
        return []
    said = answer.body.get("error", "")
    return [Refused(each.strategy, each.message["time"], answer.status, said)]


def _books(desk: ReplayDesk, refused: Sequence[Refused]) -> Books:
    account = desk.account
    portfolio = desk.ports.ledger.portfolio(account.name, account.quote)
    drift = report_drift(desk.ports, [account])
    return Books(
        entries=desk.ports.ledger.entries(account.name),
        holdings=portfolio.holdings,
        deviations=drift.deviations,
        tallies=drift.tallies,
        refused=tuple(refused),
    )
