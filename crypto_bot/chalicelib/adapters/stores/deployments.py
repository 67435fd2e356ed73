"""Deployments by name, one row each; a deleted one leaves its row, empty, for the next so named."""

from dataclasses import replace
from typing import Final

from chalicelib.adapters.stores.bot_trails import emptied_trails
from chalicelib.adapters.stores.bots import emptied_states
from chalicelib.adapters.stores.keys import key
from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

_PARTITION: Final = "deployments"
_GONE: Final = "null"


class TableDeploymentStore:
    """`DeploymentStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self) -> list[DeployedBot]:
        """See `DeploymentStore.all`."""
        rows = self._table.query(_PARTITION)
        return [_deployed(row) for row in rows if row.document != _GONE]

    def get(self, name: str) -> DeployedBot | None:
        """See `DeploymentStore.get`."""
        row = self._table.get(_PARTITION, key(name))
        return None if row is None or row.document == _GONE else _deployed(row)

    def put(self, deployed: DeployedBot) -> DeployedBot:
        """See `DeploymentStore.put`."""
        before = deployed.version
        if not before:
            row = self._table.get(_PARTITION, key(deployed.name))
            before = row.version if row is not None and row.document == _GONE else 0
        written = replace(deployed, version=before + 1)
        self._table.write([_row(written, encode(written))])
        return written

    def delete(self, deployed: DeployedBot) -> None:
        """See `DeploymentStore.delete`: what only people read goes first, then all the rest."""
        for symbol in deployed.instruments:
            self._table.overwrite(emptied_trails(self._table, deployed.name, symbol))
        gone = _row(replace(deployed, version=deployed.version + 1), _GONE)
        self._table.write([gone, *emptied_states(self._table, deployed.name)])


def _row(deployed: DeployedBot, document: str) -> Row:
    return Row(
        partition=_PARTITION,
        sort=key(deployed.name),
        document=document,
        version=deployed.version,
    )


def _deployed(row: Row) -> DeployedBot:
    return decode(DeployedBot, row.document)
