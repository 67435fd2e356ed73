"""Plans and what planning remembers of each account, written together or not at all."""

from dataclasses import replace
from datetime import datetime

from chalicelib.adapters.stores.keys import key, moment, until
from chalicelib.domain.trading.plan import AccountState, Plan
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

PLANS_SHELF = "plans"
DUE_SHELF = "accounts.due"


class TablePlanStore:
    """`PlanStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def state(self, account: str) -> AccountState:
        """See `PlanStore.state`."""
        row = self._table.get(key("account", account), "state")
        return AccountState(account=account) if row is None else decode(AccountState, row.document)

    def commit(self, plan: Plan, state: AccountState) -> AccountState:
        """See `PlanStore.commit`."""
        saved = replace(state, version=state.version + 1)
        self._table.write([_plan_row(plan), _state_row(saved)])
        return saved

    def save_state(self, state: AccountState) -> AccountState:
        """See `PlanStore.save_state`."""
        saved = replace(state, version=state.version + 1)
        self._table.write([_state_row(saved)])
        return saved

    def get(self, plan_id: str) -> Plan | None:
        """See `PlanStore.get`."""
        row = self._table.get(key("plan", plan_id), "plan")
        return None if row is None else decode(Plan, row.document)

    def due_accounts(self, now: datetime) -> list[str]:
        """See `PlanStore.due_accounts`; the longest due first."""
        rows = self._table.shelf(DUE_SHELF, up_to=until(now))
        return [decode(AccountState, row.document).account for row in rows]

    def next_due(self) -> datetime | None:
        """See `PlanStore.next_due`."""
        rows = self._table.shelf(DUE_SHELF, limit=1)
        return decode(AccountState, rows[0].document).wakes_at if rows else None

    def recent(self, limit: int) -> list[Plan]:
        """See `PlanStore.recent`."""
        rows = self._table.shelf(PLANS_SHELF, descending=True, limit=limit)
        return [decode(Plan, row.document) for row in rows]


def _plan_row(plan: Plan) -> Row:
    return Row(
        partition=key("plan", plan.id),
        sort="plan",
        document=encode(plan),
        version=1,  # inserted once, never changed
        shelf=PLANS_SHELF,
        at=moment(plan.created_at, plan.id),
    )


def _state_row(state: AccountState) -> Row:
    due = state.wakes_at
    return Row(
        partition=key("account", state.account),
        sort="state",
        document=encode(state),
        version=state.version,
        shelf=None if due is None else DUE_SHELF,
        at=None if due is None else moment(due, state.account),
    )
