"""crypto-bot backtest on a year of recorded hours, outages included: the engine's own figures."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.bootstrap.candles import candle_lake
from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import candles_of
from chalicelib.domain.bots.metrics import measure
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument
from tests.functional.cli.owner_desk import Desk
from tests.real.test_candles import BINANCE_OUTAGE, OUTAGES, recorded, rows

BTC = "BTC/USDT"
STEP = Decimal("0.00001")
YEAR = 8_766


def test_it_says_what_the_engine_says(tmp_path: Path) -> None:
    recorded_rows = rows(recorded(OUTAGES))[:YEAR]
    candles = candles_of(BTC, Interval.H1, recorded_rows)
    (setup,) = set_up(ready_made("scalper"), instruments=[BTC], interval="1h")
    instrument = Instrument(
        symbol=BTC, base="BTC", quote="USDT", quantity_step=STEP, price_tick=Decimal("0.01")
    )
    test = backtest(setup, {BTC: candles}, Terms({BTC: instrument}, Decimal(10_000)))
    first = candles.close[0]
    expected = measure(test, 10_000.0, [close / first for close in candles.close])
    assert len(test.fills) > 1000
    desk, written = Desk(tmp_path), tmp_path / "test.json"
    candle_lake().write(candle_series("binance", BTC, "1h"), recorded_rows)
    words = ("--instrument", BTC, "--interval", "1h", "--step", str(STEP), "--tick", "0.01")
    told = desk.run("backtest", "scalper", *words, "--json", str(written))
    read = json.loads(written.read_text())
    assert read["summary"] == pytest.approx(expected._asdict(), rel=1e-12)
    assert [(Decimal(f["price"]), Decimal(f["quantity"])) for f in read["fills"]] == [
        (fill.price, fill.quantity) for fill in test.fills
    ]
    assert Decimal(read["cash"]) == test.cash
    gaps = read["candles"][BTC]["gaps"]
    assert any(gap["start"].startswith(f"{BINANCE_OUTAGE:%Y-%m-%d}") for gap in gaps)
    hours = (candles.start[-1] - candles.start[0]) // 3_600_000 + 1
    missing = f"{hours - YEAR} candles of binance BTC/USDT 1h are missing, in {len(gaps)} gaps"
    assert missing in told.stderr
