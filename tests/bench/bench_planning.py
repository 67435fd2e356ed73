"""How long one decision takes: 1,000 strategies on 200 instruments, all of them entering."""

from collections.abc import Iterator
from time import perf_counter

from tests.bench.figure import Figure, at_most

NAMES = ("planning",)
STRATEGIES = 1_000
INSTRUMENTS = 200
RUNS = 15


def figures(_only: str | None) -> Iterator[Figure]:
    """The fastest of several decisions over one situation: what it costs when nothing else runs."""
    from chalicelib.domain.trading.planning import draft_plan

    situation = _situation()
    draft = draft_plan(situation)
    seconds = []
    for _ in range(RUNS):
        start = perf_counter()
        draft_plan(situation)
        seconds.append(perf_counter() - start)
    if len(draft.intents) != INSTRUMENTS or len(draft.verdicts) != STRATEGIES:
        raise AssertionError(f"{len(draft.intents)} orders, {len(draft.verdicts)} verdicts")
    yield at_most("planning", min(seconds) * 1000, "ms", limit=100)


def _situation():
    from datetime import UTC, datetime
    from decimal import Decimal

    from chalicelib.domain.trading.account import (
        Account,
        Configuration,
        HaltLevel,
        Mode,
        Subscription,
    )
    from chalicelib.domain.trading.instrument import Instrument
    from chalicelib.domain.trading.ledger import POOL, Portfolio
    from chalicelib.domain.trading.plan import AccountState
    from chalicelib.domain.trading.signal import DesiredState, Signal
    from chalicelib.domain.trading.situation import Situation
    from chalicelib.domain.trading.strategy import Strategy
    from chalicelib.domain.trading.wishes import gather_wishes

    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    symbols = [f"C{number:03}/USDT" for number in range(INSTRUMENTS)]
    names = [f"s{number:04}" for number in range(STRATEGIES)]
    on = {name: symbols[index % INSTRUMENTS] for index, name in enumerate(names)}
    signals = [
        Signal(
            id=name,
            strategy=name,
            ticker=on[name],
            symbol=on[name],
            state=DesiredState.LONG,
            fired_at=now,
            received_at=now,
            due_at=now,
            body_digest="",
        )
        for name in names
    ]
    account = Account(name="bench", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT")
    return Situation(
        account=account,
        configuration=Configuration(
            strategies={n: Strategy(name=n, instruments={on[n]: on[n]}) for n in names},
            accounts={"bench": account},
            subscriptions=tuple(
                Subscription(account="bench", strategy=n, weight=Decimal("0.0009")) for n in names
            ),
        ),
        state=AccountState(account="bench"),
        portfolio=Portfolio(
            account="bench", quote="USDT", balances={POOL: {"USDT": Decimal(1_000_000)}}
        ),
        wishes=gather_wishes(signals, {})[0],
        instruments={
            s: Instrument(
                symbol=s,
                base=s.split("/")[0],
                quote="USDT",
                quantity_step=Decimal("0.0001"),
                price_tick=Decimal("0.01"),
                minimum_notional=Decimal(5),
                taker_fee=Decimal("0.001"),
            )
            for s in symbols
        },
        prices={s: Decimal("12.34") for s in symbols},
        free={"USDT": Decimal(1_000_000)},
        busy=frozenset(),
        halt=HaltLevel.NONE,
        now=now,
    )
