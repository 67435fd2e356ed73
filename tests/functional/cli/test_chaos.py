"""The proof that a user can watch: the real program, killed and lied to; and its judge."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.domain.trading.order import OrderIntent, client_order_id
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.local.chaos.judge import Doings, Verdict, is_at_rest, judge
from chalicelib.local.chaos.mortal import MortalTable
from tests.functional.cli.owner_desk import Desk
from tests.trading_floor import TradingFloor

COMMAND = [sys.executable, "-m", "chalicelib.cli", "chaos"]
PRICES = {"BTC/USDT": "50000"}
WEIGHTS = {"btc": "0.2"}


def chaos(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.slow
def test_a_run_that_is_killed_and_lied_to_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = chaos("--seconds", "16", "--seed", "3", "--home", str(home), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["good"] is True
    assert verdict["kills"] > 0
    assert verdict["deliveries"] > verdict["alerts"] > 0
    assert verdict["orders"] > 0
    assert [verdict[name] for name in ("duplicates", "lost", "unbalanced", "others")] == [[]] * 4
    again = chaos("--home", str(home))
    assert again.returncode == 2
    assert again.stderr.startswith(f"crypto-bot: {home} is not empty, and chaos begins in an empty")


@pytest.mark.parametrize("seconds", ["3", "nan", "inf", "-inf", "604801"])
def test_a_play_is_neither_too_short_nor_without_an_end(desk: Desk, seconds: str) -> None:
    told = desk.refusal("chaos", "--seconds", seconds)
    assert told == f"--seconds is {seconds}; it must be from 10 to 604800"


def test_ctrl_c_is_no_verdict(tmp_path: Path) -> None:
    """Exit code 1 is for what was sent twice or lost, and nothing of that was found."""
    with subprocess.Popen(
        [*COMMAND, "--seconds", "60", "--home", str(tmp_path / "home")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "started in" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "crypto-bot: stopped by Ctrl-C, before it was done\n"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_program_dies_in_the_middle_of_its_work(tmp_path: Path, moment: str) -> None:
    """As the power goes off: nothing is cleaned up, and what was written stays."""
    file = tmp_path / "state.sqlite3"
    life = {"before": 3, "after": 4}[moment]
    lines = (
        "from pathlib import Path",
        "from chalicelib.drivers.table import Row",
        "from chalicelib.local.chaos.mortal import MortalTable",
        f"table = MortalTable(Path({str(file)!r}), {life})",
        "rows = [Row(partition='ledger#a', sort=s, document='{}', version=1) for s in 'ab']",
        "try:",
        "    for row in rows: table.write([row])",
        "finally:",
        "    print('alive')",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{moment} writing the books"
    assert done.returncode != 0
    table = MortalTable(file, 0)
    assert [row.sort for row in table.query("ledger#a")] == ["a", "b"][: life - 2]
    table.close()


# --- the judge ------------------------------------------------------------------------------


@pytest.fixture
def floor() -> TradingFloor:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    return floor


def verdict_on(floor: TradingFloor, *taken: str, refused: tuple[str, ...] = ()) -> Verdict:
    doings = Doings(
        seed="1",
        alerts=1,
        deliveries=1,
        kills=0,
        taken=frozenset(taken),
        refused=refused,
    )
    return judge(floor.ports, floor.account, floor.exchange, doings)


def send(floor: TradingFloor, intent: OrderIntent) -> None:
    floor.exchange.submit(intent, floor.clock.now() + timedelta(seconds=2))


def test_an_honest_desk_is_found_good(floor: TradingFloor) -> None:
    [signal] = floor.ports.signals.recent(10)
    assert is_at_rest(floor.ports, floor.account, frozenset({signal.id}))
    verdict = verdict_on(floor, signal.id)
    assert verdict.is_good
    assert (verdict.orders, verdict.fills, verdict.sent_again) == (1, 1, 0)


def test_an_order_that_was_sent_twice_is_found(floor: TradingFloor) -> None:
    [order] = floor.orders
    send(floor, order.intent)
    verdict = verdict_on(floor)
    name = order.intent.client_order_id
    assert verdict.duplicates == (f"the venue accepted order {name} 2 times",)
    assert "the venue holds 0.08 BTC, the books say 0.04" in verdict.unbalanced
    assert not verdict.is_good


def test_an_order_that_nobody_wrote_down_is_found(floor: TradingFloor) -> None:
    [order] = floor.orders
    stranger = client_order_id("stranger")
    send(floor, replace(order.intent, client_order_id=stranger, quantity=Decimal("0.01")))
    [sentence] = verdict_on(floor).others
    assert sentence == f"the venue accepted order {stranger}, which was never written down"


def test_a_signal_without_an_end_and_one_that_is_gone_are_found(floor: TradingFloor) -> None:
    floor.clock.pass_time(minutes=1)
    waiting = floor.alert("btc", "flat")
    assert not is_at_rest(floor.ports, floor.account, frozenset({waiting}))
    assert set(verdict_on(floor, waiting, "gone").lost) == {
        f"signal {waiting} is still {SignalStatus.RECEIVED}, and should have ended",
        "signal gone was answered 200 and is not stored",
    }


def test_refused_alerts_count_against_the_program(floor: TradingFloor) -> None:
    verdict = verdict_on(floor, refused=("422: no such ticker",))
    assert verdict.others == ("an alert was refused: 422: no such ticker",)
    assert not verdict.is_good
