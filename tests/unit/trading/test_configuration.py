"""The owner's files: what they mean, which sentence a mistake gets, and what a change writes."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import (
    Account,
    Basis,
    Configuration,
    Mode,
    OrderStyle,
    Subscription,
)
from chalicelib.domain.trading.configuration.change import change_to
from chalicelib.domain.trading.configuration.checks import check_configuration
from chalicelib.domain.trading.configuration.files import Draft, parse_accounts, parse_strategies
from chalicelib.domain.trading.configuration.seed import parse_seed
from chalicelib.domain.trading.strategy import Strategy

FILES = Path(__file__).parents[2] / "fixtures" / "configuration"
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "configuration.md"
STRATEGIES = (FILES / "strategies.toml").read_text(encoding="utf-8")
ACCOUNTS = (FILES / "accounts.toml").read_text(encoding="utf-8")
SEED = (FILES / "strategy_config.json").read_text(encoding="utf-8")

ONE_STRATEGY = '[strategies.trend]\ninstruments = { BTCUSD = "BTC/USD" }\n'
ONE_ACCOUNT = '[accounts.paper]\nexchange = "virtual"\nmode = "virtual"\nquote = "USD"\n'
FOLLOWING = "[accounts.paper.strategies.trend]\nweight = 0.5\n"


def applied(current: Configuration, draft: Draft, live_refusal: str = "") -> Configuration:
    """What would be stored, checked as a whole."""
    change = change_to(current, draft, {})
    check_configuration(change.after, draft.source, live_refusal)
    return change.after


def configured(strategies: str = STRATEGIES, accounts: str = ACCOUNTS) -> Configuration:
    first = applied(Configuration(), parse_strategies(strategies, "strategies.toml"))
    return applied(first, parse_accounts(accounts, "accounts.toml"))


def sentence_about(strategies: str, accounts: str) -> str:
    with pytest.raises(SettingsError) as refusal:
        configured(strategies, accounts)
    return str(refusal.value)


def test_strategies_of_a_file() -> None:
    draft = parse_strategies(STRATEGIES, "strategies.toml")
    assert draft.strategies == {
        "trend": Strategy(name="trend", instruments={"BTCUSD": "BTC/USD"}, timeframe="4h"),
        "majors": Strategy(name="majors", instruments={"ETHUSD": "ETH/USD", "SOLUSD": "SOL/USD"}),
    }


def test_accounts_of_a_file() -> None:
    draft = parse_accounts(ACCOUNTS, "accounts.toml")
    assert draft.accounts == {
        "paper": Account(
            name="paper",
            exchange="virtual",
            mode=Mode.VIRTUAL,
            quote="USD",
            policy="boost",
            prices_from="synthetic",
            exchange_options={"virtual": {"balances": {"USD": "10000"}, "fee": "0.001"}},
        )
    }
    assert draft.subscriptions == (
        Subscription(account="paper", strategy="trend", weight=Decimal("0.5")),
        Subscription(
            account="paper",
            strategy="majors",
            weight=Decimal("0.48"),
            max_order_notional=Decimal(5000),
        ),
    )


def documented(title: str) -> list[str]:
    """The TOML examples of one chapter of the documentation."""
    text = DOCUMENTATION.read_text(encoding="utf-8")
    chapter = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"```toml\n(.*?)```", chapter, flags=re.DOTALL)


def test_the_documented_examples_say_what_they_claim() -> None:
    [strategies] = documented("strategies.toml")
    paper, main = documented("accounts.toml")
    configuration = configured(strategies, paper)
    assert configuration.strategies["btc-trend"].max_lag == 600
    account = configuration.accounts["paper"]
    assert (account.capital, account.basis) == (Decimal(5000), Basis.MARK)
    assert account.rebalance_band == Decimal("0.1")
    assert account.order_style is OrderStyle.MARKETABLE_LIMIT
    first, second = configuration.subscriptions_of("paper")
    assert (first.strategy, first.priority, first.max_slippage) == (
        "btc-trend",
        1,
        Decimal("0.01"),
    )
    assert (second.strategy, second.weight) == ("majors", Decimal("0.45"))
    assert (account.max_drawdown, account.daily_loss_stop) == (Decimal("0.2"), Decimal("0.1"))
    assert account.max_exposure_per_coin == Decimal("0.5")
    assert (account.max_open_positions, account.max_orders_per_minute) == (4, 10)
    assert (first.cooldown, first.cooldown_after) == (14400, 3)
    assert first.trading_hours == ("mon-fri 13:30-20:00",)
    draft = parse_accounts(main, "accounts.toml")
    assert draft.accounts is not None
    assert draft.accounts["main"].mode is Mode.SANDBOX
    assert draft.accounts["main"].exchange_options == {"timeout": 10000}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[strategies.trend\n", "line 1: not valid TOML: Expected ']' at the end of a table"),
        ("a = 1\n\nb = ?\n", "line 3: not valid TOML: Invalid value"),
        (ONE_STRATEGY + "open = true\nopen = false\n", "line 4: not valid TOML: Cannot overwrite"),
        (ONE_STRATEGY + ONE_STRATEGY, "line 3: not valid TOML: Cannot declare"),
        ("", "line 1: strategies is empty: the file needs a table [strategies.NAME]"),
        ("strategies = 5\n", "line 1: strategies is 5, but must be a table of its own settings"),
        ("[strategy.trend]\n", "line 1: strategy is not known here; did you mean strategies?"),
        ("[strategies]\ntrend = 5\n", "line 2: strategies.trend is 5, but must be a table"),
        ("[strategies.trend]\n", "line 1: strategies.trend needs instruments, such as"),
        (
            '[strategies."a b"]\ninstruments = { BTCUSD = "BTC/USD" }\n',
            "line 1: strategies.a b has a name that is not up to 64 letters, digits,",
        ),
        (
            ONE_STRATEGY + ONE_STRATEGY.replace("trend", "Trend"),
            "line 3: strategies.Trend differs from trend only by capital letters",
        ),
        (
            "# first\n\n" + ONE_STRATEGY + 'timefrme = "1h"\n',
            "line 5: strategies.trend.timefrme is not known here; did you mean timeframe?",
        ),
        (
            ONE_STRATEGY + 'timeframe = "1x"\n',
            "line 3: strategies.trend.timeframe is '1x', but must be a number with s, m, h, d or w",
        ),
        (ONE_STRATEGY + "timeframe = 60\n", "timeframe is 60, but must be a number with s, m,"),
        (
            ONE_STRATEGY + "max_lag = -1\n",
            "line 3: strategies.trend.max_lag is -1, but must be a whole number of seconds from 0",
        ),
        (
            ONE_STRATEGY + "sibling_wait = 2.5\n",
            "line 3: strategies.trend.sibling_wait is 2.5, but must be a whole number of seconds",
        ),
        (ONE_STRATEGY + "max_lag = true\n", "max_lag is true, but must be a whole number"),
        (
            ONE_STRATEGY + "stop_loss = 1\n",
            "line 3: strategies.trend.stop_loss is 1, but must be a fraction above 0 and below 1",
        ),
        (ONE_STRATEGY + "take_profit = 0\n", "take_profit is 0, but must be a fraction above 0"),
        (
            ONE_STRATEGY + 'open = "yes"\n',
            "line 3: strategies.trend.open is 'yes', but must be true or false, without quotes",
        ),
        (
            ONE_STRATEGY + 'stop_words = "stop"\n',
            "line 3: strategies.trend.stop_words is 'stop', but must be a list of words",
        ),
        (
            '[strategies.trend]\ninstruments = { BTCUSD = "BTC/USD", ETHUSD = "ETHUSD" }\n',
            "line 2: strategies.trend.instruments.ETHUSD is 'ETHUSD', but must be a spot symbol",
        ),
        (
            '[strategies.trend.instruments]\nBTCUSD = "BTC/USD"\n\n\nETHUSD = "eth/usd"\n',
            "line 5: strategies.trend.instruments.ETHUSD is 'eth/usd', but must be a spot symbol",
        ),
        (
            '[strategies.trend.instruments]\nbtcusd = "BTC/USD"\n',
            "line 2: strategies.trend.instruments.btcusd is no ticker in capitals",
        ),
    ],
)
def test_a_mistake_in_strategies_names_its_line(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        parse_strategies(text, "strategies.toml")
    assert str(refusal.value).startswith("strategies.toml line ")
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            ONE_ACCOUNT.replace('mode = "virtual"\n', ""),
            "line 1: accounts.paper has no mode; every one needs it",
        ),
        (
            ONE_ACCOUNT.replace('mode = "virtual"', 'mode = "paper"'),
            "line 3: accounts.paper.mode is 'paper', but must be one of virtual, sandbox, live",
        ),
        (
            ONE_ACCOUNT.replace('quote = "USD"', 'quote = "usd"'),
            "line 4: accounts.paper.quote is 'usd', but must be a currency in capitals",
        ),
        (
            ONE_ACCOUNT + 'policy = "boots"\n',
            "line 5: accounts.paper.policy is 'boots', but must be one of boost, equal, fixed,",
        ),
        (ONE_ACCOUNT + 'policy = "boots"\n', "did you mean boost?"),
        (
            ONE_ACCOUNT + "reserve = 1\n",
            "line 5: accounts.paper.reserve is 1, but must be a fraction from 0 to below 1",
        ),
        (
            ONE_ACCOUNT + 'capital = "lots"\n',
            "line 5: accounts.paper.capital is 'lots', but must be an amount above 0",
        ),
        (ONE_ACCOUNT + "capital = nan\n", "accounts.paper.capital is NaN, but must be an amount"),
        (ONE_ACCOUNT + "capital = 0\n", "accounts.paper.capital is 0, but must be an amount above"),
        (
            ONE_ACCOUNT + 'basis = "price"\n',
            "line 5: accounts.paper.basis is 'price', but must be one of mark, cost",
        ),
        (
            ONE_ACCOUNT + "max_legs = 0\n",
            "max_legs is 0, but must be a whole number of legs",
        ),
        (ONE_ACCOUNT + "exchange_options = 3\n", "but must be a table of the exchange's own"),
        (
            ONE_ACCOUNT + "[accounts.paper.exchange_options]\nsince = 2024-01-01\n",
            "line 5: accounts.paper.exchange_options is {'since': datetime.date(2024, 1, 1)}, "
            "but must be free of dates",
        ),
        (
            ONE_ACCOUNT.replace('"virtual"', '"binance"', 1).replace('"virtual"', '"sandbox"'),
            "line 1: accounts.paper is sandbox and has no secret; name one",
        ),
        (ONE_ACCOUNT + 'secret = ""\n', "accounts.paper.secret is '', but must be text in quotes"),
        (
            ONE_ACCOUNT + "\n[accounts.paper.strategies.trend]\npriority = 1\n",
            "line 6: accounts.paper.strategies.trend has no weight; every one needs it",
        ),
        (
            ONE_ACCOUNT + FOLLOWING.replace("0.5", "0"),
            "line 6: accounts.paper.strategies.trend.weight is 0, but must be a fraction above 0",
        ),
        (
            ONE_ACCOUNT + FOLLOWING.replace("0.5", "1.01"),
            "weight is 1.01, but must be a fraction above 0 and at most 1, such as 0.25",
        ),
        (
            ONE_ACCOUNT + FOLLOWING + "weigth = 0.5\n",
            "line 7: accounts.paper.strategies.trend.weigth is not known here; did you mean weight",
        ),
        (
            ONE_ACCOUNT + "max_drawdown = 20\n",
            "line 5: accounts.paper.max_drawdown is 20, but must be a fraction above 0 and at most",
        ),
        (
            ONE_ACCOUNT + "max_open_positions = 0\n",
            "max_open_positions is 0, but must be a whole number of positions from 1 to 10000",
        ),
        (ONE_ACCOUNT + "max_price_age = 0\n", "must be a whole number of seconds from 1 to 86400"),
        (
            ONE_ACCOUNT + FOLLOWING + 'trading_hours = ["9-17"]\n',
            "line 7: accounts.paper.strategies.trend.trading_hours is ['9-17'], but must be a list "
            "of windows in UTC, such as [\"mon-fri 13:30-20:00\"]: '9-17' is no window",
        ),
        (
            ONE_ACCOUNT + FOLLOWING + 'trading_hours = "08:00-16:00"\n',
            "is '08:00-16:00', but must be a list of windows in UTC",
        ),
        (
            ONE_ACCOUNT + "strategies.trend = 0.5\n",
            "line 5: accounts.paper.strategies.trend is 0.5, but must be a table",
        ),
    ],
)
def test_a_mistake_in_accounts_names_its_line(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        parse_accounts(text, "accounts.toml")
    assert str(refusal.value).startswith("accounts.toml line ")
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("strategies", "accounts", "sentence"),
    [
        (
            ONE_STRATEGY,
            ONE_ACCOUNT + FOLLOWING.replace("trend", "trent"),
            "accounts.toml line 5: accounts.paper.strategies.trent follows a strategy that does "
            "not exist; did you mean trend?",
        ),
        (
            STRATEGIES,
            ACCOUNTS.replace("weight = 0.5\n", "weight = 0.500001\n"),
            "accounts.toml line 2: accounts.paper has weights 0.48 + 0.500001 = 0.980001, more "
            "than 1 - reserve = 0.98; lower a weight or the reserve of 0.02",
        ),
        (
            ONE_STRATEGY,
            ONE_ACCOUNT.replace('"USD"', '"EUR"') + FOLLOWING,
            "accounts.toml line 5: strategies.trend.instruments.BTCUSD is BTC/USD, and account "
            "paper, which follows it, trades in EUR; both must have the same quote currency",
        ),
        (
            ONE_STRATEGY,
            ONE_ACCOUNT.replace('exchange = "virtual"', 'exchange = "binance"') + FOLLOWING,
            "accounts.toml line 2: accounts.paper has exchange binance in mode virtual; "
            'exchange = "virtual" and mode = "virtual" only go together',
        ),
        (
            ONE_STRATEGY,
            ONE_ACCOUNT + '[accounts.paper.exchange_options]\napiKey = "k"\n',
            "accounts.toml line 6: accounts.paper.exchange_options.apiKey is a credential, and "
            "accounts are stored and shown as they are; put it into a secret, and its name into "
            "accounts.paper.secret",
        ),
        (
            ONE_STRATEGY + "open = true\n",
            ONE_ACCOUNT.replace('"virtual"', '"binance"', 1).replace('"virtual"', '"sandbox"')
            + 'secret = "keys"\n'
            + FOLLOWING,
            "accounts.toml line 6: strategies.trend.open is true, and account paper, which "
            "follows it, is sandbox; only virtual accounts may follow a strategy without a token",
        ),
    ],
)
def test_what_contradicts_the_other_file_names_the_line_of_this_one(
    strategies: str, accounts: str, sentence: str
) -> None:
    assert sentence_about(strategies, accounts).startswith(sentence)


def test_weights_may_fill_everything_but_the_reserve() -> None:
    assert len(configured().subscriptions_of("paper")) == 2


def test_policies_that_use_no_weight_need_none() -> None:
    accounts = ONE_ACCOUNT + 'policy = "equal"\n[accounts.paper.strategies.trend]\n'
    [subscription] = configured(ONE_STRATEGY, accounts).subscriptions
    assert subscription.weight == 0


def test_live_is_refused_with_the_reason_and_the_line() -> None:
    text = ONE_ACCOUNT.replace('"virtual"', '"binance"', 1).replace('"virtual"', '"live"')
    draft = parse_accounts(text + 'secret = "keys"\n', "accounts.toml")
    with pytest.raises(SettingsError) as refusal:
        applied(Configuration(), draft, "stage dev never trades live")
    assert str(refusal.value) == (
        "accounts.toml line 3: accounts.paper.mode is live, and stage dev never trades live"
    )
    assert applied(Configuration(), draft).accounts["paper"].mode is Mode.LIVE


def test_a_strategy_file_that_breaks_an_account_names_its_own_line() -> None:
    text = STRATEGIES.replace('"BTC/USD"', '"BTC/EUR"')
    with pytest.raises(
        SettingsError, match=r"^strategies.toml line 3: .*BTC/EUR, and account paper"
    ):
        applied(configured(), parse_strategies(text, "strategies.toml"))


def test_limits_are_off_unless_a_file_names_them() -> None:
    configuration = configured()
    account = configuration.accounts["paper"]
    limits = (account.max_drawdown, account.daily_loss_stop, account.max_exposure_per_coin)
    assert (*limits, account.max_open_positions, account.max_orders_per_minute) == (None,) * 5
    assert account.max_price_age == 60
    [first, _] = configuration.subscriptions_of("paper")
    assert (first.cooldown, first.trading_hours) == (None, ())


def test_the_same_files_again_change_nothing() -> None:
    current = configured()
    for draft in (
        parse_strategies(STRATEGIES, "strategies.toml"),
        parse_accounts(ACCOUNTS, "accounts.toml"),
    ):
        change = change_to(current, draft, {})
        assert change.is_empty
        assert change.differences == ()


def test_the_difference_is_told_value_by_value() -> None:
    text = ACCOUNTS.replace("weight = 0.5\n", "weight = 0.4\n").replace("boost", "fixed")
    change = change_to(configured(), parse_accounts(text, "accounts.toml"), {})
    assert [(d.key, d.before, d.after) for d in change.differences] == [
        ("accounts.paper.policy", "boost", "fixed"),
        ("accounts.paper.strategies.trend.weight", "0.5", "0.4"),
    ]
    assert [s.strategy for s in change.subscriptions] == ["trend"]
    assert not change.strategies


def test_tokens_survive_a_new_file() -> None:
    current = configured()
    trend = replace(current.strategies["trend"], token_hashes=("hash",), version=3)
    current = replace(current, strategies={**current.strategies, "trend": trend})
    text = STRATEGIES.replace("4h", "1d")
    [changed] = change_to(current, parse_strategies(text, "strategies.toml"), {}).strategies
    assert (changed.timeframe, changed.token_hashes, changed.version) == ("1d", ("hash",), 3)


def without_majors(text: str) -> str:
    return text[: text.index("[accounts.paper.strategies.majors]")]


def test_a_subscription_that_is_not_in_the_file_ends() -> None:
    draft = parse_accounts(without_majors(ACCOUNTS), "accounts.toml")
    change = change_to(configured(), draft, {})
    assert change.removed_subscriptions == (("paper", "majors"),)
    assert change.after.followers("majors") == ()


def test_a_subscription_with_a_position_stays_close_only() -> None:
    current = configured()
    draft = parse_accounts(without_majors(ACCOUNTS), "accounts.toml")
    held = {("paper", "majors"): frozenset({"ETH/USD"})}
    change = change_to(current, draft, held)
    assert change.removed_subscriptions == ()
    [kept] = change.subscriptions
    assert (kept.strategy, kept.paused, kept.weight) == ("majors", True, Decimal(0))
    assert change.notes == (
        "majors still holds ETH/USD on account paper: it stays as close-only: exits run, entries "
        "do not; sell it: crypto-bot close majors",
    )
    assert change_to(change.after, draft, held).is_empty


def test_a_strategy_that_is_not_in_the_file_loses_its_followers() -> None:
    draft = parse_strategies(ONE_STRATEGY, "strategies.toml")
    change = change_to(configured(), draft, {})
    assert change.removed_subscriptions == (("paper", "majors"),)
    assert "majors" in change.after.strategies


def test_an_instrument_is_not_taken_from_under_a_position() -> None:
    text = STRATEGIES.replace('"SOLUSD" = "SOL/USD"', "")
    held = {("paper", "majors"): frozenset({"ETH/USD", "SOL/USD"})}
    with pytest.raises(SettingsError) as refusal:
        change_to(configured(), parse_strategies(text, "strategies.toml"), held)
    assert str(refusal.value) == (
        "strategies.toml line 6: strategies.majors.instruments no longer has SOL/USD, and account "
        "paper holds a position there for majors; sell it first: crypto-bot close majors"
    )


def test_an_account_that_is_not_in_the_file_stays() -> None:
    text = ACCOUNTS.replace("accounts.paper", "accounts.other")
    change = change_to(configured(), parse_accounts(text, "accounts.toml"), {})
    assert set(change.after.accounts) == {"other", "paper"}
    assert change.after.followers("trend") == ("other", "paper")
    assert change.notes == ("account paper is not in accounts.toml and stays as it is",)


@pytest.mark.parametrize(
    ("stated", "paused"), [("", True), ("paused = true\n", True), ("paused = false\n", False)]
)
def test_a_pause_lasts_until_the_file_itself_says_otherwise(stated: str, *, paused: bool) -> None:
    current = configured(ONE_STRATEGY, ONE_ACCOUNT + FOLLOWING)
    current = replace(current, subscriptions=(replace(current.subscriptions[0], paused=True),))
    draft = parse_accounts(ONE_ACCOUNT + FOLLOWING + stated, "accounts.toml")
    change = change_to(current, draft, {})
    assert change.after.subscriptions[0].paused is paused
    assert bool(change.notes) is (stated == "")


SEED_ACCOUNT = Account(name="default", exchange="virtual", mode=Mode.VIRTUAL, quote="USD")


def test_the_seed_becomes_strategies_named_by_ticker() -> None:
    current = Configuration(accounts={"default": SEED_ACCOUNT})
    configuration = applied(current, parse_seed(SEED, "seed.json", SEED_ACCOUNT, current))
    assert configuration.strategies["ethusd"].instruments == {"ETHUSD": "ETH/USD"}
    assert {s.strategy: s.weight for s in configuration.subscriptions} == {
        "btcusd": Decimal("0.2"),
        "ethusd": Decimal("0.25"),
        "solusd": Decimal("0.53"),
    }


def test_the_seed_joins_what_is_there() -> None:
    current = configured(ONE_STRATEGY, ONE_ACCOUNT + FOLLOWING)
    account = current.accounts["paper"]
    text = '{"ETHUSD": {"exchange_symbol": "ETH/USD", "base_asset": "ETH", "percentage": 0.2}}'
    change = change_to(current, parse_seed(text, "seed.json", account, current), {})
    assert [s.strategy for s in change.after.subscriptions] == ["ethusd", "trend"]
    assert not change.removed_subscriptions


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "seed.json line 1: not valid JSON: Expecting property name"),
        ("[]", "seed.json must be a JSON object of tickers, such as"),
        ("{}", "seed.json must be a JSON object of tickers, such as"),
        (
            SEED.replace("0.53", "0.531"),
            "seed.json: the percentages add up to 0.981, more than 1 - reserve = 0.98 of account "
            "default; lower one of them or the reserve",
        ),
        (SEED.replace("0.53", "NaN"), "seed.json line 4: NaN is not a number"),
        (SEED.replace("ETHUSD", "BTCUSD"), "seed.json line 3: BTCUSD is there twice; every ticker"),
        (
            SEED.replace('"base_asset": "SOL"', '"percentage": 0.1'),
            "seed.json line 4: percentage is there twice; every ticker and field",
        ),
        (SEED.replace("ETHUSD", "ethusd"), "seed.json line 3: ethusd is no ticker in capitals"),
        (
            SEED.replace("ETH/USD", "ETHUSD"),
            "seed.json line 3: ETHUSD.exchange_symbol is 'ETHUSD',",
        ),
        (
            SEED.replace('"base_asset": "SOL"', '"base_asset": "BTC"'),
            "seed.json line 4: SOLUSD.base_asset is BTC, but the base of SOL/USD is SOL",
        ),
        (
            SEED.replace("percentage", "percent", 1),
            "seed.json line 2: BTCUSD.percent is not known here; did you mean percentage?",
        ),
        (SEED.replace("0.25", "-1"), "seed.json line 3: ETHUSD.percentage is -1, but must be"),
    ],
)
def test_a_mistake_in_the_seed_is_a_sentence(text: str, sentence: str) -> None:
    current = Configuration(accounts={"default": SEED_ACCOUNT})
    with pytest.raises(SettingsError) as refusal:
        parse_seed(text, "seed.json", SEED_ACCOUNT, current)
    assert sentence in str(refusal.value)


def test_a_seed_that_contradicts_its_account_names_the_line() -> None:
    account = replace(SEED_ACCOUNT, quote="USDT")
    current = Configuration(accounts={"default": account})
    text = SEED.replace("BTC/USD", "BTC/USDT").replace("SOL/USD", "SOL/USDT")
    with pytest.raises(SettingsError, match=r"^seed\.json line 3: strategies\.ethusd"):
        applied(current, parse_seed(text, "seed.json", account, current))
