"""What a strategy has to show on one account, before it is trusted with another."""

from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.drift import Tally
from chalicelib.domain.trading.position import closed_positions
from chalicelib.domain.trading.track_record import TrackRecord, track_record
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.report_drift import report_drift


def report_track_record(
    ports: TradingPorts, strategy: str, account: Account, tally: Tally | None = None
) -> TrackRecord:
    """All of it since the account's books were opened. `tally`: as it was reported just now."""
    entries = ports.ledger.entries(account.name)
    return track_record(
        tally=tally or _tally(ports, strategy, account),
        entries=entries,
        closed=closed_positions(entries),
        holdings=ports.ledger.portfolio(account.name, account.quote).holdings,
        now=ports.clock.now(),
    )


def _tally(ports: TradingPorts, strategy: str, account: Account) -> Tally:
    report = report_drift(ports, [account], strategy=strategy)
    return next(iter(report.tallies), Tally(account=account.name, strategy=strategy))
