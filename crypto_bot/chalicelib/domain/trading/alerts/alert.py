"""The fields of a message -> an alert: what one strategy says about one instrument.

`market_position` decides what is wanted; the action only where it is absent, so that a repeated,
reversed or late message means the same state.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.alerts.body import Fields, malformed, meaningless, read_body
from chalicelib.domain.trading.alerts.dialects import to_canonical
from chalicelib.domain.trading.alerts.values import (
    LONG_TEXT,
    flag_of,
    instant_of,
    number_of,
    signed_number_of,
    text_of,
    word_of,
)
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Size, SizeUnit

ACTIONS: Final = {
    "buy": DesiredState.LONG,
    "sell": DesiredState.FLAT,
    "exit": DesiredState.FLAT,
    "close": DesiredState.FLAT,
}
POSITIONS: Final = {state.value: state for state in DesiredState}

UNITS: Final = {unit.value: unit for unit in SizeUnit}

_WHOLE_EQUITY: Final = Decimal(100)  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the sender said, typed. Prices are in quote; `fired_at` is UTC, None if not said.

    `id` is the sender's own identity of the message; `side` is the order that made it fire.
    """

    ticker: str
    state: DesiredState
    side: Side | None
    fired_at: datetime | None
    strategy: str = ""
    secret: str = field(default="", repr=False)
    id: str = ""
    exchange: str = ""
    interval: str = ""
    order_id: str = ""
    comment: str = ""
    previous_state: DesiredState | None = None
    size: Size | None = None
    size_ratio: Decimal | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    test: bool = False


def parse_alert(raw: bytes) -> Alert:
    """The alert in a raw body of any dialect, or SignalRejected: 400, 413 or 422."""
    return alert_from(read_body(raw))


def alert_from(message: Fields) -> Alert:
    """The alert in the fields that `read_body` found."""
    fields = to_canonical(message)
    ticker = text_of(fields, "ticker")
    if not ticker:
        raise malformed("ticker is missing; it must be the symbol, such as BTCUSDT", "ticker")
    action = word_of(fields, "order_action", _ACTION_WORDS)
    state = _state(fields, action)
    previous = word_of(fields, "prev_market_position", POSITIONS)
    return Alert(
        ticker=ticker,
        state=state,
        side=_side(action),
        fired_at=instant_of(fields, "time"),
        strategy=text_of(fields, "strategy"),
        secret=text_of(fields, "secret", LONG_TEXT),
        id=text_of(fields, "id", LONG_TEXT),
        exchange=text_of(fields, "exchange"),
        interval=text_of(fields, "interval"),
        order_id=text_of(fields, "order_id", LONG_TEXT),
        comment=text_of(fields, "order_comment", LONG_TEXT),
        previous_state=previous,
        size=_size(fields, state, previous),
        size_ratio=_size_ratio(fields, state, previous),
        price=number_of(fields, "order_price"),
        stop_loss=number_of(fields, "stop_loss"),
        take_profit=number_of(fields, "take_profit"),
        test=flag_of(fields, "test"),
    )


_ACTION_WORDS: Final = {word: word for word in ACTIONS}


def _state(fields: Fields, action: str | None) -> DesiredState:
    position = word_of(fields, "market_position", POSITIONS)
    if position is not None:
        return position
    if action is None:
        right = "long, flat or short, or give order_action: buy, sell, exit or close"
        raise malformed(f"market_position is missing; it must be {right}", "market_position")
    return ACTIONS[action]


def _side(action: str | None) -> Side | None:
    if action is None:
        return None
    return Side.BUY if action == "buy" else Side.SELL


def _size(fields: Fields, state: DesiredState, previous: DesiredState | None) -> Size | None:
    """What to hold in all. An order's own quantity says that only where nothing was held before."""
    stated = _stated_size(fields)
    held = _held(fields, state)
    ordered = number_of(fields, "order_contracts", zero=True)
    if state is DesiredState.FLAT:
        return None
    if stated is not None and stated.unit is not SizeUnit.QUANTITY and previous is not state:
        return stated
    if held is not None:
        return Size(amount=held, unit=SizeUnit.QUANTITY)
    if previous not in {None, DesiredState.FLAT}:
        return None
    if stated is None and ordered:
        return Size(amount=ordered, unit=SizeUnit.QUANTITY)
    return stated


def _stated_size(fields: Fields) -> Size | None:
    amount = number_of(fields, "size")
    unit = word_of(fields, "size_unit", UNITS) or SizeUnit.QUANTITY
    if amount is not None and unit is SizeUnit.PERCENT and amount > _WHOLE_EQUITY:
        raise meaningless(f"size is {amount} percent of the equity; at most 100 is there", "size")
    return None if amount is None else Size(amount=amount, unit=unit)


def _held(fields: Fields, state: DesiredState) -> Decimal | None:
    """The position's size after the order, as the sender has it."""
    size = number_of(fields, "market_position_size", zero=True)
    signed = signed_number_of(fields, "position_size")
    if size is None and signed is not None:
        size = abs(signed)
    if size == 0 and state is not DesiredState.FLAT:
        name = "market_position_size"
        right = f"it must be above zero where market_position is {state.value}"
        raise meaningless(f"{name} is 0; {right}", name)
    return size


def _size_ratio(
    fields: Fields, state: DesiredState, previous: DesiredState | None
) -> Decimal | None:
    """New size over old size where the side stays and the size does not; else None."""
    before = number_of(fields, "prev_market_position_size", zero=True)
    stated = number_of(fields, "size_ratio")
    if state is DesiredState.FLAT:
        return None
    if stated is not None:
        return stated
    after = _held(fields, state)
    if previous is not state or not before or not after or before == after:
        return None
    with exact_arithmetic():
        return after / before
