"""Connections that are cut, refused, replaced and announced to end."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import ExchangeUnavailable
from tests.market.binance_frames import framed, text_of
from tests.market.binance_streams import PATIENCE, BinanceStreams, wait_until
from tests.market.feed_reader import QUICK, Reader
from tests.venues.loopback import Answer


def test_trades_go_on_as_the_venue_wrote_them(reader: Reader) -> None:
    reader.venue.trade(50)
    reader.read_all()
    assert reader.trades == [text_of(fact) for fact in reader.venue.trades]
    assert reader.venue.connections[0].names == ["btcusdt@aggTrade", "btcusdt@kline_1m"]
    assert reader.venue.asked_from() == []


def test_copies_and_stale_copies_go_nowhere(reader: Reader) -> None:
    facts = reader.venue.trade(5)
    for fact in (facts[4], facts[0], facts[2]):
        reader.venue.tell(fact)
    reader.venue.trade(2)
    reader.read_all()
    assert reader.venue.asked_from() == []


def test_after_a_cut_the_feed_connects_again_and_fetches_what_it_missed(reader: Reader) -> None:
    for _ in range(3):
        reader.venue.trade(2)
        reader.read_all()
        reader.venue.open[0].cut()
        reader.venue.trade(3, told=False)
        reader.connect()
        reader.venue.trade(1)
        reader.read_all()
    assert len(reader.venue.connections) == 4


def test_what_was_said_to_nobody_comes_though_the_venue_is_silent_since(reader: Reader) -> None:
    reader.venue.trade(2)
    reader.read_all()
    reader.venue.open[0].cut()
    reader.venue.trade(3, told=False)
    reader.venue.answers = [Answer(status=503, body="down")]
    reader.connect()
    reader.read_all()
    assert reader.ids == [1000, 1001, 1002, 1003, 1004]


def test_a_server_that_refuses_is_asked_ever_more_slowly(
    venue: BinanceStreams,
    make_reader: Callable[..., Reader],
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue.refuses_connections = True
    reader = make_reader(timing=replace(QUICK, first_pause=0.1, longest_pause=0.4))
    began = time.monotonic()
    warnings = [r for r in caplog.records if "connecting failed" in r.getMessage()]
    while len(warnings) < 4:
        reader.poll()
        warnings = [r for r in caplog.records if "connecting failed" in r.getMessage()]
    pauses = [record.args[1] for record in warnings[:4] if isinstance(record.args, tuple)]
    assert pauses == [0.1, 0.2, 0.4, 0.4]
    assert time.monotonic() - began >= 0.7
    venue.refuses_connections = False
    reader.connect()
    venue.trade(2)
    reader.read_all()


def test_a_connection_is_replaced_before_its_time_while_both_speak(
    venue: BinanceStreams, make_reader: Callable[..., Reader]
) -> None:
    reader = make_reader(timing=replace(QUICK, lifetime=1.0, overlap=0.3, gap_patience=5.0))
    reader.connect()
    most_open = 0
    while len(venue.connections) < 4:
        venue.trade(1)  # to all that are open
        reader.poll()
        most_open = max(most_open, len(venue.open))
    reader.read_all()
    assert most_open == 2
    assert venue.asked_from() == []
    reader.connect()  # one again


@pytest.mark.parametrize(
    "event",
    [
        '{"e":"serverShutdown","E":1770123456789}',
        '{"event":{"e":"serverShutdown","E":1770123456789}}',
        '{"stream":"!server","data":{"e":"serverShutdown","E":1770123456789}}',
    ],
)
def test_a_server_that_is_about_to_end_is_left_in_time(reader: Reader, event: str) -> None:
    old = reader.venue.open[0]
    reader.venue.trade(2)
    reader.venue.send(event)
    reader.connect(2)
    reader.venue.trade(2, to=old)  # the old one still speaks alone
    reader.venue.trade(2, told=False)
    new = reader.venue.open[1]
    for fact in reader.venue.trades[-3:]:
        new.send(framed(fact))
    reader.read_all()
    reader.connect(1)
    assert reader.venue.open == [new]
    assert reader.malformed == []


def test_pings_are_answered_while_nobody_polls(reader: Reader) -> None:
    pong = reader.venue.open[0].socket.ping(b"are you there")
    assert pong.wait(PATIENCE)


def test_who_polls_late_makes_the_server_wait_and_loses_nothing(reader: Reader) -> None:
    reader.venue.trade(1)
    reader.read_all()
    reader.venue.trade(6_000)  # more than is held for who does not poll
    reader.read_all()


def test_a_venue_that_cannot_be_asked_at_the_start_is_tried_by_the_worker(
    venue: BinanceStreams, make_reader: Callable[..., Reader]
) -> None:
    venue.answers = [Answer(status=500, body="down")]
    reader = make_reader()
    with pytest.raises(ExchangeUnavailable, match="answered 500: down"):
        reader.poll()


def test_ends_of_connections_are_said(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reader.venue.open[0].cut()
    reader.poll_until(lambda: "the connection ended" in caplog.text)
    wait_until(lambda: not reader.venue.open)
    reader.connect()
