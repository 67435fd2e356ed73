"""Every key of the owner's files: what it becomes, what it may be, and what is said otherwise."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.channel import Channel, ChannelKind, Notifications
from chalicelib.domain.operation.configuration import parse_notifications
from chalicelib.domain.operation.notice import Severity
from chalicelib.domain.trading.account import Account, Basis, Mode, OrderStyle, Subscription
from chalicelib.domain.trading.configuration.files import Draft, parse_accounts, parse_strategies
from chalicelib.domain.trading.configuration.toml_source import read_toml, shown
from chalicelib.domain.trading.strategy import Strategy

STRATEGY = '[strategies.s]\ninstruments = { A = "B/C" }\n'
ACCOUNT = '[accounts.a]\nexchange = "virtual"\nmode = "virtual"\nquote = "C"\n'
FOLLOWER = "[accounts.a.strategies.s]\n"


def strategies(text: str) -> Draft:
    return parse_strategies(text, "f")


def accounts(text: str) -> Draft:
    return parse_accounts(text, "f")


def refused(parse: Any, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    return str(caught.value)


# --- whole files ----------------------------------------------------------------------------


def test_a_strategy_with_every_key() -> None:
    text = (
        "[strategies.s.instruments]\nA = 'B/C'\n'X:D.P' = 'D/C'\n[strategies.s]\n"
        'timeframe = "15m"\nsibling_wait = 7\nmax_lag = 8\nstop_words = [" Out ", "halt"]\n'
        'open = true\nsilence_after = 9\nstop_loss = 0.05\ntake_profit = "1.5"\n'
    )
    assert strategies(text).strategies == {
        "s": Strategy(
            name="s",
            instruments={"A": "B/C", "X:D.P": "D/C"},
            timeframe="15m",
            sibling_wait=7,
            max_lag=8,
            stop_words=("out", "halt"),
            open=True,
            silence_after=9,
            stop_loss=Decimal("0.05"),
            take_profit=Decimal("1.5"),
        )
    }


def test_a_strategy_with_no_more_than_it_needs_and_a_second_one() -> None:
    draft = strategies(STRATEGY + STRATEGY.replace("strategies.s", "strategies.t"))
    assert draft.strategies == {n: Strategy(name=n, instruments={"A": "B/C"}) for n in "st"}
    assert (draft.accounts, draft.subscriptions, draft.pauses) == (None, (), frozenset())


def test_an_account_with_every_key() -> None:
    text = (
        '[accounts.a]\nexchange = " kraken "\nmode = "live"\nquote = "EUR"\nsecret = "keys"\n'
        'capital = "1000.50"\npolicy = "boost"\nreserve = 0.1\nbasis = "cost"\n'
        "reboost_on_exit = true\nrebalance_band = 0.2\nrisk_per_trade = 0.03\n"
        'order_style = "limit"\nincrement = 0.004\nmax_legs = 5\nunfilled_timeout = 6\n'
        'prices_from = "binance"\nmax_drawdown = 0.7\ndaily_loss_stop = 0.8\n'
        "max_exposure_per_coin = 0.9\nmax_open_positions = 10\nmax_orders_per_minute = 11\n"
        "max_price_age = 12\n"
        "exchange_options = { a = 1.50, b = [2, { c = true }], d = 'x' }\n"
    )
    draft = accounts(text)
    assert draft.accounts == {
        "a": Account(
            name="a",
            exchange="kraken",
            mode=Mode.LIVE,
            quote="EUR",
            secret="keys",
            capital=Decimal("1000.5"),
            policy="boost",
            reserve=Decimal("0.1"),
            basis=Basis.COST,
            reboost_on_exit=True,
            rebalance_band=Decimal("0.2"),
            risk_per_trade=Decimal("0.03"),
            order_style=OrderStyle.LIMIT,
            increment=Decimal("0.004"),
            max_legs=5,
            unfilled_timeout=6,
            prices_from="binance",
            max_drawdown=Decimal("0.7"),
            daily_loss_stop=Decimal("0.8"),
            max_exposure_per_coin=Decimal("0.9"),
            max_open_positions=10,
            max_orders_per_minute=11,
            max_price_age=12,
            exchange_options={"a": "1.5", "b": [2, {"c": True}], "d": "x"},
        )
    }
    assert (draft.strategies, draft.subscriptions) == (None, ())


def test_an_account_with_no_more_than_it_needs() -> None:
    assert accounts(ACCOUNT).accounts == {
        "a": Account(name="a", exchange="virtual", mode=Mode.VIRTUAL, quote="C")
    }


def test_a_subscription_with_every_key() -> None:
    text = (
        ACCOUNT + FOLLOWER + "weight = 0.5\npriority = -3\npaused = true\napproval = true\n"
        "max_order_notional = 100\nmax_orders_per_day = 4\ndaily_loss_stop = 0.05\n"
        "max_slippage = 0.06\ncooldown = 7\ncooldown_after = 8\n"
        'trading_hours = ["08:00-09:00", "mon 22:00-02:00"]\n'
    )
    draft = accounts(text)
    assert draft.subscriptions == (
        Subscription(
            account="a",
            strategy="s",
            weight=Decimal("0.5"),
            priority=-3,
            paused=True,
            approval=True,
            max_order_notional=Decimal(100),
            max_orders_per_day=4,
            daily_loss_stop=Decimal("0.05"),
            max_slippage=Decimal("0.06"),
            cooldown=7,
            cooldown_after=8,
            trading_hours=("08:00-09:00", "mon 22:00-02:00"),
        ),
    )
    assert draft.pauses == {("a", "s")}


def test_subscriptions_with_no_more_than_they_need() -> None:
    two = FOLLOWER + "weight = 1\n" + FOLLOWER.replace(".s]", ".t]") + "weight = 0.5\n"
    draft = accounts(ACCOUNT + two + ACCOUNT.replace("accounts.a", "accounts.b"))
    assert draft.subscriptions == (
        Subscription(account="a", strategy="s", weight=Decimal(1)),
        Subscription(account="a", strategy="t", weight=Decimal("0.5")),
    )
    assert set(draft.accounts or ()) == {"a", "b"}
    assert draft.pauses == frozenset()


@pytest.mark.parametrize("policy", ["equal", "inverse_volatility", "signal_sized"])
def test_a_policy_without_weights_may_have_them(policy: str) -> None:
    text = ACCOUNT + f'policy = "{policy}"\n' + FOLLOWER
    [subscription] = accounts(text).subscriptions
    assert (subscription.weight, type(subscription.weight)) == (0, Decimal)
    [weighed] = accounts(text + "weight = 0.3\n").subscriptions
    assert weighed.weight == Decimal("0.3")


@pytest.mark.parametrize("policy", ["fixed", "boost", "risk_per_trade"])
def test_a_policy_with_weights_needs_them(policy: str) -> None:
    text = ACCOUNT + f'policy = "{policy}"\n' + FOLLOWER
    assert refused(accounts, text) == (
        "f line 6: accounts.a.strategies.s has no weight; every one needs it"
    )


@pytest.mark.parametrize("key", ["exchange", "mode", "quote"])
def test_an_account_needs_these(key: str) -> None:
    text = "".join(line for line in ACCOUNT.splitlines(keepends=True) if not line.startswith(key))
    assert refused(accounts, text) == f"f line 1: accounts.a has no {key}; every one needs it"


@pytest.mark.parametrize("mode", ["live", "sandbox"])
def test_what_is_not_virtual_needs_a_secret(mode: str) -> None:
    text = ACCOUNT.replace('mode = "virtual"', f'mode = "{mode}"')
    assert refused(accounts, text) == (
        f'f line 1: accounts.a is {mode} and has no secret; name one, such as secret = "keys"'
    )
    assert accounts(ACCOUNT + 'secret = "keys"\n').accounts["a"].secret == "keys"  # type: ignore[index]


# --- what a value may be --------------------------------------------------------------------

WEIGHT = "a fraction above 0 and at most 1, such as 0.25"
PART = "a fraction from 0 to below 1, such as 0.02"
MONEY = 'an amount above 0, such as 1000 or "1000.50"'
FLAG = "true or false, without quotes"
TEXT = "text in quotes"
TIMEFRAME = 'a number with s, m, h, d or w, such as "15m" or "4h", and at most "52w"'
WINDOWS = 'a list of windows in UTC, such as ["mon-fri 13:30-20:00"]'
WORDS = 'a list of words, such as ["stop", "sl"]'
MONTH = 31 * 86_400


def whole(low: int, high: int, unit: str) -> tuple[str, list[str], list[str]]:
    sentence = f"a whole number of {unit} from {low} to {high}"
    return sentence, [str(low), str(high)], [str(low - 1), str(high + 1), "1.5", "true", '"5"']


Bounds = tuple[str, list[str], list[str]]  # the sentence, what is taken, what is not
OF_WEIGHT: Bounds = (WEIGHT, ["1", "0.000001", '"0.5"'], ["0", "1.01", "-1", "true", '"x"', "[]"])
OF_PART: Bounds = (PART, ["0", "0.999"], ["1", "-0.001", "false", '"nan"'])
OF_MONEY: Bounds = (MONEY, ["0.01", '"5"'], ["0", "-1", "true"])
OF_FLAG: Bounds = (FLAG, ["true", "false"], ['"true"', "1"])
OF_TEXT: Bounds = (TEXT, ['"x"'], ['" "', "5", "true"])

STRATEGY_KEYS: dict[str, Bounds] = {
    "timeframe": (TIMEFRAME, ['"1s"', '"60"', '"2W"', '"52w"'], ['"0m"', '"m"', "60", '"1x"']),
    "sibling_wait": whole(0, MONTH, "seconds"),
    "max_lag": whole(0, MONTH, "seconds"),
    "stop_words": (WORDS, ["[]", '["a"]'], ['"a"', '["a", " "]', '["a", 1]', "1"]),
    "open": OF_FLAG,
    "silence_after": whole(1, 10_000, "candles"),
    "stop_loss": (
        "a fraction above 0 and below 1, such as 0.05",
        ["0.001", "0.999"],
        ["0", "1", "-1"],
    ),
    "take_profit": (
        "a fraction above 0 and at most 1000, such as 0.1",
        ["0.001", "99", "1000"],
        ["0", "-1", "1000.001", "1e999999", "inf"],
    ),
}
ACCOUNT_KEYS: dict[str, Bounds] = {
    "secret": OF_TEXT,
    "capital": OF_MONEY,
    "policy": (
        "one of boost, equal, fixed, inverse_volatility, risk_per_trade, signal_sized; ",
        ['"fixed"'],
        ['"fixd"', "5", "true"],
    ),
    "reserve": OF_PART,
    "basis": ("one of mark, cost", ['"mark"', '"cost"'], ['"Mark"', "1"]),
    "reboost_on_exit": OF_FLAG,
    "rebalance_band": OF_PART,
    "risk_per_trade": OF_WEIGHT,
    "order_style": ("one of marketable_limit, limit, market", ['"market"'], ['"stop"', "true"]),
    "increment": OF_PART,
    "max_legs": whole(1, 100, "legs"),
    "unfilled_timeout": whole(0, MONTH, "seconds"),
    "prices_from": OF_TEXT,
    "max_drawdown": OF_WEIGHT,
    "daily_loss_stop": OF_WEIGHT,
    "max_exposure_per_coin": OF_WEIGHT,
    "max_open_positions": whole(1, 10_000, "positions"),
    "max_orders_per_minute": whole(1, 6_000, "orders"),
    "max_price_age": whole(1, 86_400, "seconds"),
    "exchange_options": ("a table of the exchange's own options", ["{}", "{ a = 1 }"], ["5", "[]"]),
}
FOLLOWER_KEYS: dict[str, Bounds] = {
    "weight": OF_WEIGHT,
    "priority": whole(-1000, 1000, "priority"),
    "paused": OF_FLAG,
    "approval": OF_FLAG,
    "max_order_notional": OF_MONEY,
    "max_orders_per_day": whole(1, 100_000, "orders"),
    "daily_loss_stop": OF_WEIGHT,
    "max_slippage": OF_WEIGHT,
    "cooldown": whole(0, MONTH, "seconds"),
    "cooldown_after": whole(1, 1000, "losses"),
    "trading_hours": (WINDOWS, ["[]", '["00:00-24:00"]'], ['"00:00-24:00"', "[1]", "1", '["x"]']),
}
PLACES = [
    *((strategies, STRATEGY, "strategies.s", key, rule) for key, rule in STRATEGY_KEYS.items()),
    *((accounts, ACCOUNT, "accounts.a", key, rule) for key, rule in ACCOUNT_KEYS.items()),
    *(
        (accounts, ACCOUNT + FOLLOWER, "accounts.a.strategies.s", key, rule)
        for key, rule in FOLLOWER_KEYS.items()
    ),
]


@pytest.mark.parametrize(
    ("parse", "before", "table", "key", "rule"), PLACES, ids=[f"{p[2]}.{p[3]}" for p in PLACES]
)
def test_a_key_takes_its_bounds_and_nothing_beyond(
    parse: Any, before: str, table: str, key: str, rule: Bounds
) -> None:
    sentence, taken, wrong = rule
    needed = "weight = 1\n" if table.endswith(".strategies.s") and key != "weight" else ""
    for value in taken:
        parse(f"{before}{needed}{key} = {value}\n")
    line = (before + needed).count("\n") + 1
    for value in wrong:
        text = f"{before}{needed}{key} = {value}\n"
        known = read_toml(text, "f").values
        for part in (*table.split("."), key):
            known = known[part]  # type: ignore[assignment]
        start = f"f line {line}: {table}.{key} is {shown(known)}, but must be {sentence}"
        said = refused(parse, text)
        assert said.startswith(start)
        assert said == start or key in {"policy", "trading_hours"}


@pytest.mark.parametrize(
    "timeframe", ["53w", "365d", "31449601s", "99999999999w", f"{10**30}d", "9" * 5_000 + "m"]
)
def test_a_timeframe_is_no_longer_than_a_year_of_weeks(timeframe: str) -> None:
    text = f'{STRATEGY}timeframe = "{timeframe}"\n'
    assert refused(strategies, text) == (
        f"f line 3: strategies.s.timeframe is {shown(timeframe)}, but must be {TIMEFRAME}"
    )


PLAIN = "but must be a number with at most 18 digits before and 18 behind the point"
DIGITS = "free of numbers with more than 18 digits before or 18 behind the point"


@pytest.mark.parametrize(
    ("parse", "before", "key", "value"),
    [
        (accounts, ACCOUNT, "capital", "1e18"),
        (accounts, ACCOUNT, "capital", '"1e999999"'),
        (accounts, ACCOUNT, "capital", "9" * 4_000),
        (accounts, ACCOUNT, "reserve", "1e-19"),
        (accounts, ACCOUNT, "reserve", '"1e-999999"'),
        (accounts, ACCOUNT, "rebalance_band", "0." + "1" * 4_000),
        (strategies, STRATEGY, "stop_loss", "1e-19"),
        (strategies, STRATEGY, "take_profit", '"1e-999999"'),
        (accounts, ACCOUNT + FOLLOWER + "weight = 1\n", "max_order_notional", "1e+18"),
        (accounts, ACCOUNT + FOLLOWER, "weight", "1e-19"),
    ],
)
def test_no_amount_has_more_digits_than_money_has(
    parse: Any, before: str, key: str, value: str
) -> None:
    assert refused(parse, f"{before}{key} = {value}\n").endswith(PLAIN)


def test_amounts_with_as_many_digits_as_money_has_are_taken() -> None:
    text = f"{ACCOUNT}capital = {'9' * 18}.{'1' * 18}\nreserve = 1e-18\nincrement = 0e-18\n"
    account = (accounts(text).accounts or {})["a"]
    assert account.capital == Decimal(f"{'9' * 18}.{'1' * 18}")
    assert (account.reserve, account.increment) == (Decimal("1e-18"), 0)
    options = accounts(ACCOUNT + f"exchange_options = {{ a = -{'9' * 18}, b = 1e-18 }}\n").accounts
    assert (options or {})["a"].exchange_options == {"a": -(10**18) + 1, "b": f"0.{'0' * 17}1"}


@pytest.mark.parametrize(
    "value", ["1e18", "-1e18", "1e999999", "1e-19", "nan", "-inf", "1" + "0" * 18, "0x" + "f" * 99]
)
def test_an_exchange_option_has_no_more_digits_either(value: str) -> None:
    text = f"{ACCOUNT}exchange_options = {{ a = [{{ b = {value} }}] }}\n"
    assert refused(accounts, text).endswith(f", but must be {DIGITS}")


@pytest.mark.parametrize(
    "number", ["9" * 5_000, "1e99999999999999999999", "0.1e-99999999999999999999"]
)
def test_a_number_that_cannot_even_be_read_is_refused(number: str) -> None:
    assert refused(strategies, f"{STRATEGY}max_lag = {number}\n") == (
        "f: a number in it has more digits than can be read"
    )


def test_a_number_that_cannot_be_written_out_is_refused_at_its_line() -> None:
    assert refused(strategies, f"{STRATEGY}max_lag = 0x{'f' * 5_000}\n") == (
        "f line 3: strategies.s.max_lag is a number of thousands of digits, "
        f"but must be {whole(0, MONTH, 'seconds')[0]}"
    )


def test_lists_in_lists_without_end_are_refused() -> None:
    text = f"{STRATEGY}stop_words = {'[' * 9_000}{']' * 9_000}\n"
    assert refused(strategies, text) == ("f: lists or tables in it are nested too deep to be read")


def test_some_values_get_the_reason_as_well() -> None:
    hours = ACCOUNT + FOLLOWER + 'weight = 1\ntrading_hours = ["8-9"]\n'
    assert refused(accounts, hours).endswith(
        "such as [\"mon-fri 13:30-20:00\"]: '8-9' is no window such as 08:00-16:30 or "
        "mon-fri 13:30-20:00"
    )
    assert refused(accounts, ACCOUNT + 'policy = "fixd"\n').endswith("; did you mean fixed?")
    dated = ACCOUNT + "exchange_options = { a = [2024-08-10] }\n"
    assert refused(accounts, dated) == (
        "f line 5: accounts.a.exchange_options is {'a': [datetime.date(2024, 8, 10)]}, "
        "but must be free of dates, which no exchange's options hold"
    )
    assert "free of dates" in refused(accounts, ACCOUNT + "exchange_options = { a = 12:00:00 }\n")


@pytest.mark.parametrize(
    ("parse", "text", "sentence"),
    [
        (
            strategies,
            "[strategies.s]\ninstruments = { a = 'B/C' }\n",
            "f line 2: strategies.s.instruments.a is no ticker in capitals as TradingView has it: "
            '"BTCUSD"',
        ),
        (
            strategies,
            "\n[strategies.s]\n",
            'f line 2: strategies.s needs instruments, such as { BTCUSD = "BTC/USD" }',
        ),
        (
            strategies,
            "[strategies.s]\ninstruments = { A = 'b/C' }\n",
            "f line 2: strategies.s.instruments.A is 'b/C', but must be a spot symbol BASE/QUOTE "
            'in capitals, such as "BTC/USD"',
        ),
        (
            accounts,
            ACCOUNT.replace('"C"', '"c"'),
            "f line 4: accounts.a.quote is 'c', but must be a currency in capitals, "
            'such as "USD"',
        ),
        (
            accounts,
            ACCOUNT.replace('mode = "virtual"', 'mode = "paper"'),
            "f line 3: accounts.a.mode is 'paper', but must be one of virtual, sandbox, live",
        ),
        (
            accounts,
            ACCOUNT.replace('exchange = "virtual"', "exchange = 5"),
            "f line 2: accounts.a.exchange is 5, but must be text in quotes",
        ),
        (
            accounts,
            "",
            "f line 1: accounts is empty: the file needs a table [accounts.NAME]",
        ),
        (
            accounts,
            ACCOUNT + "strategies = {}\nzzz = 1\n",
            "f line 6: accounts.a.zzz is not known here; known are "
            + ", ".join(sorted({*ACCOUNT_KEYS, "exchange", "mode", "quote", "strategies"})),
        ),
        (
            accounts,
            ACCOUNT + FOLLOWER + "wight = 1\n",
            "f line 6: accounts.a.strategies.s.wight is not known here; did you mean weight?",
        ),
        (
            accounts,
            f"[accounts.{'x' * 65}]\n",
            f"f line 1: accounts.{'x' * 65} has a name that is not up to 64 letters, digits, dots, "
            "dashes or underscores",
        ),
        (
            accounts,
            ACCOUNT + FOLLOWER + "weight = 1\n" + FOLLOWER.replace(".s]", ".S]") + "weight = 1\n",
            "f line 7: accounts.a.strategies.S differs from s only by capital letters",
        ),
        (accounts, "[strategies]\n", "f line 1: strategies is not known here; known are accounts"),
    ],
)
def test_a_mistake_is_told_to_the_letter(parse: Any, text: str, sentence: str) -> None:
    assert refused(parse, text) == sentence


def test_what_is_no_toml_is_refused_at_its_line_or_the_last() -> None:
    assert refused(strategies, "a = [\n1,\n").startswith("f line 2: not valid TOML: Invalid value")
    broken = refused(strategies, "\na = = 1\n")
    assert broken == "f line 2: not valid TOML: Invalid value"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "'a'"),
        (True, "true"),
        (5, "5"),
        ("x" * 58, f"'{'x' * 58}'"),
        ("x" * 59, f"'{'x' * 59}..."),
        ({"a": 1}, "{'a': 1}"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_a_value_is_shown_as_it_was_written_and_cut_after_sixty_letters(
    value: object, text: str
) -> None:
    assert shown(value) == text


# --- notifications --------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
SLACK = '[channels.chat]\nkind = "slack"\nsecret = "hook"\n'


def notifications(text: str) -> Notifications:
    return parse_notifications(text, "f")


def test_notifications_with_every_key_and_with_none() -> None:
    text = f'most_per_hour = 5\nsummary_hour = 0\n{SLACK}least = "P1"\n'
    assert notifications(text + f'[channels.mail]\nkind = "sns"\ntopic = "{TOPIC}"\n') == (
        Notifications(
            channels=(
                Channel(name="chat", kind=ChannelKind.SLACK, secret="hook", least=Severity.P1),
                Channel(name="mail", kind=ChannelKind.SNS, topic=TOPIC),
            ),
            most_per_hour=5,
            summary_hour=0,
        )
    )
    assert notifications("") == Notifications(most_per_hour=20, summary_hour=7)
    assert notifications('summary_hour = "never"').summary_hour is None


@pytest.mark.parametrize("hour", [0, 23])
@pytest.mark.parametrize("most", [1, 100])
def test_hours_and_numbers_up_to_their_bounds(hour: int, most: int) -> None:
    found = notifications(f"summary_hour = {hour}\nmost_per_hour = {most}\n")
    assert (found.summary_hour, found.most_per_hour) == (hour, most)


def test_ten_channels_are_the_most() -> None:
    ten = "".join(SLACK.replace("chat", f"c{n}") for n in range(10))
    assert len(notifications(ten).channels) == 10
    assert refused(notifications, ten + SLACK) == (
        "f line 1: channels has 11 channels; 10 are the most"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("most_hour = 1\n", "f line 1: most_hour is not known here; did you mean most_per_hour?"),
        (
            "most_per_hour = 101\n",
            "f line 1: most_per_hour is 101, but must be a whole number of messages from 1 to 100",
        ),
        (
            "summary_hour = 24\n",
            'f line 1: summary_hour is 24, but must be a whole number of hours, or "never", '
            "from 0 to 23",
        ),
        (
            '[channels."a b"]\n',
            "f line 1: channels.a b has a name that is not up to 64 letters, digits, dots, dashes "
            "or underscores",
        ),
        (
            SLACK + f'topic = "{TOPIC}"\n',
            "f line 4: channels.chat.topic is not for slack, which needs its secret",
        ),
        (
            SLACK.replace("slack", "sns"),
            "f line 3: channels.chat.secret is not for sns, which needs its topic, as the "
            "function's own role opens it",
        ),
        (
            '[channels.mail]\nkind = "sns"\ntopic = "alarms"\n',
            "f line 3: channels.mail.topic is 'alarms', but must be the topic's name as AWS has "
            'it: "arn:aws:sns:eu-west-1:123456789012:alarms"',
        ),
        (
            SLACK.replace("slack", "mail"),
            "f line 2: channels.chat.kind is 'mail', but must be one of sns, telegram, discord, "
            "slack, webhook",
        ),
        (
            SLACK + 'least = "P3"\n',
            "f line 4: channels.chat.least is 'P3', but must be one of P1, P2",
        ),
        (
            '[channels.chat]\nkind = "slack"\n',
            "f line 1: channels.chat has no secret; every one needs it",
        ),
        (
            SLACK + "a = 1\n",
            "f line 4: channels.chat.a is not known here; known are kind, least, secret, topic",
        ),
    ],
)
def test_a_mistake_in_notifications_is_told_to_the_letter(text: str, sentence: str) -> None:
    assert refused(notifications, text) == sentence
