"""`exchange_options` of a virtual account -> how its venue behaves, refused with a sentence if odd.

The venue reads the table `virtual` of the account's exchange options; what lies beside it belongs
to the venue named in `prices_from`:

    [accounts.paper.exchange_options.virtual]
    balances = { USDT = "10000" }
    fee = "0.001"
"""

from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from chalicelib.adapters.venues.virtual.faults import Fault, Faults
from chalicelib.adapters.venues.virtual.reading import Reader
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import ONE, ZERO, Exact
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.ports import VenueTraits

DEFAULT_BALANCE: Final = Decimal(10000)
DEFAULT_VOLATILITY: Final = Decimal("0.04")
_ACCEPTANCE_BOUND: Final = timedelta(seconds=5)
_VISIBILITY_LAG: Final = timedelta(seconds=3)


class FeeIn(StrEnum):
    """What a buyer pays the fee in; a seller always pays in the quote that is received."""

    QUOTE = "quote"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(Exact):
    """What the owner sets for one symbol; None leaves it as the price source says."""

    quantity_step: Decimal | None = None
    price_tick: Decimal | None = None
    minimum_quantity: Decimal | None = None
    maximum_quantity: Decimal | None = None
    minimum_notional: Decimal | None = None
    taker_fee: Decimal | None = None

    def applied_to(self, instrument: Instrument) -> Instrument:
        """The instrument with what is set here in place of its own."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(instrument, **{name: v for name, v in given.items() if v is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOptions(Exact):
    """For the price source: daily volatility as a fraction, base prices and candle files."""

    seed: str = ""
    volatility: Decimal = DEFAULT_VOLATILITY
    base: dict[str, Decimal] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualOptions(Exact):
    """How the venue behaves. Fee, spread and slippage are fractions of the price.

    `balances` opens the account once. `partial_fill` is the probability that only
    `partial_fraction` of an order finds a counterpart. `fee_digits` None keeps every digit.
    """

    balances: dict[str, Decimal]
    filters: dict[str, Filters] = field(default_factory=dict)
    fee: Decimal | None = None
    fee_in: FeeIn = FeeIn.QUOTE
    fee_digits: int | None = None
    spread: Decimal = ZERO
    slippage: Decimal = ZERO
    latency: timedelta = timedelta(0)
    partial_fill: Decimal = ZERO
    partial_fraction: Decimal = Decimal("0.5")
    seed: str = "virtual"
    faults: Faults = field(default_factory=lambda: Faults(rates={}))
    traits: VenueTraits
    prices: PriceOptions = field(default_factory=PriceOptions)

    @property
    def cost(self) -> Decimal:
        """How much worse than the last price a taker trades, as a fraction."""
        return self.spread / 2 + self.slippage


def parse_options(account: Account) -> VirtualOptions:
    """The options of the account's virtual venue. SettingsError names the field and the value."""
    table = _own_table(account)
    faults = _faults(table.table("faults"))
    options = VirtualOptions(
        balances=_balances(table.table("balances"), account),
        filters=_instruments(table.table("instruments")),
        fee=table.optional_fraction("fee"),
        fee_in=FeeIn(table.choice("fee_in", tuple(FeeIn), FeeIn.QUOTE)),
        fee_digits=table.optional_digits("fee_digits"),
        spread=table.fraction("spread"),
        slippage=table.fraction("slippage"),
        latency=timedelta(milliseconds=table.whole("latency_ms", 0)),
        partial_fill=table.fraction("partial_fill"),
        partial_fraction=table.fraction("partial_fraction", Decimal("0.5")),
        seed=table.text("seed", "virtual"),
        faults=faults,
        traits=_traits(table.table("traits"), faults),
        prices=_prices(table.table("prices")),
    )
    table.refuse_unknown()
    if options.spread / 2 + options.slippage >= ONE:
        raise SettingsError(
            f"{table.name}: spread {options.spread} and slippage {options.slippage} leave a seller "
            "nothing; together (half the spread counts) they must stay below 1"
        )
    return options


def _own_table(account: Account) -> Reader:
    whole = Reader(f"account {account.name}: exchange_options", account.exchange_options)
    if not account.prices_from:  # nobody else reads these options, so a stray name is a mistake
        whole.table("virtual")
        whole.refuse_unknown('put the virtual exchange\'s options into the table "virtual"')
    return whole.table("virtual")


def _balances(table: Reader, account: Account) -> dict[str, Decimal]:
    amounts = {asset: table.amount(asset) for asset in table.names()}
    if amounts:
        return amounts
    return {account.quote: DEFAULT_BALANCE if account.capital is None else account.capital}


def _instruments(table: Reader) -> dict[str, Filters]:
    return {symbol: _filters(table.table(symbol)) for symbol in table.symbols()}


def _filters(table: Reader) -> Filters:
    filters = Filters(
        quantity_step=table.optional_positive("quantity_step"),
        price_tick=table.optional_positive("price_tick"),
        minimum_quantity=table.optional_amount("minimum_quantity"),
        maximum_quantity=table.optional_positive("maximum_quantity"),
        minimum_notional=table.optional_amount("minimum_notional"),
        taker_fee=table.optional_fraction("fee"),
    )
    table.refuse_unknown()
    return filters


def _faults(table: Reader) -> Faults:
    strikes = [fault for fault in Fault if fault is not Fault.NONE]
    faults = Faults(
        rates={fault: table.fraction(fault.value) for fault in strikes},
        script=tuple(Fault(word) for word in table.words("script", tuple(Fault))),
        late_by=table.seconds("late_seconds", Decimal(2)),
        retry_after=table.seconds("retry_seconds", ONE),
        ban=table.seconds("ban_seconds", Decimal(10)),
        invisible=table.fraction("invisible"),
        invisible_for=table.seconds("invisible_seconds", Decimal(2)),
    )
    table.refuse_unknown()
    total = sum(faults.rates.values(), ZERO)
    if total > ONE:
        raise SettingsError(
            f"{table.name}: the faults add up to {total}; they are fractions of all orders, "
            "1 together at most"
        )
    return faults


def _traits(table: Reader, faults: Faults) -> VenueTraits:
    """A venue without faults hides nothing, so that a lost order is cleared up at once."""
    bound = max(_ACCEPTANCE_BOUND, faults.late_by) if faults.any else timedelta(0)
    lag = max(_VISIBILITY_LAG, faults.invisible_for) if faults.any else timedelta(0)
    unbounded = table.flag("acceptance_unbounded", default=False)
    acceptance = table.seconds("acceptance_bound", _in_seconds(bound))
    traits = VenueTraits(
        in_flight=table.whole("in_flight", 10, minimum=1),
        acceptance_bound=None if unbounded else acceptance,
        visibility_lag=table.seconds("visibility_lag", _in_seconds(lag)),
        finds_by_client_id=table.flag("finds_by_client_id", default=True),
        has_market_orders=table.flag("has_market_orders", default=True),
        has_stop_orders=table.flag("has_stop_orders", default=True),
    )
    table.refuse_unknown()
    return traits


def _prices(table: Reader) -> PriceOptions:
    base, files = table.table("base"), table.table("files")
    prices = PriceOptions(
        seed=table.text("seed", ""),
        volatility=table.fraction("volatility", DEFAULT_VOLATILITY),
        base={symbol: base.positive(symbol) for symbol in base.symbols()},
        files={symbol: files.text(symbol, "") for symbol in files.symbols()},
    )
    table.refuse_unknown()
    return prices


def _in_seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(milliseconds=1)) / 1000
