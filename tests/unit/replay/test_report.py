"""What a list itself says it won, and why alerts were not executed as they asked."""

from decimal import Decimal

from chalicelib.domain.bots.metrics import Metrics
from chalicelib.domain.replay.curves import Curves
from chalicelib.domain.replay.report import ListedAs, Reason, listed_as, reasons_of
from chalicelib.domain.replay.result import PolicyResult, Refused
from chalicelib.domain.replay.trade_list import SHORT
from chalicelib.domain.trading.drift import Deviation
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from tests.unit.replay.lists import at, listed, trade


def ended(status: SignalStatus | None, reason: str = "") -> Deviation:
    return Deviation(
        account="replay",
        strategy="btc",
        symbol="BTC/USDT",
        signal_id="s",
        fired_at=at(0),
        state=DesiredState.LONG,
        status=status,
        reason=reason,
    )


def reasons(*deviations: Deviation, refused: tuple[Refused, ...] = ()) -> list[Reason]:
    nothing = Metrics(**dict.fromkeys(Metrics._fields))  # type: ignore[arg-type]
    result = PolicyResult("fixed", {}, Curves([], [], {}), nothing, (), deviations, refused)
    return reasons_of(result)


def test_a_list_has_won_what_its_closed_long_trades_have() -> None:
    trades = [
        trade(1, 0, 2, quantity="2"),  # from 100 to 110
        trade(2, 3, 5, quantity="3", prices=("105", "101.5")),
        trade(3, 6, 7, side=SHORT, quantity="3", prices=("101", "90")),
        trade(4, 8, None, quantity="4", prices=("90", "0")),
        trade(5, 8, None, side=SHORT, quantity="5", prices=("90", "0")),
    ]
    assert listed_as("btc", "BTC/USDT", listed(*trades)) == ListedAs(
        strategy="btc",
        symbol="BTC/USDT",
        source="a.csv",
        trades=5,
        open=2,
        profit=Decimal("9.5"),
    )


def test_a_list_that_closed_nothing_has_won_nothing() -> None:
    assert listed_as("btc", "BTC/USDT", listed(trade(1, 0, None))).profit == Decimal(0)


def test_reasons_of_one_code_are_one_and_of_one_wording_whatever_the_numbers() -> None:
    found = reasons(
        ended(SignalStatus.SKIPPED, "already at 12.5 of 13"),
        ended(SignalStatus.SKIPPED, "already at 0.25 of 1"),
        ended(SignalStatus.SKIPPED, "5 are too few (NOTIONAL_BELOW_MINIMUM): 10 it must be"),
        ended(SignalStatus.SKIPPED, "7 are too few (NOTIONAL_BELOW_MINIMUM): 20 it must be"),
        ended(SignalStatus.SKIPPED, "6 are too few (NOTIONAL_BELOW_MINIMUM): 30 it must be"),
        ended(SignalStatus.PARTIALLY_EXECUTED, "trimmed (NOTIONAL_BELOW_MINIMUM)"),
    )
    assert found == [
        Reason(
            *("SKIPPED", "NOTIONAL_BELOW_MINIMUM", 3),
            "5 are too few (NOTIONAL_BELOW_MINIMUM): 10 it must be",
        ),
        Reason("SKIPPED", "already at N of N", 2, "already at 12.5 of 13"),
        Reason(
            *("PARTIALLY_EXECUTED", "NOTIONAL_BELOW_MINIMUM", 1), "trimmed (NOTIONAL_BELOW_MINIMUM)"
        ),
    ]


def test_what_was_executed_or_is_open_needs_no_reason() -> None:
    assert reasons(ended(SignalStatus.EXECUTED, "done"), ended(None, "it waits")) == []


def test_what_the_webhook_refused_counts_by_its_answer() -> None:
    refused = tuple(
        Refused("btc", f"2024-01-01T0{hour}:00:00Z", status, words)
        for hour, (status, words) in enumerate(
            ((400, "5 is odd"), (413, "long"), (400, "5 is odd"))
        )
    )
    assert reasons(ended(SignalStatus.DENIED, "no"), refused=refused) == [
        Reason("REFUSED 400", "5 is odd", 2, "5 is odd"),
        Reason("DENIED", "no", 1, "no"),
        Reason("REFUSED 413", "long", 1, "long"),
    ]


def test_reasons_of_alike_many_alerts_come_by_status_and_name() -> None:
    found = reasons(
        ended(SignalStatus.SKIPPED, "b"),
        ended(SignalStatus.SKIPPED, "a"),
        ended(SignalStatus.EXPIRED, "c"),
    )
    assert [(each.status, each.code) for each in found] == [
        ("EXPIRED", "c"),
        ("SKIPPED", "a"),
        ("SKIPPED", "b"),
    ]
