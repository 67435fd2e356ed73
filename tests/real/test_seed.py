"""The message and the file of the system that this one grew from, as they stand, byte for byte."""

import csv
import http.client
import io
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from tests.real.program import House

TEMPLATE = (
    '{"time": "{{timenow}}", "ticker": "{{ticker}}", "order_action": "{{strategy.order.action}}",\n'
    ' "order_price": "{{strategy.order.price}}", "order_comment": "{{strategy.order.comment}}"}'
)
MESSAGE = (
    '{"time": "2024-08-10T02:30:02Z", "ticker": "BTCUSD", "order_action": "buy", '
    '"order_price": "67656.77", "order_comment": "long"}'
)
STRATEGY_CONFIG = """{
    "BTCUSD": {"exchange_symbol": "BTC/USD", "base_asset": "BTC", "percentage": 0.2},
    "ETHUSD": {"exchange_symbol": "ETH/USD", "base_asset": "ETH", "percentage": 0.25},
    "SOLUSD": {"exchange_symbol": "SOL/USD", "base_asset": "SOL", "percentage": 0.5}
}
"""
ACCOUNT = """
[accounts.default]
exchange = "virtual"
mode = "virtual"
quote = "USD"
prices_from = "synthetic"

[accounts.default.exchange_options.virtual]
balances = { USD = "10000" }
fee = "0.002"
"""
CANDLES = {
    "BTC-USD": ("67656.77", "68000"),
    "ETH-USD": ("2600", "2600"),
    "SOL-USD": ("155", "155"),
}


def import_seed(house: House) -> dict[str, str]:
    """The tokens by strategy."""
    house.command("accounts", "apply", house.write("accounts.toml", ACCOUNT))
    file = house.write("strategy_config.json", STRATEGY_CONFIG)
    imported = house.read("strategies", "import-seed", file)
    return {name: urlsplit(url).path.split("/")[-1] for name, url in imported["webhooks"].items()}


def candle_folder(root: Path) -> str:
    """The hour of the message and the one after it, one file per instrument."""
    folder = root / "candles"
    folder.mkdir()
    for name, opens in CANDLES.items():
        lines = [
            f"2024-08-10T0{2 + hour}:00:00Z,{price},{price}" for hour, price in enumerate(opens)
        ]
        text = "\n".join(["time,open,close", *lines, ""])
        (folder / f"{name}.1h.csv").write_text(text, encoding="utf-8")
    return str(folder)


def post(connection: http.client.HTTPConnection, token: str, message: str) -> int:
    path = f"/receive_trade_signals?token={token}"
    connection.request("POST", path, message, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_the_seeds_message_becomes_a_booked_fill(tmp_path: Path) -> None:
    house = House(root=tmp_path)
    tokens = import_seed(house)
    assert sorted(tokens) == ["btcusd", "ethusd", "solusd"]
    sale = MESSAGE.replace("02:30:02", "03:10:05").replace('"buy"', '"sell"')
    prices = candle_folder(tmp_path)
    with house.running("--no-demo", "--replay-clock", "--prices", prices) as server:
        assert post(server.connection, tokens["btcusd"], MESSAGE) == 200
        assert post(server.connection, tokens["ethusd"], MESSAGE) == 422  # another's ticker
        assert post(server.connection, "", MESSAGE) == 401
        assert post(server.connection, tokens["btcusd"], sale) == 200
    signals = house.export("signals")
    assert [(s["strategy"], s["state"], s["status"]) for s in signals] == [
        ("btcusd", "long", "EXECUTED"),
        ("btcusd", "flat", "EXECUTED"),
    ]
    fills = list(csv.DictReader(io.StringIO(house.command("export", "fills"))))
    quantity = Decimal("0.02956")  # a fifth of 10000 at 67656.77, rounded down
    assert [(f["side"], Decimal(f["quantity"]), Decimal(f["price"])) for f in fills] == [
        ("buy", quantity, Decimal("67656.77")),
        ("sell", quantity, Decimal(68000)),
    ]
    cash = 10000 + quantity * (
        Decimal(68000) * Decimal("0.998") - Decimal("67656.77") * Decimal("1.002")
    )
    assert [Decimal(b["amount"]) for b in house.read("balances")] == [cash]


def test_a_message_of_now_is_booked_by_the_next_tick(tmp_path: Path) -> None:
    house = House(root=tmp_path)
    tokens = import_seed(house)
    with house.running("--no-demo") as server:
        fresh = MESSAGE.replace('"time": "2024-08-10T02:30:02Z", ', "")
        assert post(server.connection, tokens["btcusd"], fresh) == 200
    (signal,) = house.export("signals")
    assert signal["status"] == "RECEIVED"  # it waits for its siblings of the same candle close
    house.command("tick", "--at", signal["due_at"])
    (signal,) = house.export("signals")
    assert signal["status"] == "EXECUTED", signal["reason"]
    (position,) = house.read("positions")
    assert (position["strategy"], position["symbol"]) == ("btcusd", "BTC/USD")


def test_the_seeds_template_is_fit_for_the_alert_dialog(tmp_path: Path) -> None:
    house = House(root=tmp_path)
    house.command("lint-alert", house.write("alert.json", TEMPLATE))
