"""What hostile posts are made of: values that somebody has sent, or will."""

from typing import Any, Final

from tests.canaries import BODY_SECRET


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


LETTERS: Final = (
    "aZ09 .,:;=%&?#/\\'\"{}[]()<>*\t\r\n\0\x1b\x7f\u00e9\u00df\u202e\u200b\ufeff\U0001f4a3\u0301"
)
CONTENT_TYPES: Final = (
    "text/plain",
    "application/json; charset=utf-16",
    "APPLICATION/JSON",
    "application/xml",
    "multipart/form-data; boundary=x",
    "image/png",
    "application/octet-stream",
    ";;;",
    "",
    "application/json\x00",
    "\u00e9" * 300,
)
HEADERS: Final = (
    ("Authorization", "Bearer nobody"),
    ("Authorization", "Basic Og=="),
    ("X-Forwarded-For", "52.89.214.238, 127.0.0.1"),
    ("Content-Encoding", "gzip"),
    ("Content-Length", "-1"),
    ("Host", "evil.example"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Cookie", "a=" + "b" * 4000),
)
AMOUNTS: Final = _words(
    "0 -0 -1 1 1e-18 9.9e-19 1e12 1.0000001e12 1e999 -1e999 1e308 1e309 1e-400 NaN nan Infinity"
    " -Infinity inf 0x10 1_000 1,5 1.5.5 .5 5. + - e5 1e 00012 0.1e+2 6e4 60000.123456789012345678"
    " 12345678901234567890123456789012345678 123456789012345678901234567890123456789"
    " 99999999999999999999999999999999999999e-26 0.000000000000000001 1e+00000000000000000001"
    " \u0661\u0662 1\u00a0000 $5 5% {{strategy.order.price}} null none true"
)
WORDS: Final = _words(
    "buy sell exit close long flat short BUY Long FLAT enter_long exit_short add none reverse"
    " l\u00f6ng lo\u0307ng LONG\u200b {{strategy.market_position}} null NaN 1 true long,flat"
)
TIMES: Final = _words(
    "2000-01-01T00:00:00Z 1999-12-31T23:59:59Z 0001-01-01T00:00:00+14:00 9999-12-31T23:59:59-12:00"
    " 9999-12-31T23:59:60Z 2024-02-30T00:00:00Z 2024-08-10T02:30:02 2024-08-10 0000000000"
    " 9999999999 9999999999999 1e9 -1 2026-03-02T08:00:00+24:00 2026-03-02T08:00:00+0530"
    " 2026-03-02T08:00:00.9999999Z \u0662\u0660\u0662\u0664-08-10T02:30:02Z NaN {{timenow}}"
)
OFFSETS: Final = (-86_400 * 400, -86_400, -3_601, -3_599, -61, -1, 0, 1, 119, 120, 121, 86_400)
BEARABLE: Final = ("1e-18", "1e12", "60000", "1", "0.5", "59999.99", "100")
TEXT_FIELDS: Final = _words("ticker strategy exchange interval id order_id order_comment secret")
AMOUNT_FIELDS: Final = _words(
    "order_price order_contracts market_position_size prev_market_position_size position_size"
    " stop_loss take_profit size size_ratio"
)
WORD_FIELDS: Final = _words("order_action market_position prev_market_position size_unit test")
RAW_NUMBERS: Final = (
    *_words("NaN Infinity -Infinity 1e999 -1e999 1e-999 1E400 -0 -0.0 01 1. .1 +1 0x1 1_0"),
    "9" * 400,
    "1" + "0" * 5000,
    "0." + "0" * 5000 + "1",
    "1e" + "9" * 400,
)

DIALECTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "tv_instrument": "BTCUSDT",
        "action": "enter_long",
        "trigger_price": "60000",
        "order": {"amount": "10", "currency_type": "percentage"},
        "strategy_info": {"market_position": "long", "market_position_size": "1"},
        "secret": BODY_SECRET,
    },
    {
        "signalToken": BODY_SECRET,
        "instrument": "BTCUSDT",
        "action": "ENTER_LONG",
        "amount": "50",
        "investmentType": "percentage_balance",
    },
    {
        "ticker": "ETHUSDT",
        "action": "buy",
        "price": "60000",
        "quantity": "5",
        "quantityType": "percent_of_position",
        "stopLoss": {"percent": "5"},
        "takeProfit": {"amount": "1e12"},
        "secret": BODY_SECRET,
    },
    {"symbol": "BTCUSDT", "side": "buy", "price": "60000", "secret": BODY_SECRET},
    {
        "SYMBOL": "ETHUSDT",
        "SIGNAL": "BUY",
        "VOLUME": "10%",
        "STOP_PRICE": "1",
        "TOKEN": BODY_SECRET,
    },
)
