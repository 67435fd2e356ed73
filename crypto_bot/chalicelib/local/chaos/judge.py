"""When it is over: the venue's own book and the stores -> what became of every alert and order."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.domain.errors import LedgerUnbalanced
from chalicelib.domain.money import ZERO, plain
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.ledger import Portfolio, fold
from chalicelib.domain.trading.order import OrderReport
from chalicelib.ports import TradingPorts

_ALL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Counts, and one sentence for each thing that must not be. `kills` ended the process."""

    seed: str
    alerts: int
    deliveries: int
    kills: int
    orders: int
    sent_again: int
    fills: int
    duplicates: tuple[str, ...]
    lost: tuple[str, ...]
    unbalanced: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Nothing sent twice, nothing lost, and the books agree with the venue."""
        return not (self.duplicates or self.lost or self.unbalanced or self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doings:
    """What was done to the program meanwhile; `taken` are the signals answered with 200."""

    seed: str
    alerts: int
    deliveries: int
    kills: int
    taken: frozenset[str]
    refused: tuple[str, ...]


def is_at_rest(ports: TradingPorts, account: Account, taken: frozenset[str]) -> bool:
    """Whether every alert has had its last word and no order is under way."""
    signals = [ports.signals.get(signal_id) for signal_id in taken]
    at_work = ports.plans.state(account.name).open_plans
    return not at_work and all(signal and signal.status.is_final for signal in signals)


def judge(ports: TradingPorts, account: Account, venue: VirtualExchange, doings: Doings) -> Verdict:
    """By the venue's own book; nothing that the program says of itself counts for an order."""
    accepted = venue.accepted()
    orders = ports.orders.recent(_ALL)
    return Verdict(
        seed=doings.seed,
        alerts=doings.alerts,
        deliveries=doings.deliveries,
        kills=doings.kills,
        orders=len(accepted),
        sent_again=sum(order.attempts > 1 for order in orders),
        fills=sum(len(order.fills) for order in accepted),
        duplicates=_duplicates(accepted),
        lost=tuple(_lost(ports, doings.taken)),
        unbalanced=tuple(_unbalanced(ports, account, venue, accepted)),
        others=(
            *(f"an alert was refused: {answer}" for answer in doings.refused),
            *_strangers(accepted, {order.intent.client_order_id for order in orders}),
        ),
    )


def _duplicates(accepted: list[OrderReport]) -> tuple[str, ...]:
    times = Counter(order.client_order_id for order in accepted)
    return tuple(
        f"the venue accepted order {name} {count} times"
        for name, count in times.items()
        if count > 1
    )


def _strangers(accepted: list[OrderReport], known: set[str]) -> list[str]:
    return [
        f"the venue accepted order {order.client_order_id}, which was never written down"
        for order in accepted
        if order.client_order_id not in known
    ]


def _lost(ports: TradingPorts, taken: frozenset[str]) -> list[str]:
    problems = []
    for signal_id in sorted(taken):
        signal = ports.signals.get(signal_id)
        if signal is None:
            problems.append(f"signal {signal_id} was answered 200 and is not stored")
        elif not signal.status.is_final or not signal.reason:
            problems.append(f"signal {signal_id} is still {signal.status}, and should have ended")
    return problems


def _unbalanced(
    ports: TradingPorts, account: Account, venue: VirtualExchange, accepted: list[OrderReport]
) -> list[str]:
    portfolio = ports.ledger.portfolio(account.name, account.quote)
    entries = ports.ledger.entries(account.name)
    problems = _apart(portfolio, {a: b.total for a, b in venue.balances().items()})
    try:
        if fold(account.name, account.quote, entries).balances != portfolio.balances:
            problems.append("the books are not what their entries add up to")
    except LedgerUnbalanced as broken:
        problems.append(str(broken))
    booked = {entry.id.split("#", maxsplit=2)[-1] for entry in entries}
    missing = [f.trade_id for o in accepted for f in o.fills if f.trade_id not in booked]
    return problems + [f"trade {trade} of the venue is not in the books" for trade in missing]


def _apart(portfolio: Portfolio, held: dict[str, Decimal]) -> list[str]:
    known = {asset for assets in portfolio.balances.values() for asset in assets}
    return [
        f"the venue holds {plain(held.get(asset, ZERO))} {asset}, the books say "
        f"{plain(portfolio.owned(asset))}"
        for asset in sorted(known | set(held))
        if held.get(asset, ZERO) != portfolio.owned(asset)
    ]
