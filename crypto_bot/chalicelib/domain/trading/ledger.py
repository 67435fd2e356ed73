"""The books: append-only double entry, and the portfolio that is its fold.

Accounts of the ledger: `strategy:<name>` owns base, `pool` is the quote that strategies may
spend, `unmanaged` is everything else on the exchange account, `fees` is what trading cost, and
`exchange` is the counter side of all of them. Per asset the legs of an entry add up to zero, so
strategies + pool + unmanaged is what the venue holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.errors import LedgerUnbalanced
from chalicelib.domain.money import ZERO, Exact, exact_arithmetic, plain

POOL = "pool"
UNMANAGED = "unmanaged"
FEES = "fees"
EXCHANGE = "exchange"


def strategy_account(strategy: str) -> str:
    """The ledger account that holds what a strategy owns."""
    return f"strategy:{strategy}"


class EntryKind(StrEnum):
    """Why the books changed."""

    OPENING = "opening"
    FILL = "fill"
    CROSS = "cross"
    DRIFT = "drift"
    ADOPTION = "adoption"
    WRITE_OFF = "write-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting(Exact):
    """One leg: `amount` of `asset` into (positive) or out of (negative) a ledger account."""

    account: str
    asset: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution(Exact):
    """What an entry means for one strategy's position: base moved for quote, fee in quote terms.

    `quantity` is signed: positive bought. `quote` is what was paid (positive) or received
    (negative) without fees. `fee` is the fee's worth in quote, `fee_base` what it took of the base.
    """

    strategy: str
    symbol: str
    quantity: Decimal
    quote: Decimal
    fee: Decimal = ZERO
    fee_base: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One balanced record. `id` is unique in the account's books, `sequence` gives the order."""

    id: str
    account: str
    kind: EntryKind
    at: datetime
    postings: tuple[Posting, ...]
    executions: tuple[Execution, ...] = ()
    reference: str = ""  # order id, plan id or the owner's words
    sequence: int = 0
    previous_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding(Exact):
    """One strategy's position in one instrument. `cost` is in quote, fees included."""

    strategy: str
    symbol: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    realized_on: date | None = None
    realized_today: Decimal = ZERO
    sold_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The fold of an account's ledger; `sequence` and `head_hash` say up to which entry.

    `balances` maps ledger account to asset to amount. `sequence` 0 means not opened yet.
    `progress` counts, per order or cross of the open plans, the fills that are already booked:
    it is saved with the entries, so a fill can never be booked twice.
    """

    account: str
    quote: str
    balances: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    holdings: tuple[Holding, ...] = ()
    sequence: int = 0
    head_hash: str = ""
    progress: dict[str, int] = field(default_factory=dict)
    version: int = 0

    @property
    def cash(self) -> Decimal:
        """Quote in the pool."""
        return self.amount(POOL, self.quote)

    def amount(self, account: str, asset: str) -> Decimal:
        """Balance of one asset in one ledger account."""
        return self.balances.get(account, {}).get(asset, ZERO)

    def holding(self, strategy: str, symbol: str) -> Holding:
        """The strategy's position in the instrument; empty if it never had one."""
        for holding in self.holdings:
            if holding.strategy == strategy and holding.symbol == symbol:
                return holding
        return Holding(strategy=strategy, symbol=symbol)

    def owned(self, asset: str) -> Decimal:
        """What the books say the venue holds of an asset."""
        return -self.amount(EXCHANGE, asset) - self.amount(FEES, asset)

    def owned_by_strategies(self, asset: str) -> Decimal:
        """What all strategies own of an asset together."""
        return sum(
            (
                assets.get(asset, ZERO)
                for account, assets in self.balances.items()
                if account.startswith("strategy:")
            ),
            ZERO,
        )


def post(portfolio: Portfolio, entry: Entry) -> tuple[Portfolio, Entry]:
    """The portfolio after the entry, and the entry as it is stored: numbered and chained."""
    _check_balanced(entry)
    numbered = replace(entry, sequence=portfolio.sequence + 1, previous_hash=portfolio.head_hash)
    with exact_arithmetic():
        balances = {account: dict(assets) for account, assets in portfolio.balances.items()}
        for leg in entry.postings:
            assets = balances.setdefault(leg.account, {})
            assets[leg.asset] = assets.get(leg.asset, ZERO) + leg.amount
        holdings = {(h.strategy, h.symbol): h for h in portfolio.holdings}
        for execution in entry.executions:
            key = (execution.strategy, execution.symbol)
            held = holdings.get(key) or Holding(strategy=key[0], symbol=key[1])
            holdings[key] = _held_after(held, execution, entry.at)
    after = replace(
        portfolio,
        balances=balances,
        holdings=tuple(holdings[key] for key in sorted(holdings)),
        sequence=numbered.sequence,
        head_hash=entry_hash(numbered),
    )
    return after, numbered


def _check_balanced(entry: Entry) -> None:
    sums: dict[str, Decimal] = {}
    with exact_arithmetic():
        for leg in entry.postings:
            sums[leg.asset] = sums.get(leg.asset, ZERO) + leg.amount
    wrong = {asset: amount for asset, amount in sums.items() if amount}
    if wrong:
        raise LedgerUnbalanced(f"entry {entry.id} of {entry.account} is off by {wrong}")


def _held_after(held: Holding, execution: Execution, at: datetime) -> Holding:
    """Average cost: a sale realises its share of the cost, fees count against the profit."""
    on = at.date()
    today = held.realized_today if held.realized_on == on else ZERO
    fees = held.fees + execution.fee
    if execution.quantity > 0:
        fee_in_quote = execution.fee if not execution.fee_base else ZERO
        return replace(
            held,
            quantity=held.quantity + execution.quantity - execution.fee_base,
            cost=held.cost + execution.quote + fee_in_quote,
            fees=fees,
            realized_on=on,
            realized_today=today,
        )
    sold = -execution.quantity
    left = held.quantity - sold - execution.fee_base
    share = min(sold / held.quantity, Decimal(1)) if held.quantity > 0 else Decimal(1)
    cost_sold = held.cost if left <= 0 else held.cost * share
    gain = -execution.quote - cost_sold - (execution.fee if not execution.fee_base else ZERO)
    return replace(
        held,
        quantity=left,
        cost=held.cost - cost_sold,
        realized=held.realized + gain,
        fees=fees,
        realized_on=on,
        realized_today=today + gain,
        sold_at=at,
    )


def entry_hash(entry: Entry) -> str:
    """The chain's link: over everything the entry says, its predecessor's hash included."""
    legs = "|".join(f"{p.account},{p.asset},{plain(p.amount)}" for p in entry.postings)
    moves = "|".join(
        f"{e.strategy},{e.symbol},{plain(e.quantity)},{plain(e.quote)},"
        f"{plain(e.fee)},{plain(e.fee_base)}"
        for e in entry.executions
    )
    head = f"{entry.sequence};{entry.id};{entry.account};{entry.kind};{entry.at.isoformat()}"
    text = f"{head};{legs};{moves};{entry.reference};{entry.previous_hash}"
    return sha256(text.encode()).hexdigest()


def fold(account: str, quote: str, entries: Sequence[Entry]) -> Portfolio:
    """The portfolio rebuilt from nothing. LedgerUnbalanced where the hash chain is broken."""
    portfolio = Portfolio(account=account, quote=quote)
    for entry in sorted(entries, key=lambda e: e.sequence):
        if entry.previous_hash != portfolio.head_hash:
            raise LedgerUnbalanced(f"entry {entry.id} of {account} does not follow its predecessor")
        portfolio, _ = post(portfolio, entry)
    return portfolio


def marked_equity(portfolio: Portfolio, prices: Mapping[str, Decimal]) -> Decimal:
    """Pool cash plus what the strategies own at `prices` (quote per base, by symbol)."""
    with exact_arithmetic():
        return portfolio.cash + sum(
            (h.quantity * prices[h.symbol] for h in portfolio.holdings if h.quantity), ZERO
        )
