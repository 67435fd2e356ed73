"""Which of the venue's open orders may be another bot's, and what they keep from being bought."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.trading.order import client_order_id
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.stranger import (
    CONFIRMED_AFTER,
    OpenOrder,
    Stranger,
    strangers_among,
)
from tests.situations import BTC, ETH, NOON, a_situation

OURS = client_order_id("a plan#BTC/USDT#0")
ANOTHERS = client_order_id("a plan of another bot#BTC/USDT#0")
SOON, LATER = NOON + timedelta(seconds=44), NOON + timedelta(seconds=45)


def an_order(venue_order_id: str = "7", given: str = ANOTHERS, symbol: str = BTC) -> OpenOrder:
    return OpenOrder(
        venue_order_id=venue_order_id,
        client_order_id=given,
        symbol=symbol,
        side=Side.SELL,
        quantity=Decimal("0.50"),
        limit_price=Decimal("60000.0"),
    )


@pytest.mark.parametrize(
    ("given", "is_like_ours"),
    [
        (OURS, True),
        (OURS.upper(), True),
        ("", False),
        ("0ef6bc5f-8e7f-4c4e-9c0a-1b6f6ef0d9c1", False),  # drawn at random
        ("c232ab00-9414-11ec-b3c8-9f6bdeced846", False),  # by the clock
        ("6fa459ea-ee8a-3ca4-894e-db77e160355e", False),  # of a name, by the older hash
        ("6fa459ea-ee8a-5ca4-094e-db77e160355e", False),  # another family of UUIDs altogether
    ],
)
def test_ours_are_uuids_made_of_a_name(given: str, *, is_like_ours: bool) -> None:
    assert an_order(given=given).looks_like_ours is is_like_ours


def test_what_is_known_or_looks_otherwise_is_no_stranger() -> None:
    listed = [an_order("1", OURS), an_order("2", ""), an_order("4"), an_order("3")]
    found = strangers_among(listed, {OURS}, (), NOON)
    assert [stranger.order.venue_order_id for stranger in found] == ["3", "4"]
    assert {(s.seen_at, s.confirmed, s.mine) for s in found} == {(NOON, False, False)}


def test_it_takes_two_looks_some_time_apart_to_be_sure() -> None:
    assert timedelta(seconds=45) == CONFIRMED_AFTER
    first = strangers_among([an_order()], set(), (), NOON)
    [soon] = strangers_among([an_order()], set(), first, SOON)
    assert (soon.seen_at, soon.confirmed, soon.bars_entries) == (NOON, False, False)
    [later] = strangers_among([an_order()], set(), [soon], LATER)
    assert (later.seen_at, later.confirmed, later.bars_entries) == (NOON, True, True)
    # A clock that was set back makes nobody less sure.
    [set_back] = strangers_among([an_order()], set(), [later], NOON)
    assert set_back.confirmed
    assert strangers_among([], set(), [later], LATER) == ()
    [another] = strangers_among([an_order("8")], set(), [later], LATER)
    assert (another.seen_at, another.confirmed) == (LATER, False)


def test_an_order_is_told_by_the_venues_id_and_shown_as_it_is_now() -> None:
    before = Stranger(order=an_order(), seen_at=NOON, confirmed=True, mine=True)
    now = replace(an_order(), quantity=Decimal("0.25"))
    [found] = strangers_among([now], set(), [before], LATER)
    assert found == replace(before, order=now)


@pytest.mark.parametrize(
    ("confirmed", "mine", "bars"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_what_the_owner_knows_or_nobody_is_sure_of_bars_nothing(
    *, confirmed: bool, mine: bool, bars: bool
) -> None:
    stranger = Stranger(order=an_order(), seen_at=NOON, confirmed=confirmed, mine=mine)
    assert stranger.bars_entries is bars
    state = AccountState(account="main", strangers=(stranger,))
    assert list(state.barred) == ([BTC] if bars else [])


REASON = (
    "order 7 to sell 0.5 at 60000 rests at the venue under an id like the bot's "
    f"({ANOTHERS}) and is in no plan of its"
)


def test_all_that_bars_an_instrument_is_said_together() -> None:
    sure = Stranger(order=an_order(), seen_at=NOON, confirmed=True)
    second = replace(sure, order=an_order("8"))
    elsewhere = replace(sure, order=an_order("9", symbol=ETH))
    state = AccountState(
        account="main",
        frozen={BTC: "coins are missing", "SOL/USDT": "gone"},
        strangers=(sure, second, elsewhere),
    )
    assert state.barred == {
        BTC: f"coins are missing; {REASON}; {REASON.replace('order 7', 'order 8')}",
        "SOL/USDT": "gone",
        ETH: REASON.replace("order 7", "order 9"),
    }
    assert state.frozen == {BTC: "coins are missing", "SOL/USDT": "gone"}


def test_nothing_is_resized_where_a_stranger_is() -> None:
    sure = Stranger(order=an_order(), seen_at=NOON, confirmed=True)
    state = AccountState(account="main", strangers=(sure,))
    situation = a_situation(weights={("a", BTC): "0.5", ("b", ETH): "0.4"}, state=state)
    assert not situation.is_settled(("a", BTC))
    assert situation.is_settled(("b", ETH))
