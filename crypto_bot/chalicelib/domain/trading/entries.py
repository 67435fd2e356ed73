"""What happened at the venue or between strategies, as balanced entries for the books."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, split_pro_rata
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance, Instrument
from chalicelib.domain.trading.ledger import (
    EXCHANGE,
    FEES,
    POOL,
    UNMANAGED,
    Entry,
    EntryKind,
    Execution,
    Portfolio,
    Posting,
    strategy_account,
)
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.plan import Cross
from chalicelib.domain.trading.side import Side

# How many digits of a fee are shared out; what is below them goes to the largest share.
_FEE_DIGITS = 12


def opening_entry(
    *, account: str, quote: str, balances: Sequence[Balance], capital: Decimal | None, at: datetime
) -> Entry:
    """The first entry: quote up to `capital` is the pool's, everything else is unmanaged."""
    postings: list[Posting] = []
    with exact_arithmetic():
        for balance in sorted(balances, key=lambda b: b.asset):
            total, pooled = balance.total, ZERO
            if balance.asset == quote:
                pooled = total if capital is None else min(capital, total)
            legs = ((POOL, pooled), (UNMANAGED, total - pooled), (EXCHANGE, -total))
            postings += [
                Posting(account=name, asset=balance.asset, amount=amount)
                for name, amount in legs
                if amount
            ]
    return Entry(
        id="opening", account=account, kind=EntryKind.OPENING, at=at, postings=tuple(postings)
    )


def fill_entry(
    *, intent: OrderIntent, fill: Fill, filled_before: Decimal, instrument: Instrument
) -> Entry:
    """A fill shared among the order's strategies pro rata; keyed by symbol and trade id.

    A fee in base is the strategies', in quote the pool's, in a third asset the unmanaged part's.
    `filled_before` is what earlier fills of the order moved.
    """
    with exact_arithmetic():
        sign = 1 if intent.side is Side.BUY else -1
        before = filled_shares(intent, filled_before, instrument.quantity_step)
        after = filled_shares(intent, filled_before + fill.quantity, instrument.quantity_step)
        parts = [late - early for early, late in zip(before, after, strict=True)]
        fees = _fee_parts(fill.fee, parts)
        legs: list[Posting] = []
        executions: list[Execution] = []
        for share, part, fee in zip(intent.shares, parts, fees, strict=True):
            fee_base = fee if fill.fee_asset == instrument.base else ZERO
            owner = strategy_account(share.strategy)
            legs.append(Posting(account=owner, asset=instrument.base, amount=sign * part))
            if fee_base:
                legs.append(Posting(account=owner, asset=instrument.base, amount=-fee_base))
            executions.append(
                Execution(
                    strategy=share.strategy,
                    symbol=intent.symbol,
                    quantity=sign * part,
                    quote=sign * part * fill.price,
                    fee=_fee_in_quote(fee, fill, instrument),
                    fee_base=fee_base,
                )
            )
        cost = sign * fill.quantity * fill.price
        legs.append(Posting(account=POOL, asset=instrument.quote, amount=-cost))
        legs += [
            Posting(account=EXCHANGE, asset=instrument.base, amount=-sign * fill.quantity),
            Posting(account=EXCHANGE, asset=instrument.quote, amount=cost),
        ]
        legs += _fee_legs(fill, instrument)
    return Entry(
        id=f"fill#{intent.symbol}#{fill.trade_id}",
        account=intent.account,
        kind=EntryKind.FILL,
        at=fill.at,
        postings=tuple(leg for leg in legs if leg.amount),
        executions=tuple(executions),
        reference=intent.id,
    )


def fees_within_means(portfolio: Portfolio, entry: Entry) -> Entry:
    """A seller pays a fee in base out of what it has left; the unmanaged part pays the rest."""
    legs: list[Posting] = []
    executions: list[Execution] = []
    with exact_arithmetic():
        for execution in entry.executions:
            held = portfolio.holding(execution.strategy, execution.symbol).quantity
            lacking = execution.fee_base - max(held + execution.quantity, ZERO)
            if execution.quantity > 0 or lacking <= 0:
                executions.append(execution)
                continue
            base = execution.symbol.split("/", maxsplit=1)[0]
            owner = strategy_account(execution.strategy)
            legs += [
                Posting(account=owner, asset=base, amount=lacking),
                Posting(account=UNMANAGED, asset=base, amount=-lacking),
            ]
            executions.append(replace(execution, fee_base=execution.fee_base - lacking))
    if not legs:
        return entry
    return replace(entry, postings=(*entry.postings, *legs), executions=tuple(executions))


def filled_shares(intent: OrderIntent, filled: Decimal, step: Decimal) -> list[Decimal]:
    """What each share has received once `filled` of the order is done; adds up exactly.

    The grain is a millionth of a step: so fine that a share's part only ever grows with `filled`
    and never exceeds the share, and a complete fill gives every share exactly its quantity.
    """
    weights = [share.quantity for share in intent.shares]
    if filled == intent.quantity:
        return weights
    return split_pro_rata(filled, weights, step.scaleb(-6))


def _fee_parts(fee: Decimal, parts: Sequence[Decimal]) -> list[Decimal]:
    """In whole grains: endless fractions would not add up to zero with the other legs."""
    if not fee or not any(parts):
        return [ZERO] * len(parts)
    return split_pro_rata(fee, parts, ONE.scaleb(min(fee.adjusted(), -8) - _FEE_DIGITS))


def _fee_in_quote(fee: Decimal, fill: Fill, instrument: Instrument) -> Decimal:
    if fill.fee_asset == instrument.quote:
        return fee
    return fee * fill.price if fill.fee_asset == instrument.base else ZERO


def _fee_legs(fill: Fill, instrument: Instrument) -> list[Posting]:
    if not fill.fee:
        return []
    taken = Posting(account=FEES, asset=fill.fee_asset, amount=fill.fee)
    if fill.fee_asset == instrument.base:  # the strategies' own legs already paid it
        return [taken]
    payer = POOL if fill.fee_asset == instrument.quote else UNMANAGED
    return [Posting(account=payer, asset=fill.fee_asset, amount=-fill.fee), taken]


def cross_entry(*, account: str, plan_id: str, index: int, cross: Cross, at: datetime) -> Entry:
    """Base changes hands between two strategies at mark; the pool pays itself."""
    base = cross.symbol.split("/", maxsplit=1)[0]
    with exact_arithmetic():
        quote = cross.quantity * cross.price
        given, earned = -cross.quantity, -quote
    return Entry(
        id=f"{plan_id}#{cross.symbol}#cross#{index}",
        account=account,
        kind=EntryKind.CROSS,
        at=at,
        postings=(
            Posting(account=strategy_account(cross.seller), asset=base, amount=given),
            Posting(account=strategy_account(cross.buyer), asset=base, amount=cross.quantity),
        ),
        executions=(
            Execution(strategy=cross.seller, symbol=cross.symbol, quantity=given, quote=earned),
            Execution(
                strategy=cross.buyer, symbol=cross.symbol, quantity=cross.quantity, quote=quote
            ),
        ),
        reference=plan_id,
    )


def drift_entry(*, portfolio: Portfolio, asset: str, difference: Decimal, at: datetime) -> Entry:
    """A deposit, withdrawal or manual trade: what the venue holds beyond the books."""
    with exact_arithmetic():
        counter = -difference
    return Entry(
        id=f"drift#{portfolio.sequence + 1}#{asset}",
        account=portfolio.account,
        kind=EntryKind.DRIFT,
        at=at,
        postings=(
            Posting(account=UNMANAGED, asset=asset, amount=difference),
            Posting(account=EXCHANGE, asset=asset, amount=counter),
        ),
        reference="the venue's balance differs from the books",
    )
