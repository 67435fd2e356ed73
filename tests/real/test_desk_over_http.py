"""The same ticks on the virtual venue and, through ccxt over HTTP, on Binance and Gemini fakes."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.ledger import fold
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import SignalStatus
from tests.trading_floor import HandClock, TradingFloor, virtual_account
from tests.venues import binance, gemini
from tests.venues.faults import Fault, FaultKind
from tests.venues.server import VenueServer

PRICES = {"BTC": "50000", "ETH": "2500", "SOL": "100"}
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}
CASH = Decimal(10000)
FAST = gemini.GeminiLimits(public_per_minute=60_000, private_per_minute=60_000)


class WallClock(HandClock):
    """The real time, which signatures need; what passes by hand is added to fire times only."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC) - timedelta(minutes=50))  # noqa: TID251 - signatures

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - signatures

    @property
    def story(self) -> datetime:
        return super().now()


@dataclass(frozen=True, kw_only=True)
class Desk:
    floor: TradingFloor
    server: VenueServer | None
    order_path: str = ""

    def bar(self, *alerts: tuple[str, str], **levels: Decimal) -> list[str]:
        """The next candle: alerts fire, a tick runs; ids of the signals."""
        clock = self.floor.clock
        clock.pass_time(minutes=5)
        fired = clock.story if isinstance(clock, WallClock) else clock.now()
        ids = [self.floor.alert(name, state, fired_at=fired, **levels) for name, state in alerts]
        self.floor.tick()
        return ids

    def move_market(self, base: str, price: str) -> None:
        symbol = f"{base}/{self.floor.account.quote}"
        if self.server is None:
            self.floor.prices.set(symbol, Decimal(price))
        else:
            self.server.set_price(symbol, Decimal(price))

    def shares(self) -> dict[str, Decimal]:
        return {
            name: self.floor.share(name).quantize(Decimal("0.01"))
            for name in WEIGHTS
            if self.floor.share(name) > Decimal("0.001")
        }


def _over_http(stack: ExitStack, name: str) -> Desk:
    venue, quote = (binance, "USDT") if name == "binance" else (gemini, "USD")
    prices = {f"{base}/{quote}": price for base, price in PRICES.items()}
    book = venue.standard_book({s: Decimal(p) for s, p in prices.items()}, {quote: CASH})
    server: VenueServer = (
        binance.BinanceVenue(book) if name == "binance" else gemini.GeminiVenue(book, limits=FAST)
    )
    stack.enter_context(server)
    options = {**venue.ccxt_options(server), "rateLimit": 1}
    secret = {"api-key": options.pop("apiKey"), "api-secret": options.pop("secret")}
    account = Account(
        name="paper",
        exchange=name,
        mode=Mode.LIVE,
        quote=quote,
        policy="boost",
        exchange_options=options,
    )
    clock = WallClock()
    exchange = connect(account, secret, clock)
    stack.callback(exchange.close)
    floor = TradingFloor(prices, WEIGHTS, account=account, exchange=exchange, clock=clock)
    path = "/api/v3/order" if name == "binance" else "/v1/order/new"
    return Desk(floor=floor, server=server, order_path=path)


@pytest.fixture(params=["virtual", "binance", "gemini"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with ExitStack() as stack:
        if request.param != "virtual":
            yield _over_http(stack, request.param)
            return
        prices = {f"{base}/USDT": price for base, price in PRICES.items()}
        account = virtual_account(policy="boost", options={"fee": "0.001"})
        yield Desk(floor=TradingFloor(prices, WEIGHTS, account=account), server=None)


def test_a_portfolio_goes_through_its_candles(desk: Desk) -> None:
    desk.bar(("btc", "long"))
    assert desk.shares() == {"btc": Decimal("0.95")}
    desk.bar(("eth", "long"))
    assert desk.shares() == {"btc": Decimal("0.20"), "eth": Decimal("0.75")}
    (reversal,) = desk.bar(("eth", "short"))
    assert desk.floor.outcome(reversal)[0] is SignalStatus.PARTIALLY_EXECUTED
    desk.bar(("btc", "flat"))
    assert desk.shares() == {}
    desk.bar(("btc", "long"), ("sol", "long"))
    assert desk.shares() == {"btc": Decimal("0.20"), "sol": Decimal("0.75")}
    _books_match(desk)


def test_protected_positions_leave_by_themselves(desk: Desk) -> None:
    rests = desk.floor.exchange.traits().has_stop_orders
    desk.bar(("btc", "long"), stop_loss=Decimal(47500))
    desk.bar(("eth", "long"), stop_loss=Decimal(2400), take_profit=Decimal(2700))
    assert desk.shares() == {"btc": Decimal("0.20"), "eth": Decimal("0.75")}
    waiting = [o for o in desk.floor.orders if o.intent.is_stop and not o.status.is_final]
    left = [desk.floor.owned(o.intent.shares[0].strategy) - o.remaining for o in waiting]
    assert len(left) == (2 if rests else 0)
    assert all(0 <= dust < Decimal("0.00001") for dust in left)
    desk.move_market("BTC", "47490.12")
    desk.bar()
    assert list(desk.shares()) == ["eth"]
    desk.move_market("ETH", "2700")
    desk.bar()
    assert desk.shares() == {}
    assert [order for order in desk.floor.orders if not order.status.is_final] == []
    _books_match(desk)


def _books_match(desk: Desk) -> None:
    """The ledger equals the venue's own book, asset by asset, to the last digit."""
    floor = desk.floor
    portfolio = floor.portfolio
    held = {asset: balance.total for asset, balance in floor.exchange.balances().items()}
    if desk.server is not None:
        at_venue = desk.server.book.balances
        held = {asset: b.free + b.locked for asset, b in at_venue.items() if b.free + b.locked}
    assert {a: portfolio.owned(a) for a in held} == held
    rebuilt = fold("paper", portfolio.quote, floor.ports.ledger.entries("paper"))
    assert rebuilt.balances == portfolio.balances
    kinds = {entry.kind.value for entry in floor.ports.ledger.entries("paper")}
    assert kinds == {"opening", "fill"}, "what the venue did and we did not book shows as drift"


@pytest.mark.parametrize("desk", ["binance", "gemini"], indirect=True)
@pytest.mark.parametrize("fault", [FaultKind.CUT, FaultKind.ERROR_500])
def test_an_answer_lost_on_the_wire_makes_no_second_order(desk: Desk, fault: FaultKind) -> None:
    assert desk.server is not None
    desk.server.add_fault(Fault(kind=fault, method="POST", path=desk.order_path, after=True))
    (entry,) = desk.bar(("btc", "long"))
    assert desk.floor.outcome(entry)[0] is SignalStatus.EXECUTED
    assert len(desk.server.orders) == 1
    assert [order.status for order in desk.floor.orders] == [OrderStatus.FILLED]
    _books_match(desk)


@pytest.mark.parametrize("desk", ["binance", "gemini"], indirect=True)
def test_a_partial_fill_gets_another_leg(desk: Desk) -> None:
    assert desk.server is not None
    desk.server.add_fault(Fault(kind=FaultKind.PARTIAL_FILL, method="POST", path=desk.order_path))
    (entry,) = desk.bar(("sol", "long"))
    assert desk.floor.outcome(entry)[0] is SignalStatus.EXECUTED
    assert len(desk.server.orders) == 2
    _books_match(desk)
