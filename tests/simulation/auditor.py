"""Looks at every write and every accepted order of a schedule, and judges its end.

The invariants are numbered I1 to I14 and told in tests/simulation/README.md. What the venue's
book says is the truth; the program's stores are what is judged by it.
"""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final

from chalicelib.domain.errors import LedgerUnbalanced
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.ledger import Entry, Portfolio, fold, post
from chalicelib.domain.trading.order import LEGAL_MOVES, Order, OrderIntent, OrderStatus
from chalicelib.domain.trading.plan import AccountState, Plan, Step
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.drivers.codec import decode
from chalicelib.drivers.table import Row
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.receive_signal import Answer
from tests.simulation.floor import MORNING, Market
from tests.simulation.kernel import Kernel, Process
from tests.simulation.table import SimulatedTable
from tests.simulation.venue import SimulatedVenue
from tests.simulation.waiting_audit import WaitingAudit

CANARY: Final = "canary-"
# Whoever was about to send when a stranger was confirmed may not know of it yet.
_UNAWARE: Final = 60.0


class Auditor:
    """`violations` is empty after a good schedule; `seen` counts what the schedule went through."""

    def __init__(
        self,
        kernel: Kernel,
        table: SimulatedTable,
        venues: dict[str, SimulatedVenue],
        market: Market,
    ) -> None:
        self.violations: list[str] = []
        self.seen: Counter[str] = Counter()
        self.moves = 0  # how often an order has been written
        self._kernel = kernel
        self._venues = venues
        self._market = market
        self.undecided: set[str] = set()  # signals without a final status
        self._acknowledged: set[str] = set()
        self._orders: dict[str, Order] = {}  # by client order id, as stored
        self._planned: dict[tuple[str, str], str] = {}  # (account, signal) -> plan
        self.waiting = WaitingAudit(kernel, self.seen, self.violate)
        self._portfolios: dict[str, Portfolio] = {}
        self._entries: list[Entry] = []
        self._silences: dict[str, tuple[float, float, Process | None]] = {}
        self._last_step: dict[str, Step] = {}
        self._barred: dict[tuple[str, str], float] = {}  # since when a stranger keeps us from it
        self._looks: dict[str, tuple[Any, Callable[[Row | None, Any], None]]] = {
            "signal": (Signal, self._signal_written),
            "plan": (Plan, self._plan_written),
            "order": (Order, self._order_written),
            "entry": (Entry, self._entry_written),
            "portfolio": (Portfolio, self._books_written),
            "state": (AccountState, self._state_written),
        }
        table.watch = self._written
        for name, venue in venues.items():
            venue.floor.accepted = self._accepted
            venue.floor.is_recorded = self._is_resting
            venue.called = partial(self._called, name)

    def violate(self, invariant: str, sentence: str) -> None:
        """Note what must never be."""
        process = self._kernel.process
        who = process.name if process else "the world"
        self.violations.append(f"{invariant} at {self._kernel.now:.3f} s by {who}: {sentence}")

    # --- the webhook -----------------------------------------------------------------------

    def answered(self, answer: Answer) -> None:
        """I3 begins here: what is answered 200 must never be forgotten. I12: no secret in it."""
        if answer.status == 200:
            self._acknowledged.add(answer.body["signal_id"])
        self.seen[f"answer {answer.status} {answer.body['status']}"] += 1
        if CANARY in str(answer.body):
            self.violate("I12", "a secret in an answer")

    # --- every write -----------------------------------------------------------------------

    def _written(self, before: Row | None, row: Row) -> None:
        """Judge a row by what it is; the first part of its sort key says so."""
        if CANARY in row.document:
            self.violate("I12", f"a secret in {row.partition}")
        if row.sort == "#head":
            self.seen["fault: configuration changed"] += 1
        found = self._looks.get(row.sort.partition("#")[0])
        if found is not None:
            kind, look = found
            look(before, decode(kind, row.document))

    def _signal_written(self, before: Row | None, signal: Signal) -> None:
        if signal.status.is_final:
            self.undecided.discard(signal.id)
        else:
            self.undecided.add(signal.id)
        for failed in signal.failures:
            self.violate("crash", f"planning failed on signal {signal.id}: {failed.why}")
        self.waiting.stored(signal)
        if before is None:
            return
        earlier = decode(Signal, before.document)
        if earlier.body_digest != signal.body_digest:
            self.violate("I8", f"signal {signal.id} has a second body")
        if earlier.status.is_final:
            self.violate("I4", f"signal {signal.id} was {earlier.status} and is {signal.status}")

    def _plan_written(self, before: Row | None, plan: Plan) -> None:
        if before is not None:
            self.violate("I4", f"plan {plan.id} was written again")
        for verdict in plan.verdicts:
            known = self._planned.setdefault((plan.account, verdict.signal_id), plan.id)
            if known != plan.id:
                self.violate("I1", f"signal {verdict.signal_id} is in plans {known} and {plan.id}")
            self.waiting.decided(plan, verdict)
        self.seen["crosses"] += len(plan.crosses)
        if plan.step is Step.INCREASE and self._last_step.get(plan.account) is Step.REDUCE:
            self.seen["a reduction before an increase"] += 1
        self._last_step[plan.account] = plan.step
        self.seen["an entry denied for a stranger"] += sum(
            "(INSTRUMENT_FROZEN)" in verdict.reason for verdict in plan.verdicts
        )
        for intent in plan.intents:
            self.seen["two strategies in one order"] += len(intent.shares) > 1

    def _order_written(self, before: Row | None, order: Order) -> None:
        self.moves += 1
        old = OrderStatus.INITIALIZED
        if before is not None:
            earlier = decode(Order, before.document)
            old = earlier.status
            if order.attempts < earlier.attempts or order.filled < earlier.filled:
                self.violate("I4", f"order {order.intent.id} lost attempts or fills")
        if old is not order.status:
            self.seen[f"{old} -> {order.status}"] += 1
            if order.status not in LEGAL_MOVES[old]:
                self.violate("I4", f"order {order.intent.id} went from {old} to {order.status}")
        if old is not order.status is OrderStatus.SUBMITTED and order.intent.side is Side.BUY:
            since = self._barred.get((order.intent.account, order.intent.symbol))
            if since is not None and self._kernel.now - since > _UNAWARE:
                self.violate("I13", f"{order.intent.id} is sent while a stranger rests there")
        if order.filled > order.intent.quantity:
            self.violate("I5", f"order {order.intent.id} is filled beyond its quantity")
        self._orders[order.intent.client_order_id] = order

    def _entry_written(self, before: Row | None, entry: Entry) -> None:
        if before is not None:
            self.violate("I9", f"entry {entry.id} was written again")
        self._entries.append(entry)

    def _books_written(self, before: Row | None, portfolio: Portfolio) -> None:
        """I6, I7, I11: the stored fold is the fold of the stored entries, and adds up."""
        del before
        name = portfolio.account
        expected = self._portfolios.get(name) or Portfolio(account=name, quote=portfolio.quote)
        mine = [entry for entry in self._entries if entry.account == name]
        self._entries = [entry for entry in self._entries if entry.account != name]
        try:
            for entry in mine:
                expected, booked = post(expected, entry)
                if booked != entry:
                    self.violate("I9", f"entry {entry.id} does not continue the chain")
        except LedgerUnbalanced as error:
            self.violate("I6", str(error))
        if (expected.balances, expected.holdings) != (portfolio.balances, portfolio.holdings):
            self.violate("I11", f"the books of {name} are not the fold of their entries")
        for holding in portfolio.holdings:
            if holding.quantity < 0:
                self.violate("I7", f"{holding.strategy} owns {holding.quantity} {holding.symbol}")
        self._portfolios[name] = portfolio

    def _state_written(self, before: Row | None, state: AccountState) -> None:
        del before
        self._strangers_written(state)
        for stuck in state.stuck:
            self.violate("crash", f"{stuck.symbol} of {state.account}: {stuck.reason}")
        if state.blocked_until is None:
            return
        until = (state.blocked_until - MORNING).total_seconds()
        known = self._silences.get(state.account)
        if known is None or abs(known[1] - until) > 0.001:
            self._silences[state.account] = (self._kernel.now, until, self._kernel.process)

    def _strangers_written(self, state: AccountState) -> None:
        """I13: no order of ours counts as another bot's, and what does bars its instrument."""
        barring = [s for s in state.strangers if s.bars_entries]
        for stranger in barring:
            if stranger.order.client_order_id in self._orders:
                self.violate("I13", f"our own order: {stranger.reason}")
        symbols = {stranger.order.symbol for stranger in barring}
        for symbol in self._market.instruments:
            if symbol in symbols:
                self._barred.setdefault((state.account, symbol), self._kernel.now)
            else:
                self._barred.pop((state.account, symbol), None)

    # --- every order at the venue ----------------------------------------------------------

    def _accepted(self, intent: OrderIntent, process: Process | None) -> None:
        """I1, I2, I7 by the venue's own book, which has just grown by this order."""
        del process
        book = self._venues[intent.account].book
        if len(book.of(intent.client_order_id)) > 1:
            self.violate("I1", f"{intent.id} is at the venue twice")
        stored = self._orders.get(intent.client_order_id)
        if stored is None or stored.attempts == 0:
            self.violate("I2", f"{intent.id} is at the venue and was not written down before")
        if intent.side is Side.SELL:
            owned = self._truly_owned(intent.account, intent.symbol)
            if intent.quantity > owned:
                self.violate(
                    "I7", f"{intent.id} sells {intent.quantity}, the strategies own {owned}"
                )

    def _is_resting(self, intent: OrderIntent) -> bool:
        stored = self._orders.get(intent.client_order_id)
        return stored is not None and stored.status.is_resting

    def _truly_owned(self, account: str, symbol: str) -> Decimal:
        """What our own orders have bought and not sold, nor offered for sale."""
        base, owned = symbol.split("/", maxsplit=1)[0], ZERO
        orders = self._venues[account].book.orders
        with exact_arithmetic():
            for order in orders[:-1]:
                if order.intent.symbol != symbol:
                    continue
                sign = 1 if order.intent.side is Side.BUY else -1
                for fill in order.fills:
                    owned += sign * fill.quantity
                    owned -= fill.fee if fill.fee_asset == base else ZERO
                if sign < 0 and order.is_open:
                    owned -= order.remaining
        return owned

    def _called(self, account: str, process: Process | None) -> None:
        """I10: nobody who can know of the silence calls while it lasts."""
        silence = self._silences.get(account)
        if silence is None or process is None:
            return
        since, until, author = silence
        if since < self._kernel.now < until and (process is author or process.started_at > since):
            self.violate("I10", f"{process.name} calls {account}'s venue while it is to be silent")

    # --- the end ---------------------------------------------------------------------------

    def judge_the_end(self, ports: TradingPorts) -> None:
        """Liveness and agreement, once everything has been friendly for long enough."""
        for signal_id in sorted(self._acknowledged):
            signal = ports.signals.get(signal_id)
            if signal is None:
                self.violate("I3", f"signal {signal_id} was acknowledged and is not stored")
            elif not signal.status.is_final or not signal.reason:
                self.violate("I3", f"signal {signal_id} is {signal.status}: {signal.reason!r}")
            else:
                self.seen[f"signal {signal.status}"] += 1
        for name, venue in self._venues.items():
            self._judge_orders(name, venue)
            self._judge_account(name, venue, ports)

    def unfinished(self) -> list[Order]:
        """Stored orders that are still to end; a stop may rest for as long as it likes."""
        return [o for o in self._orders.values() if not o.status.is_final and not _rests(o)]

    def unconcluded(self, state: AccountState) -> list[str]:
        """Open plans of the account that are not those of a resting stop."""
        stops = {order.plan_id for order in self._orders.values() if _rests(order)}
        return [plan for plan in state.open_plans if plan not in stops]

    def _judge_orders(self, name: str, venue: SimulatedVenue) -> None:
        for order in self.unfinished():
            if order.intent.account == name:
                self.violate("I3", f"order {order.intent.id} is {order.status}: {order.reason}")
        for held in venue.book.orders:
            if held.is_anothers:
                continue
            stored = self._orders.get(held.intent.client_order_id)
            known = {fill.trade_id for fill in stored.fills} if stored else None
            if known != {fill.trade_id for fill in held.fills}:
                status = f"{stored.status} {stored.filled}" if stored else "nowhere"
                self.violate("I5", f"{held.intent.id}: venue filled {held.filled}, stored {status}")

    def _judge_account(self, name: str, venue: SimulatedVenue, ports: TradingPorts) -> None:
        state = ports.plans.state(name)
        left = self.unconcluded(state)
        if left:
            self.violate("I3", f"plans of {name} are still open: {left}")
        if state.strangers:
            self.violate("I13", f"{name} still waits for {state.strangers[0].reason}")
        portfolio = ports.ledger.portfolio(name, "USDT")
        if portfolio.sequence == 0:
            return
        try:
            rebuilt = fold(name, "USDT", ports.ledger.entries(name))
        except LedgerUnbalanced as error:
            self.violate("I9", str(error))
            return
        if (rebuilt.balances, rebuilt.holdings) != (portfolio.balances, portfolio.holdings):
            self.violate("I11", f"the books of {name} cannot be rebuilt from their entries")
        for asset, total in venue.book.totals.items():
            if portfolio.owned(asset) != total:
                self.violate("I6", f"{name} has {portfolio.owned(asset)} {asset}, venue {total}")
        self._judge_holdings(name, state, portfolio, venue)

    def _judge_holdings(
        self, name: str, state: AccountState, portfolio: Portfolio, venue: SimulatedVenue
    ) -> None:
        for symbol, instrument in self._market.instruments.items():
            books = sum((h.quantity for h in portfolio.holdings if h.symbol == symbol), ZERO)
            truth = self._bought(name, symbol)
            if books != truth:
                self.violate("I5", f"{name} books {books} {symbol}, its orders moved {truth}")
            price, free = self._market.prices[symbol], venue.book.balances().get(instrument.base)
            for holding in portfolio.holdings:
                stance = state.stance(holding.strategy, symbol)
                left = min(holding.quantity, free.free if free else ZERO)
                if (
                    holding.symbol == symbol
                    and stance.state is not DesiredState.LONG
                    and instrument.is_sellable(left, price)
                ):
                    self.violate("I3", f"{holding.strategy} has left and owns {left} {symbol}")

    def _bought(self, account: str, symbol: str) -> Decimal:
        base, moved = symbol.split("/", maxsplit=1)[0], ZERO
        with exact_arithmetic():
            for order in self._venues[account].book.orders:
                if order.intent.symbol == symbol:
                    sign = 1 if order.intent.side is Side.BUY else -1
                    for fill in order.fills:
                        moved += sign * fill.quantity
                        moved -= fill.fee if fill.fee_asset == base else ZERO
        return moved


def _rests(order: Order) -> bool:
    return order.intent.is_stop and order.status.is_resting
