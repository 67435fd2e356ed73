"""What is peculiar to Kraken, KuCoin and Bitfinex: ids, clocks, digits and words of their own."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.domain.errors import OrderNotPlaced, OutcomeUnknown
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.order import OrderIntent, OrderStatus, TimeInForce, client_order_id
from chalicelib.domain.trading.side import Side
from tests.venues import bitfinex, kraken, kucoin
from tests.venues.faults import Fault, FaultKind
from tests.venues.server import VenueServer

SOON = timedelta(seconds=20)
PERMIT = timedelta(seconds=2)
FAST = {"rateLimit": 1, "timeout_on_exit": 0, "timeout": 20_000}
MODULES: dict[str, Any] = {"kraken": kraken, "kucoin": kucoin, "bitfinex": bitfinex}
SUBMIT = {"kraken": kraken.ADD_ORDER, "kucoin": kucoin.HF_ORDERS, "bitfinex": bitfinex.SUBMIT}
BTC = {"kraken": "BTC/USD", "kucoin": "BTC/USDT", "bitfinex": "BTC/USDT"}

Connect = Callable[..., CcxtExchange]
MakeIntent = Callable[..., OrderIntent]


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the venues run on the machine's time


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def connected(stack: ExitStack, make_account: Callable[..., Account]) -> Connect:
    def make(server: VenueServer, **options: Any) -> CcxtExchange:
        given = {**MODULES[server.name].ccxt_options(server), **FAST, **options}
        account = make_account(exchange=server.name, exchange_options=given)
        exchange = connect(account, {}, SystemClock())
        stack.callback(exchange.close)
        return exchange

    return make


@pytest.fixture
def kraken_venue(stack: ExitStack) -> kraken.KrakenVenue:
    book = kraken.standard_book({"BTC/USD": Decimal(60_000)}, {"USD": Decimal(10_000)})
    limits = kraken.KrakenLimits(highest_count=Decimal(10_000))
    return stack.enter_context(kraken.KrakenVenue(book, limits=limits))


@pytest.fixture
def kucoin_venue(stack: ExitStack) -> kucoin.KucoinVenue:
    book = kucoin.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    return stack.enter_context(kucoin.KucoinVenue(book))


@pytest.fixture
def bitfinex_venue(stack: ExitStack) -> bitfinex.BitfinexVenue:
    book = bitfinex.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    limits = bitfinex.BitfinexLimits(calls_per_minute=10_000)
    return stack.enter_context(bitfinex.BitfinexVenue(book, limits=limits))


@pytest.fixture(params=MODULES)
def server(request: pytest.FixtureRequest) -> VenueServer:
    made: VenueServer = request.getfixturevalue(f"{request.param}_venue")
    return made


# --- the same for all three ---


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.HANG, after=True, seconds=3.0),
        Fault(kind=FaultKind.HANG, seconds=3.0),
        Fault(kind=FaultKind.GARBAGE, after=True),
        Fault(kind=FaultKind.ERROR_500),
        Fault(kind=FaultKind.ERROR_503),
        Fault(kind=FaultKind.ERROR_503, after=True),
        Fault(kind=FaultKind.ERROR_502, after=True),
    ],
    ids=lambda fault: f"{fault.kind} {'after' if fault.after else 'before'}",
)
def test_what_leaves_the_order_unknown(
    server: VenueServer, connected: Connect, make_intent: MakeIntent, fault: Fault
) -> None:
    is_silent = fault.kind is FaultKind.HANG
    exchange = connected(server, **({"timeout": 1500} if is_silent else {}))
    exchange.balances()
    path = SUBMIT[server.name]
    server.add_fault(
        Fault(kind=fault.kind, after=fault.after, seconds=fault.seconds, method="POST", path=path)
    )
    with pytest.raises(OutcomeUnknown):
        exchange.submit(make_intent(symbol=BTC[server.name]), _now() + SOON)

    assert server.count(path, "POST") == 1


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMIT, FaultKind.BAN])
def test_a_refused_hurry_places_nothing(
    server: VenueServer, connected: Connect, make_intent: MakeIntent, kind: FaultKind
) -> None:
    server.add_fault(Fault(kind=kind, method="POST", path=SUBMIT[server.name]))
    with pytest.raises(OrderNotPlaced):
        connected(server).submit(make_intent(symbol=BTC[server.name]), _now() + SOON)

    assert server.orders == []


def test_an_order_is_accepted_before_it_can_be_seen(
    server: VenueServer, connected: Connect, make_intent: MakeIntent
) -> None:
    server.visible_after_ms = 600_000
    intent, sent_at = make_intent(symbol=BTC[server.name]), _now()
    exchange = connected(server)

    report = exchange.submit(intent, sent_at + SOON)
    not_yet = exchange.find(intent, sent_at)
    for order in server.orders:
        order.visible_from_ms = 0
    found = exchange.find(intent, sent_at)

    assert (report.status, report.fills, not_yet) == (OrderStatus.ACCEPTED, (), None)
    assert found is not None
    assert (found.status, found.filled) == (OrderStatus.FILLED, intent.quantity)
    assert found.venue_order_id == report.venue_order_id


def test_a_filled_id_sent_again_would_be_a_second_order(
    server: VenueServer, connected: Connect, make_intent: MakeIntent
) -> None:
    """Why nothing may be sent again before a lookup: none of the venues objects."""
    exchange = connected(server)
    for _ in range(2):
        exchange.submit(make_intent(symbol=BTC[server.name]), _now() + SOON)

    [first, second] = server.orders
    assert first.request.client_id == second.request.client_id


@pytest.mark.parametrize("server", ["kraken", "kucoin"], indirect=True)
def test_an_id_that_is_open_already_is_no_refusal(
    server: VenueServer, connected: Connect, make_intent: MakeIntent
) -> None:
    exchange = connected(server)
    resting = make_intent(
        symbol=BTC[server.name], limit_price=Decimal(30_000), time_in_force=TimeInForce.GTC
    )
    exchange.submit(resting, _now() + SOON)
    with pytest.raises(OutcomeUnknown):
        exchange.submit(resting, _now() + SOON)

    assert len(server.orders) == 1


def test_a_resting_order_that_fills_in_many_parts_is_reported_whole(
    server: VenueServer, connected: Connect, make_intent: MakeIntent
) -> None:
    symbol, sent_at = BTC[server.name], _now()
    intent = make_intent(
        symbol=symbol,
        quantity=Decimal("0.025"),
        limit_price=Decimal(59_000),
        time_in_force=TimeInForce.GTC,
    )
    exchange = connected(server)
    exchange.submit(intent, sent_at + SOON)
    server.set_liquidity(symbol, Decimal(0))
    server.set_price(symbol, Decimal(58_000))
    for _ in range(24):
        server.set_liquidity(symbol, Decimal("0.001"))
    partly = exchange.find(intent, sent_at)
    server.set_liquidity(symbol, Decimal("0.001"))
    found = exchange.find(intent, sent_at)

    assert partly is not None
    assert (partly.status, len(partly.fills)) == (OrderStatus.PARTIALLY_FILLED, 24)
    assert found is not None
    assert (found.status, len(found.fills)) == (OrderStatus.FILLED, 25)


# --- nonces and clocks ---


@pytest.mark.parametrize("server", ["kraken", "bitfinex"], indirect=True)
def test_where_another_process_was_ahead_nothing_is_placed(
    server: Any, connected: Connect, make_intent: MakeIntent
) -> None:
    exchange = connected(server)
    intent = make_intent(symbol=BTC[server.name])
    exchange.balances()
    seen = server.nonce
    server.nonce += 60_000
    with pytest.raises(OrderNotPlaced, match=r"(?i)nonce"):
        exchange.submit(intent, _now() + SOON)

    server.nonce = seen
    assert server.orders == []
    assert exchange.submit(intent, _now() + SOON).status is OrderStatus.FILLED


@pytest.mark.parametrize("server", ["kraken", "bitfinex"], indirect=True)
def test_a_lookup_fences_off_an_order_that_is_still_on_its_way(
    server: VenueServer, connected: Connect, make_intent: MakeIntent
) -> None:
    """What the bound of a rising nonce rests on."""
    exchange = connected(server, timeout=1000)
    intent, sent_at = make_intent(symbol=BTC[server.name]), _now()
    exchange.balances()
    server.add_fault(Fault(kind=FaultKind.LATE, path=SUBMIT[server.name], seconds=5.0))
    with pytest.raises(OutcomeUnknown):
        exchange.submit(intent, sent_at + SOON)

    assert exchange.find(intent, sent_at) is None
    [late] = server.logged(SUBMIT[server.name])
    while not late.status:
        time.sleep(0.01)
    assert server.orders == []


def test_kucoins_clock_is_measured_and_measured_again_when_it_jumps(
    kucoin_venue: kucoin.KucoinVenue, connected: Connect, make_intent: MakeIntent
) -> None:
    kucoin_venue.clock_offset_ms = -3_600_000
    exchange = connected(kucoin_venue)
    assert exchange.submit(make_intent(), _now() + SOON).status is OrderStatus.FILLED

    kucoin_venue.clock_offset_ms = 3_600_000
    another = make_intent(client_order_id=client_order_id("2"))
    with pytest.raises(OrderNotPlaced, match="TIMESTAMP"):
        exchange.submit(another, _now() + SOON)
    assert exchange.submit(another, _now() + SOON).status is OrderStatus.FILLED


def test_krakens_engine_refuses_what_was_under_way_for_too_long(
    kraken_venue: kraken.KrakenVenue, connected: Connect, make_intent: MakeIntent
) -> None:
    exchange = connected(kraken_venue)
    bound = exchange.traits().acceptance_bound
    assert bound is not None
    intent, permit_until = make_intent(symbol="BTC/USD"), _now() + PERMIT
    kraken_venue.clock_offset_ms = int((PERMIT + bound).total_seconds() * 1000) + 1000
    with pytest.raises(OrderNotPlaced, match="Deadline elapsed"):
        exchange.submit(intent, permit_until)

    [sent] = kraken_venue.logged(kraken.ADD_ORDER)
    deadline = datetime.fromisoformat(str(sent.arguments["deadline"]))
    assert permit_until < deadline <= permit_until + bound
    assert kraken_venue.orders == []


# --- one venue each ---


def test_kraken_takes_an_order_however_much_was_read_before(
    stack: ExitStack, connected: Connect, make_intent: MakeIntent
) -> None:
    """At the real pace: a question costs three seconds there, and a permit lasts for two."""
    book = kraken.standard_book({"BTC/USD": Decimal(60_000)}, {"USD": Decimal(10_000)})
    server = stack.enter_context(kraken.KrakenVenue(book))
    exchange = connected(server, rateLimit=1000)
    for _ in range(3):
        exchange.balances()
    report = exchange.submit(make_intent(symbol="BTC/USD"), _now() + PERMIT)

    assert report.status is OrderStatus.FILLED


def test_kraken_charges_its_fee_where_the_books_look_for_it(
    stack: ExitStack, connected: Connect, make_intent: MakeIntent
) -> None:
    book = kraken.standard_book({"BTC/USD": Decimal(60_000)}, {"BTC": Decimal("0.01")})
    limits = kraken.KrakenLimits(highest_count=Decimal(10_000))
    server = stack.enter_context(kraken.KrakenVenue(book, limits=limits))
    everything = make_intent(symbol="BTC/USD", side=Side.SELL, limit_price=Decimal(59_000))

    [fill] = connected(server).submit(everything, _now() + SOON).fills

    assert (fill.fee, fill.fee_asset) == (Decimal("2.4"), "USD")
    assert server.book.balance("USD").free == Decimal("597.6")
    assert server.book.balance("BTC").total == 0


def test_krakens_own_tick_counts_where_it_is_coarser_than_its_digits(
    stack: ExitStack, connected: Connect
) -> None:
    coarse = kraken.instrument("BTC/USD", tick=Decimal("0.5"))
    book = kraken.standard_book({"BTC/USD": Decimal(60_000)}, {"USD": Decimal(1)}, coarse)
    server = stack.enter_context(kraken.KrakenVenue(book))

    assert connected(server).instruments(["BTC/USD"])["BTC/USD"].price_tick == Decimal("0.5")


def test_kucoins_old_accounts_work_as_the_new_ones(
    kucoin_venue: kucoin.KucoinVenue, connected: Connect, make_intent: MakeIntent
) -> None:
    kucoin_venue.classic = True
    exchange, sent_at = connected(kucoin_venue), _now()
    report = exchange.submit(make_intent(), sent_at + SOON)

    assert exchange.find(make_intent(), sent_at) == report
    assert report.status is OrderStatus.FILLED
    assert exchange.balances()["BTC"].free == make_intent().quantity
    assert kucoin_venue.count("/api/v1/hf/orders") == 0


def test_bitfinex_finds_an_order_of_yesterday(
    stack: ExitStack, connected: Connect, make_intent: MakeIntent
) -> None:
    """Its ids are of one UTC day, and whoever asks by one has to name the day."""
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    just_before = int(midnight.timestamp() * 1000) - 500
    book = bitfinex.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    server = stack.enter_context(bitfinex.BitfinexVenue(book, clock=lambda: just_before))
    resting = make_intent(limit_price=Decimal(30_000), time_in_force=TimeInForce.GTC)
    filled = make_intent(client_order_id=client_order_id("2"))
    exchange, sent_at = connected(server), midnight - timedelta(seconds=1)
    for intent in (resting, filled):
        exchange.submit(intent, _now() + SOON)
    server.clock_offset_ms = 1_000

    found = exchange.find(filled, sent_at)
    exchange.cancel(resting, "")
    ended = exchange.find(resting, sent_at)

    assert found is not None
    assert found.status is OrderStatus.FILLED
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED
