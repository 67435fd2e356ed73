"""CPU of each answer of the API that reads, with 100,000 orders and their signals in the store."""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

from tests.bench.figure import Figure, at_most

_LIMIT: Final = 20.0  # ms
_ORDERS: Final = 100_000
_ROUNDS: Final = 9
_START: Final = datetime(2024, 1, 1, tzinfo=UTC)
_TOKEN: Final = "the-owner-s-token"

# Figure -> the route, its query, its path's arguments. The last page is as far back as it goes.
_READS: Final[dict[str, tuple[str, dict[str, str], dict[str, str]]]] = {
    "api_overview": ("/overview", {}, {}),
    "api_signals": ("/signals", {}, {}),
    "api_signals_filtered": ("/signals", {"text": "nobody says this"}, {}),
    "api_signals_long_ago": ("/signals", {"until": "2024-01-01T01:00:00Z"}, {}),
    "api_signal": ("/signals/{signal_id}", {}, {"signal_id": "s00070000"}),
    "api_orders": ("/orders", {}, {}),
    "api_orders_filtered": ("/orders", {"status": "REJECTED"}, {}),
    "api_orders_as_csv": ("/orders", {"format": "csv"}, {}),
    "api_order": ("/order", {"id": "p00070000#BTC/USDT#0"}, {}),
    "api_positions": ("/positions", {"all": "true"}, {}),
    "api_ledger": ("/ledger/{account}", {}, {"account": "paper"}),
    "api_performance": ("/performance/{account}", {}, {"account": "paper"}),
    "api_strategies": ("/strategies", {}, {}),
    "api_audit": ("/audit", {}, {}),
}
NAMES: tuple[str, ...] = tuple(_READS)


def figures(only: str | None) -> Iterable[Figure]:
    """The median of several, each read anew: a page that was answered before is no measure."""
    with TemporaryDirectory() as folder, _filled(Path(folder)):
        for name, (path, query, arguments) in _READS.items():
            if only in (None, name):
                yield at_most(name, _cpu(path, query, arguments), "ms", limit=_LIMIT)


def _cpu(path: str, query: dict[str, str], arguments: dict[str, str]) -> float:
    import app as application
    from chalicelib.drivers import codec

    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": path, "identity": {}},
        "headers": {"authorization": f"Bearer {_TOKEN}"},
        "pathParameters": arguments or None,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} or None,
        "stageVariables": None,
        "body": None,
    }
    spent = []
    for _ in range(_ROUNDS):
        codec._decoded.cache_clear()  # noqa: SLF001 - what it remembers came from the round before
        before = process_time()
        answer = application.app(event, None)
        json.dumps(answer)
        spent.append(process_time() - before)
        if answer["statusCode"] != 200:
            raise RuntimeError(f"{path} answered {answer}")
    return 1000 * sorted(spent)[_ROUNDS // 2]


@contextmanager
def _filled(folder: Path) -> Iterator[None]:
    from chalicelib import bootstrap
    from chalicelib.bootstrap import Choices
    from chalicelib.drivers.sqlite_table import SqliteTable
    from chalicelib.settings import Settings

    with closing(SqliteTable(folder / "state.sqlite3")) as table:
        table.overwrite(list(_rows()))
        bootstrap.use(Choices(settings=Settings(), home=folder, table=table, owner_token=_TOKEN))
        _configure()
        try:
            yield
        finally:
            bootstrap.reset()


def _configure() -> None:
    from chalicelib import bootstrap
    from chalicelib.domain.trading.account import Account, Mode, Subscription
    from chalicelib.domain.trading.performance import PerformancePoint
    from chalicelib.domain.trading.strategy import Strategy

    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[
            Account(
                name="paper",
                exchange="virtual",
                mode=Mode.VIRTUAL,
                quote="USDT",
                prices_from="synthetic",
            )
        ],
        strategies=[Strategy(name=n, instruments={"BTCUSDT": "BTC/USDT"}) for n in _names()],
        subscriptions=[
            Subscription(account="paper", strategy=name, weight=Decimal("0.09"))
            for name in _names()
        ],
    )
    figures = {"equity": Decimal(1), "realized": Decimal(1), "unrealized": Decimal(0)}
    bootstrap.analytics().add(
        [
            PerformancePoint(
                account="paper",
                strategy="",
                at=_START + timedelta(hours=hour),
                fees=Decimal(0),
                **figures,
            )
            for hour in range(2_000)
        ]
    )


def _names() -> list[str]:
    return [f"s{number}" for number in range(10)]


def _rows() -> Iterator[Any]:
    """As the stores write them: one signal, one order and one entry of the books a minute.

    Each is a copy of the first one's text: to make 100,000 records would take a minute.
    """
    from chalicelib.drivers.codec import encode
    from chalicelib.drivers.table import Row

    plan, signal = "p00000000", "s00000000"
    texts = [
        encode(record)
        for record in (_signal(signal, plan), _order(plan), _entry(plan), _deed(plan))
    ]
    began = _START.isoformat().replace("+00:00", "Z")
    for number in range(_ORDERS):
        at = _START + timedelta(minutes=number)
        name = f"{number:08d}"
        of_signal, of_order, of_entry, of_deed = (
            text.replace(began, at.isoformat().replace("+00:00", "Z"))
            .replace("00000000", name)
            .replace('"s0"', f'"s{number % 10}"')
            for text in texts
        )
        place = f"{at.isoformat(timespec='microseconds')[:26]}Z#"
        yield Row(
            partition=f"signal#s{name}",
            sort="signal",
            document=of_signal,
            version=1,
            shelf="signals.done",
            at=f"{place}s{name}",
        )
        yield Row(
            partition=f"plan#p{name}",
            sort="order#BTC/USDT#0",
            document=of_order,
            version=1,
            shelf="orders",
            at=f"{place}p{name}#BTC/USDT#0",
        )
        yield Row(
            partition="ledger#paper",
            sort=f"entry#p{name}",
            document=of_entry.replace('"sequence":1', f'"sequence":{number + 1}'),
            version=1,
            shelf="ledger#paper",
            at=f"{number + 1:012d}",
        )
        if number % 1000 == 0:
            yield Row(
                partition=f"deed#p{name}",
                sort="deed",
                document=of_deed,
                version=1,
                shelf="deeds",
                at=f"{place}p{name}",
            )
    yield Row(partition="ledger#paper", sort="portfolio", document=encode(_portfolio()), version=1)


def _signal(name: str, plan: str) -> Any:
    from chalicelib.domain.trading.signal import Outcome, SignalStatus
    from tests.contract.stores.records import signal

    status = SignalStatus.EXECUTED
    outcome = Outcome(account="paper", status=status, reason="bought", at=_START, plan_id=plan)
    return signal(
        name,
        strategy="s0",
        symbol="BTC/USDT",
        status=status,
        received_at=_START,
        outcomes=(outcome,),
        version=3,
    )


def _order(plan: str) -> Any:
    from chalicelib.domain.trading.fill import Fill
    from chalicelib.domain.trading.order import OrderStatus, Share
    from tests.contract.stores.records import order

    fill = Fill(
        trade_id="1",
        quantity=Decimal("0.1"),
        price=Decimal("67656.77"),
        fee=Decimal("6.7"),
        fee_asset="USDT",
        at=_START,
    )
    made = order(
        plan,
        "BTC/USDT",
        status=OrderStatus.FILLED,
        filled=Decimal("0.1"),
        fills=(fill,),
        created_at=_START,
        updated_at=_START,
        version=3,
    )
    share = Share(strategy="s0", quantity=Decimal("0.1"))
    return replace(made, intent=replace(made.intent, account="paper", shares=(share,)))


def _entry(plan: str) -> Any:
    from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution, Posting

    legs = (("pool", "USDT", "-1"), ("exchange", "USDT", "1"))
    bought = Execution(strategy="s0", symbol="BTC/USDT", quantity=Decimal(1), quote=Decimal(1))
    return Entry(
        id=plan,
        account="paper",
        kind=EntryKind.FILL,
        at=_START,
        postings=tuple(Posting(account=a, asset=b, amount=Decimal(c)) for a, b, c in legs),
        executions=(bought,),
        sequence=1,
    )


def _deed(name: str) -> Any:
    from chalicelib.domain.operation.deed import Deed
    from chalicelib.domain.operation.role import Role

    return Deed(
        id=name,
        at=_START,
        who="owner",
        role=Role.OWNER,
        act="POST /halt",
        about={},
        said="{}",
        digest="d",
        status=200,
    )


def _portfolio() -> Any:
    from chalicelib.domain.trading.ledger import Holding, Portfolio

    holdings = [Holding(strategy=name, symbol="BTC/USDT", quantity=Decimal(1)) for name in _names()]
    return Portfolio(
        account="paper", quote="USDT", holdings=tuple(holdings), sequence=_ORDERS, version=1
    )
