"""What exchanges show of an account's doings and keys, for the owner who has to judge an order."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.domain.errors import OutcomeUnknown
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.ports import ShowsActivity
from tests.contract.venues.control import Control, Trouble

Open = Callable[..., Control]


def test_an_open_order_is_listed_with_whether_it_is_the_one_in_question(open_venue: Open) -> None:
    venue = open_venue()
    asked, other = venue.resting("asked"), venue.resting("other")
    since = venue.now()
    for intent in (asked, other):
        assert venue.exchange.submit(intent, venue.permit_until()).status is OrderStatus.ACCEPTED
    assert isinstance(venue.exchange, ShowsActivity)
    shown = venue.exchange.activity(asked, "", since)
    assert shown.resting is not None
    assert sorted((o.asked_for, o.quantity, o.limit_price, o.side) for o in shown.resting) == [
        (False, other.quantity, other.limit_price, other.side),
        (True, asked.quantity, asked.limit_price, asked.side),
    ]
    assert shown.trades == ()


def test_own_trades_are_listed_as_they_are_booked(open_venue: Open) -> None:
    venue = open_venue()
    since = venue.now() - timedelta(seconds=1)  # venues count in milliseconds
    intent = venue.buy()
    report = venue.exchange.submit(intent, venue.permit_until())
    assert isinstance(venue.exchange, ShowsActivity)
    shown = venue.exchange.activity(intent, report.venue_order_id, since)
    assert shown.trades is not None
    assert tuple(trade.fill for trade in shown.trades) == report.fills
    assert {(trade.asked_for, trade.venue_order_id) for trade in shown.trades} == {
        (True, report.venue_order_id)
    }
    assert shown.resting == ()
    later = venue.now() + timedelta(hours=1)
    assert venue.exchange.activity(intent, report.venue_order_id, later).trades == ()


def test_an_order_that_got_lost_shows_nothing(open_venue: Open) -> None:
    venue = open_venue(Trouble.REQUEST_LOST)
    since = venue.now()
    intent = venue.buy()
    with pytest.raises(OutcomeUnknown):
        venue.exchange.submit(intent, venue.permit_until())
    assert isinstance(venue.exchange, ShowsActivity)
    shown = venue.exchange.activity(intent, "", since)
    assert (shown.resting, shown.trades) == ((), ())
    assert venue.accepted() == []
