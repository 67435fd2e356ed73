"""What several racers do to one table at the same time; each returns what it says it has won.

`python -m tests.contract.stores.races ADDRESS WHO` is a racer in a process of its own: it reads
`RACE TABLE COUNT` from stdin, says that it is ready, waits for a second line, and races.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.domain.errors import StoreConflict
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row, Table
from tests.contract.stores.records import NOON, deposit, order, plan, posted, signal

REGION = "eu-west-1"
COUNTER = ("counter", "counter")
_DURATION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Racer:
    """`who` is a number from 0; `count` is how much of everything there is to do."""

    who: int
    count: int


def add_signals(table: Table, racer: Racer) -> list[str]:
    """The same alerts, delivered to everybody, each beginning elsewhere."""
    store = TableSignalStore(table)
    names = [f"s{(number + racer.who) % racer.count}" for number in range(racer.count)]
    return [n for n in names if store.add(signal(n, comment=str(racer.who))) is None]


def sign_order(table: Table, racer: Racer) -> list[str]:
    """Everybody signs one order, over and over; a version that has moved on is read again."""
    store = TableOrderStore(table)
    done = []
    for mark in _marks(racer):
        while mark not in done:
            known = store.get(order().intent.id) or order()
            try:
                if mark not in known.reason.split():
                    store.save(replace(known, reason=f"{known.reason} {mark}".strip()))
            except StoreConflict:
                continue
            done.append(mark)
    return done


def commit_plans(table: Table, racer: Racer) -> list[str]:
    """Everybody decides the account's next plan; the number of each is free only once."""
    store = TablePlanStore(table)
    won = []
    while (state := store.state("main")).sequence < racer.count:
        sequence = state.sequence + 1
        mine = plan(f"p{sequence}", sequence=sequence, configuration_version=racer.who)
        try:
            store.commit(mine, replace(state, sequence=sequence))
        except StoreConflict:
            continue
        won.append(mine.id)
    return won


def book_deposits(table: Table, racer: Racer) -> list[str]:
    """Everybody books entries of his own on the end of one chain."""
    store = TableLedgerStore(table)
    done: list[str] = []
    for number in range(racer.count):
        entry = replace(deposit(number), id=f"drift#{racer.who}.{number}")
        while entry.id not in done:
            books = store.portfolio("main", "USD")
            try:
                if entry.id not in {booked.id for booked in store.entries("main")}:
                    store.book(*posted(books, entry))
            except StoreConflict:
                continue
            done.append(entry.id)
    return done


def hold_lease(table: Table, racer: Racer) -> list[str]:
    """Count up without any condition, which goes well only for the one who holds the lease."""
    store = TableControlStore(table)
    tokens = []
    for _ in range(racer.count):
        while (lease := store.acquire("main", str(racer.who), NOON, _DURATION)) is None:
            pass
        counted = table.get(*COUNTER)
        after = 1 if counted is None else int(counted.document) + 1
        partition, sort = COUNTER
        table.overwrite([Row(partition=partition, sort=sort, document=str(after), version=1)])
        store.release(lease)
        tokens.append(str(lease.token))
    return tokens


Race = Callable[[Table, Racer], list[str]]
RACES: Mapping[str, Race] = {
    race.__name__: race
    for race in (add_signals, sign_order, commit_plans, book_deposits, hold_lease)
}


def open_table(address: str, name: str) -> Table:
    """A file called `name` in the folder `address`, or a table where AWS_ENDPOINT_URL says."""
    if not address.startswith("http"):
        return SqliteTable(Path(address) / name, patience=30)
    return DynamoDbTable(patient_client(), name)


def patient_client() -> Any:
    """The imitation answers slowly, and slower still where several ask at once."""
    return aws_client("dynamodb", region=REGION, connect_timeout=30, read_timeout=30, attempts=3)


def _marks(racer: Racer) -> list[str]:
    return [f"{racer.who}.{number}" for number in range(racer.count)]


def _main(address: str, who: int) -> None:
    for line in sys.stdin:
        race, name, count = line.split()
        table = open_table(address, name)
        table.get("nothing", "yet")  # connected before the start
        _say("ready")
        sys.stdin.readline()
        _say(json.dumps(RACES[race](table, Racer(who=who, count=int(count)))))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
