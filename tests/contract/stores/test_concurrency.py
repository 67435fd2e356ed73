"""Threads and processes on one table at the same moment: what is there afterwards, never when.

moto checks a condition and writes in two steps. The threads share conftest's client, and the
processes a server, both of which let one request in at a time: what is proved for DynamoDB is
our use of its conditions, not its own atomicity.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.domain.trading.ledger import fold
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.drivers.table import Table
from tests.contract.stores.races import (
    COUNTER,
    RACES,
    Racer,
    open_table,
    patient_client,
)
from tests.contract.stores.records import order

ROOT = Path(__file__).parents[3]
RACERS = 3
_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """`race` returns who has won what; `table` is what they fought over."""

    table: Table
    count: int
    race: Callable[[str], list[list[str]]]


class Processes:
    """Racers that live as long as the module, because each takes a while to start."""

    def __init__(self, stack: ExitStack, address: str) -> None:
        self.address = address
        self._racers = [_started(stack, "races", address, str(who)) for who in range(RACERS)]

    def race(self, name: str, table: str, amount: int) -> list[list[str]]:
        for racer in self._racers:
            _tell(racer, f"{name} {table} {amount}")
        for racer in self._racers:
            assert _heard(racer) == "ready"
        for racer in self._racers:
            _tell(racer, "go")
        return [json.loads(_heard(racer)) for racer in self._racers]


def _started(stack: ExitStack, module: str, *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.contract.stores.{module}", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | _aws(words),  # noqa: TID251 - handed on to the program
    )
    stack.enter_context(process)
    stack.callback(process.kill)
    return process


def _aws(words: Sequence[str]) -> dict[str, str]:
    address = next((word for word in words if word.startswith("http")), "")
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    return keys | {"AWS_ENDPOINT_URL": address} if address else {}


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture(scope="module")
def sqlite_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with ExitStack() as stack:
        yield Processes(stack, str(tmp_path_factory.mktemp("race")))


@pytest.fixture(scope="module")
def dynamodb_processes() -> Iterator[Processes]:
    with ExitStack() as stack:
        server = _started(stack, "dynamodb_server")
        yield Processes(stack, json.loads(_heard(server))["url"])


@pytest.fixture(scope="module")
def forgetful_dynamodb_processes() -> Iterator[Processes]:
    with ExitStack() as stack:
        server = _started(stack, "dynamodb_server", "--lose")
        yield Processes(stack, json.loads(_heard(server))["url"])


def _among_threads(table: Table, amount: int) -> Contest:
    def race(name: str) -> list[list[str]]:
        start = Barrier(RACERS)

        def run(who: int) -> list[str]:
            start.wait(60)
            return RACES[name](table, Racer(who=who, count=amount))

        with ThreadPoolExecutor(RACERS) as pool:
            return list(pool.map(run, range(RACERS)))

    return Contest(table=table, count=amount, race=race)


def _among_processes(processes: Processes, amount: int, monkeypatch: Any) -> Contest:
    name = f"table-{next(_numbers)}"
    if processes.address.startswith("http"):
        for variable, value in _aws([processes.address]).items():
            monkeypatch.setenv(variable, value)
        create_table(patient_client(), name)
    table = open_table(processes.address, name)
    return Contest(table=table, count=amount, race=lambda race: processes.race(race, name, amount))


@pytest.fixture(
    params=[
        "sqlite_memory",
        "sqlite_file",
        "dynamodb_table",
        "sqlite_processes",
        "dynamodb_processes",
        "forgetful_dynamodb_processes",
    ]
)
def contest(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Contest:
    amount = 3 if "dynamodb" in request.param else 20
    place = request.getfixturevalue(request.param)
    if isinstance(place, Processes):
        return _among_processes(place, amount, monkeypatch)
    return _among_threads(place, amount)


def together(won: Sequence[Sequence[str]]) -> list[str]:
    return sorted(chain(*won))


def test_an_alert_delivered_to_everybody_is_stored_by_one(contest: Contest) -> None:
    won = contest.race("add_signals")
    assert together(won) == sorted(f"s{number}" for number in range(contest.count))
    store = TableSignalStore(contest.table)
    for who, names in enumerate(won):
        for name in names:
            kept = store.get(name)
            assert kept is not None
            assert (kept.comment, kept.version) == (str(who), 1)


def test_no_version_of_an_order_is_written_over_another(contest: Contest) -> None:
    won = contest.race("sign_order")
    kept = TableOrderStore(contest.table).get(order().intent.id)
    assert kept is not None
    assert sorted(kept.reason.split()) == together(won)
    assert kept.version == len(together(won)) == RACERS * contest.count


def test_an_account_decides_each_plan_once(contest: Contest) -> None:
    won = contest.race("commit_plans")
    assert together(won) == sorted(f"p{number}" for number in range(1, contest.count + 1))
    store = TablePlanStore(contest.table)
    state = store.state("main")
    assert (state.sequence, state.version) == (contest.count, contest.count)
    for who, names in enumerate(won):
        for name in names:
            kept = store.get(name)
            assert kept is not None
            assert kept.configuration_version == who


def test_the_books_stay_one_chain(contest: Contest) -> None:
    won = contest.race("book_deposits")
    ledger = TableLedgerStore(contest.table)
    entries, portfolio = ledger.entries("main"), ledger.portfolio("main", "USD")
    assert sorted(entry.id for entry in entries) == together(won)
    assert portfolio.sequence == portfolio.version == RACERS * contest.count
    rebuilt = fold("main", "USD", entries)
    assert (rebuilt.balances, rebuilt.head_hash) == (portfolio.balances, portfolio.head_hash)


def test_one_at_a_time_holds_the_lease(contest: Contest) -> None:
    won = contest.race("hold_lease")
    turns = RACERS * contest.count
    assert sorted(int(token) for token in together(won)) == list(range(1, turns + 1))
    counted = contest.table.get(*COUNTER)
    assert counted is not None
    assert int(counted.document) == turns
