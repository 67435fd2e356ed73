"""A Binance on loopback, and feeds of it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.feeds.binance import BinanceFeed
from chalicelib.domain.market.stream_connection import Timing
from chalicelib.domain.market.stream_gap import Numbered, Unbroken
from chalicelib.domain.market.stream_plan import StreamPlan, Subject
from chalicelib.ports import Clock
from tests.market.binance_streams import (
    BinanceStreams,
)
from tests.market.feed_reader import PLAN, QUICK, Reader


@pytest.fixture
def venue(caplog: pytest.LogCaptureFixture) -> Iterator[BinanceStreams]:
    caplog.set_level(logging.WARNING, "websockets")  # it says every frame
    with BinanceStreams() as served:
        yield served


@pytest.fixture
def make_reader(venue: BinanceStreams) -> Iterator[Callable[..., Reader]]:
    """Of a feed that goes on after `last`, or after the trade that the venue had at the start."""
    with ExitStack() as opened:

        def make(
            *,
            timing: Timing = QUICK,
            plan: StreamPlan = PLAN,
            after: Numbered | None = None,
            clock: Clock | None = None,
        ) -> Reader:
            def begin(subject: Subject) -> Unbroken:
                return Unbroken(None if subject.interval else after)

            feed = BinanceFeed(
                plan,
                begin,
                stream_address=venue.stream_address,
                rest_address=venue.rest_address,
                clock=clock or SystemClock(),
                timing=timing,
            )
            opened.callback(feed.close)
            return Reader(feed, venue)

        yield make


@pytest.fixture
def reader(make_reader: Callable[..., Reader]) -> Reader:
    made = make_reader()
    made.connect()
    return made
