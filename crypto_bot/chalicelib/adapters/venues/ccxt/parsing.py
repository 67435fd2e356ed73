"""ccxt's unified dictionaries -> our values. Every number is text in them; a float never counts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, is_plain_amount
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance, Instrument, Ticker
from chalicelib.domain.trading.key_permissions import KeyPermissions
from chalicelib.domain.trading.order import OrderIntent, OrderReport, OrderStatus

Unified = Mapping[str, Any]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# ccxt's ways to state a precision
DECIMAL_PLACES: Final = 2
SIGNIFICANT_DIGITS: Final = 3

_CANCELED: Final = re.compile(r"\bcancell?ed\b")
_FINAL: Final = {
    "rejected": OrderStatus.CANCELED,  # taken and thrown out: it was there, and is no more
    "expired": OrderStatus.EXPIRED,
}


class IncompleteFills(Exception):
    """The order is over, but its trades do not yet add up to what was filled."""


class UnusableMarket(Exception):
    """No order for it could be made to fit; the text says why."""


class ForeignOrder(Exception):
    """The venue answered a question for our id with an order that carries another."""


def amount(value: object) -> Decimal:
    """None counts as zero."""
    return ZERO if value is None or value == "" else Decimal(str(value))


def instant(milliseconds: object, otherwise: datetime) -> datetime:
    """Exact to the microsecond; `otherwise` where the venue gave no time."""
    if milliseconds is None:
        return otherwise
    return EPOCH + timedelta(microseconds=int(Decimal(str(milliseconds)) * 1000))


def milliseconds(at: datetime) -> int:
    """Since the epoch."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def fills(trades: Iterable[Unified], quote: str, at: datetime) -> tuple[Fill, ...]:
    """Each trade once, in order of time; `at` stands in where a trade carries no time."""
    known = {str(trade["id"]): _fill(trade, quote, at) for trade in trades}
    return tuple(sorted(known.values(), key=lambda fill: (fill.at, fill.trade_id)))


def _fill(trade: Unified, quote: str, at: datetime) -> Fill:
    if trade["id"] is None:
        raise ValueError("a trade of the venue has no id, so it could be booked twice")
    charged: Unified = trade.get("fee") or next(iter(trade.get("fees") or ()), {})
    return Fill(
        trade_id=str(trade["id"]),
        quantity=amount(trade["amount"]),
        price=amount(trade["price"]),
        fee=max(ZERO, amount(charged.get("cost"))),  # a rebate turns up as drift
        fee_asset=charged.get("currency") or quote,
        at=instant(trade.get("timestamp"), at),
    )


def report(intent: OrderIntent, order: Unified, known: tuple[Fill, ...]) -> OrderReport:
    """IncompleteFills when a finished order's trades are not all there yet."""
    filled = traded(known)
    status = _status(intent, order, filled)
    if status.is_final and filled != amount(order.get("filled")):
        raise IncompleteFills(
            f"order {order['id']} filled {order.get('filled')}, its trades say {filled}"
        )
    return OrderReport(
        client_order_id=intent.client_order_id,
        venue_order_id=str(order["id"]),
        status=status,
        filled=filled,
        fills=known,
        reason=_reason(order),
    )


def is_over(order: Unified) -> bool:
    """Whether the venue says that nothing more can happen to it."""
    return order.get("status") == "closed" or _ended(order) is not None


def _ended(order: Unified) -> OrderStatus | None:
    """ccxt passes on what it has no word for: "IOC CANCELED was: PARTIALLY FILLED" (Bitfinex)."""
    word = str(order.get("status") or "").lower()
    return OrderStatus.CANCELED if _CANCELED.search(word) else _FINAL.get(word)


def traded(known: Iterable[Fill]) -> Decimal:
    """The fills' quantities together."""
    with exact_arithmetic():
        return sum((fill.quantity for fill in known), ZERO)


def _status(intent: OrderIntent, order: Unified, filled: Decimal) -> OrderStatus:
    if not is_over(order):
        return OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.ACCEPTED
    if amount(order.get("filled")) >= intent.quantity:
        return OrderStatus.FILLED
    return _ended(order) or OrderStatus.CANCELED


def _reason(order: Unified) -> str:
    said = order.get("info")
    return str(said.get("reason") or "") if isinstance(said, Mapping) else ""


def instruments(
    markets: Mapping[str, Unified], precision_mode: int, tick_field: str = ""
) -> tuple[dict[str, Instrument], dict[str, str]]:
    """Those that can be understood, and why the others cannot: one odd market stops no other.

    `tick_field` is the venue's own, where it may be coarser than the digits that ccxt reads.
    """
    found: dict[str, Instrument] = {}
    odd: dict[str, str] = {}
    for symbol, market in markets.items():
        try:
            found[symbol] = instrument(market, precision_mode, tick_field)
        except UnusableMarket as error:
            odd[symbol] = str(error)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            odd[symbol] = (
                f"the venue's filters of it cannot be read: {type(error).__name__}: {error}"
            )
    return found, odd


def instrument(market: Unified, precision_mode: int, tick_field: str = "") -> Instrument:
    """UnusableMarket where no order could be made to fit; or whatever odd values make it raise."""
    for name in ("amount", "price"):
        if market["precision"].get(name) is None:
            raise UnusableMarket(
                f"the venue states no {name} precision for it: orders could not be rounded"
            )
    limits = market["limits"]
    digits = int(market["precision"]["price"]) if precision_mode == SIGNIFICANT_DIGITS else None
    price_tick = _step(market["precision"]["price"], precision_mode)
    if tick_field:
        price_tick = max(price_tick, amount(market["info"].get(tick_field)))
    return _checked(
        Instrument(
            symbol=market["symbol"],
            base=market["base"],
            quote=market["quote"],
            quantity_step=_step(market["precision"]["amount"], precision_mode),
            price_tick=Decimal("1E-8") if digits else price_tick,
            minimum_quantity=amount(limits["amount"].get("min")),
            maximum_quantity=amount(limits["amount"].get("max")) or None,
            minimum_notional=amount(limits["cost"].get("min")),
            taker_fee=amount(market.get("taker")),
            price_digits=digits,
        )
    )


def _checked(instrument: Instrument) -> Instrument:
    """UnusableMarket names the filter that none can be, and what would be one."""
    for name in ("quantity_step", "price_tick"):
        value = getattr(instrument, name)
        if not (is_plain_amount(value) and value > 0):
            raise UnusableMarket(f"the venue states {value} as its {name}, which must be above 0")
    most = instrument.maximum_quantity
    if most is not None and not (most.is_finite() and most > 0):
        raise UnusableMarket(
            f"the venue states {most} as its maximum_quantity, which must be above 0"
        )
    for name in ("minimum_quantity", "minimum_notional", "taker_fee"):
        value = getattr(instrument, name)
        if not (is_plain_amount(value) and value >= 0):
            raise UnusableMarket(f"the venue states {value} as its {name}, which must be 0 or more")
    if instrument.taker_fee >= ONE:
        raise UnusableMarket(
            f"the venue states {instrument.taker_fee} as its taker_fee, which must be below 1"
        )
    return instrument


def _step(precision: object, mode: int) -> Decimal:
    """Where digits count for prices, quantities still count places."""
    stated = amount(precision)
    return ONE.scaleb(-int(stated)) if mode in (DECIMAL_PLACES, SIGNIFICANT_DIGITS) else stated


def ticker(symbol: str, unified: Unified, now: datetime) -> Ticker | None:
    """None where nothing has traded."""
    last = amount(unified.get("last") or unified.get("close"))
    if last <= 0:
        return None
    return Ticker(
        symbol=symbol,
        last=last,
        at=instant(unified.get("timestamp"), now),
        bid=amount(unified.get("bid")) or None,
        ask=amount(unified.get("ask")) or None,
    )


def balances(unified: Unified) -> dict[str, Balance]:
    """Every asset with anything in it."""
    found: dict[str, Balance] = {}
    for asset, total in unified["total"].items():
        free = amount(unified["free"].get(asset))
        with exact_arithmetic():
            used = unified["used"].get(asset)
            locked = amount(total) - free if used is None else amount(used)
        if free or locked:
            found[asset] = Balance(asset=asset, free=free, locked=locked)
    return found


def key_permissions(answer: Unified) -> KeyPermissions:
    """Binance's answer; a word that it leaves out is not told."""
    transfers = [_flag(answer, "enableInternalTransfer"), _flag(answer, "permitsUniversalTransfer")]
    told = [flag for flag in transfers if flag is not None]
    return KeyPermissions(
        trade=_flag(answer, "enableSpotAndMarginTrading"),
        withdraw=_flag(answer, "enableWithdrawals"),
        transfer=any(told) if told else None,
        only_from_addresses=_flag(answer, "ipRestrict"),
    )


def _flag(answer: Unified, name: str) -> bool | None:
    given = answer.get(name)
    return given if isinstance(given, bool) else None


def finished_closes(candles: Sequence[Sequence[Any]], now: datetime, days: int) -> list[Decimal]:
    """Closes of the days that are over, oldest first."""
    day = timedelta(days=1)
    over = [row for row in candles if instant(row[0], now) + day <= now]
    return [amount(row[4]) for row in sorted(over, key=lambda row: int(row[0]))][-days:]
