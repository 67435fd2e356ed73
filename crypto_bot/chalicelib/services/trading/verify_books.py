"""The ledgers, entry by entry: the hash chain holds, and the balances are what the entries say."""

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.domain.errors import LedgerUnbalanced
from chalicelib.domain.trading.ledger import fold
from chalicelib.ports import LedgerStore


def verify_books(ledger: LedgerStore, accounts: Iterable[str]) -> int:
    """How many entries were checked. LedgerUnbalanced names the account whose books do not fit."""
    checked = 0
    for account in accounts:
        stored = ledger.portfolio(account, "")
        entries = ledger.entries(account)
        if len(entries) != stored.sequence:
            raise LedgerUnbalanced(
                f"the books of {account} have {stored.sequence} entries, and {len(entries)} of "
                "them are there"
            )
        rebuilt = fold(account, stored.quote, entries)
        if replace(rebuilt, progress=stored.progress, version=stored.version) != stored:
            raise LedgerUnbalanced(
                f"the balances of {account} are not what its {len(entries)} entries add up to"
            )
        checked += len(entries)
    return checked
