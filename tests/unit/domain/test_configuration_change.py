"""Drafts over what is there: what is written, what the owner is told, what is refused, and why."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.domain.trading.account import Account, Configuration, Mode, Subscription
from chalicelib.domain.trading.configuration.change import (
    ConfigurationChange,
    Difference,
    change_to,
    differences,
)
from chalicelib.domain.trading.configuration.checks import check_configuration
from chalicelib.domain.trading.configuration.files import Draft
from chalicelib.domain.trading.configuration.names import (
    account_named,
    strategy_named,
    suggestion,
)
from chalicelib.domain.trading.configuration.promotion import (
    promoted,
    promotion_draft,
    proving_account,
)
from chalicelib.domain.trading.configuration.seed import parse_seed
from chalicelib.domain.trading.configuration.toml_source import Source
from chalicelib.domain.trading.strategy import Strategy

FILE = Source(name="f", lines={})


def strategy(name: str, *symbols: str, **changes: Any) -> Strategy:
    instruments = {symbol.replace("/", ""): symbol for symbol in symbols or ("BTC/USD",)}
    return Strategy(name=name, instruments=instruments, **changes)


def account(name: str, **changes: Any) -> Account:
    usual: dict[str, Any] = {"exchange": "virtual", "mode": Mode.VIRTUAL, "quote": "USD"}
    return Account(name=name, **{**usual, **changes})


def follows(name: str, followed: str, weight: str = "0.25", **changes: Any) -> Subscription:
    return Subscription(account=name, strategy=followed, weight=Decimal(weight), **changes)


def configuration(
    strategies: Sequence[Strategy] = (),
    accounts: Sequence[Account] = (),
    subscriptions: Sequence[Subscription] = (),
    version: int = 7,
) -> Configuration:
    return Configuration(
        strategies={s.name: s for s in strategies},
        accounts={a.name: a for a in accounts},
        subscriptions=tuple(subscriptions),
        version=version,
    )


def draft(
    strategies: Sequence[Strategy] | None = None,
    accounts: Sequence[Account] | None = None,
    subscriptions: Sequence[Subscription] = (),
    **changes: Any,
) -> Draft:
    return Draft(
        source=FILE,
        strategies=None if strategies is None else {s.name: s for s in strategies},
        accounts=None if accounts is None else {a.name: a for a in accounts},
        subscriptions=tuple(subscriptions),
        **changes,
    )


TREND, SWING = strategy("trend"), strategy("swing", "ETH/USD", "SOL/USD")
PAPER, MAIN = account("paper"), account("main")
NOW = configuration(
    [TREND, SWING],
    [PAPER, MAIN],
    [follows("paper", "swing"), follows("paper", "trend"), follows("main", "trend")],
)


# --- what changes ---------------------------------------------------------------------------


def test_a_change_holds_only_what_differs_and_the_whole_after_it() -> None:
    known = replace(TREND, token_hashes=("h",), version=3)
    current = replace(
        NOW,
        strategies={"trend": known, "swing": SWING},
        accounts={"paper": replace(PAPER, version=4), "main": MAIN},
    )
    longer, fresh = replace(TREND, timeframe="4h"), strategy("fresh", token_hashes=("x",))
    richer, new = replace(PAPER, policy="boost"), account("new")
    change = change_to(
        current,
        draft([longer, SWING, fresh], [richer, new], current.subscriptions_of("paper")),
        {},
    )
    assert change == ConfigurationChange(
        after=Configuration(
            strategies={
                "trend": replace(longer, token_hashes=("h",), version=3),
                "swing": SWING,
                "fresh": fresh,
            },
            accounts={"paper": replace(richer, version=4), "main": MAIN, "new": new},
            subscriptions=(
                follows("main", "trend"),
                follows("paper", "swing"),
                follows("paper", "trend"),
            ),
            version=7,
        ),
        strategies=(replace(longer, token_hashes=("h",), version=3), fresh),
        accounts=(replace(richer, version=4), new),
        differences=change.differences,
        notes=("account main is not in f and stays as it is",),
    )
    assert not change.is_empty


def test_a_new_account_begins_at_version_zero_and_a_changed_subscription_keeps_its_own() -> None:
    current = replace(NOW, subscriptions=(follows("paper", "trend", version=5),))
    change = change_to(
        current,
        draft(
            accounts=[PAPER, replace(account("new"), version=9)],
            subscriptions=[follows("paper", "trend", "0.5"), follows("new", "trend", version=2)],
        ),
        {},
    )
    assert [a.version for a in change.accounts] == [0]
    assert change.subscriptions == (
        follows("new", "trend", version=2),
        follows("paper", "trend", "0.5", version=5),
    )
    assert change.removed_subscriptions == ()


@pytest.mark.parametrize(
    ("laid_over", "removed"),
    [
        (draft([SWING, TREND]), ()),
        (draft([SWING]), (("main", "trend"), ("paper", "trend"))),
        (draft(accounts=[PAPER]), (("paper", "swing"), ("paper", "trend"))),
        (draft(accounts=[PAPER], subscriptions=[follows("paper", "trend")]), (("paper", "swing"),)),
        (draft(accounts=[account("new")]), ()),
    ],
)
def test_what_a_file_leaves_out_ends_where_the_file_is_about_it(
    laid_over: Draft, removed: tuple[tuple[str, str], ...]
) -> None:
    change = change_to(NOW, laid_over, {})
    assert change.removed_subscriptions == removed
    left = {(s.account, s.strategy) for s in change.after.subscriptions}
    assert left.isdisjoint(removed)
    assert change.is_empty is (not removed and laid_over.accounts is None)


def test_what_holds_a_position_stays_close_only() -> None:
    held = {("main", "trend"): frozenset({"SOL/USD", "BTC/USD"}), ("main", "x"): frozenset({"y"})}
    change = change_to(NOW, draft([SWING]), held)
    assert change.removed_subscriptions == (("paper", "trend"),)
    assert change.subscriptions == (follows("main", "trend", "0", paused=True),)
    assert change.notes == (
        "trend still holds BTC/USD, SOL/USD on account main: it stays as close-only: exits run, "
        "entries do not; sell it: crypto-bot close trend",
    )


def test_a_pause_that_the_file_does_not_speak_of_stays_and_is_told() -> None:
    current = replace(NOW, subscriptions=(follows("paper", "trend", paused=True),))
    again = draft(accounts=[PAPER], subscriptions=[follows("paper", "trend", "0.5")])
    change = change_to(current, again, {})
    assert change.subscriptions == (follows("paper", "trend", "0.5", paused=True),)
    told = "trend stays paused on account paper: crypto-bot resume trend"
    assert change.notes == (told, "account main is not in f and stays as it is")
    stated = change_to(current, replace(again, pauses=frozenset({("paper", "trend")})), {})
    assert stated.subscriptions == (follows("paper", "trend", "0.5"),)
    assert stated.notes == ("account main is not in f and stays as it is",)


def test_no_instrument_goes_from_under_a_position() -> None:
    held = {
        ("main", "swing"): frozenset({"XRP/USD"}),  # it never had that one
        ("main", "trend"): frozenset({"BTC/USD"}),
        ("paper", "swing"): frozenset({"SOL/USD", "ETH/USD"}),
    }
    fewer = strategy("swing", "ADA/USD")
    with pytest.raises(SettingsError) as caught:
        change_to(NOW, draft([TREND, fewer]), held)
    assert str(caught.value) == (
        "f line 1: strategies.swing.instruments no longer has ETH/USD, SOL/USD, and account paper "
        "holds a position there for swing; sell it first: crypto-bot close swing"
    )
    other = {("main", "trend"): frozenset({"ETH/USD"})}
    assert change_to(NOW, draft([TREND, strategy("swing", "SOL/USD")]), other).strategies


def test_differences_are_told_field_by_field_in_words() -> None:
    before = configuration([], [account("a", exchange_options={"b": 1, "a": [True, None]})])
    after = configuration(
        [strategy("s", max_lag=5, open=True, token_hashes=("h",), version=4)],
        [account("a", capital=Decimal("1E+3"), exchange_options={}, version=9)],
        [follows("a", "s", trading_hours=("x", "y"), paused=True)],
    )
    told = {(d.key, d.before, d.after) for d in differences(before, after)}
    assert told >= {
        ("accounts.a.capital", "-", "1000"),
        ("accounts.a.exchange_options", "{ a = [true, -], b = 1 }", "{  }"),
        ("accounts.a.strategies.s.paused", "", "true"),
        ("accounts.a.strategies.s.weight", "", "0.25"),
        ("accounts.a.strategies.s.trading_hours", "", "[x, y]"),
        ("strategies.s.instruments", "", "{ BTCUSD = BTC/USD }"),
        ("strategies.s.max_lag", "", "5"),
        ("strategies.s.open", "", "true"),
        ("strategies.s.stop_words", "", "[stop, sl, stop loss]"),
        ("strategies.s.stop_loss", "", "-"),
    }
    keys = [key for key, *_ in sorted(told)]
    assert keys == [d.key for d in differences(before, after)]
    hidden = ("name", "token_hashes", "version", "account", "strategy")
    assert not [key for key in keys if key.rpartition(".")[2] in hidden]
    ended = differences(after, configuration())
    assert Difference(key="accounts.a.mode", before="virtual", after="") in ended
    assert not [d.key for d in ended if d.key.rpartition(".")[2] in hidden]


# --- what has to hold -----------------------------------------------------------------------


def found(checked: Configuration, live: str = "", *stated: str) -> str:
    """The refusal, where the file has these dotted paths on lines 1, 2, ...; '' for none."""
    lines = {tuple(path.split(".")): number for number, path in enumerate(stated, 1)}
    try:
        check_configuration(checked, Source(name="f", lines=lines), live)
    except SettingsError as error:
        return str(error)
    return ""


def test_what_holds_together_is_not_refused() -> None:
    assert found(NOW, "never live") == ""
    most = [follows("paper", "trend", "0.5"), follows("paper", "swing", "0.48")]
    with localcontext(Context(prec=2)):
        assert found(replace(NOW, subscriptions=tuple(most))) == ""


def test_live_is_refused_at_its_line() -> None:
    live = configuration([], [account("a", exchange="kraken", mode=Mode.LIVE)])
    sentence = "accounts.a.mode is live, and never here"
    assert found(live, "never here") == f"f: {sentence}"
    assert found(live, "never here", "accounts.a") == f"f line 1: {sentence}"
    both = ("accounts.a", "accounts.a.mode")
    assert found(live, "never here", *both) == f"f line 2: {sentence}"
    assert found(live) == ""


@pytest.mark.parametrize(
    ("exchange", "mode"), [("virtual", Mode.LIVE), ("virtual", Mode.SANDBOX), ("x", Mode.VIRTUAL)]
)
def test_virtual_is_both_or_neither(exchange: str, mode: Mode) -> None:
    odd = configuration([], [account("a", exchange=exchange, mode=mode)])
    sentence = (
        f"accounts.a has exchange {exchange} in mode {mode}; "
        'exchange = "virtual" and mode = "virtual" only go together, and prices_from names the '
        "exchange whose prices a virtual account takes"
    )
    assert found(odd) == f"f: {sentence}"
    both = ("accounts.a.mode", "accounts.a.exchange")
    assert found(odd, "", *both) == f"f line 2: {sentence}"
    assert found(odd, "", both[0]) == f"f line 1: {sentence}"


@pytest.mark.parametrize("name", ["apiKey", "secret", "password", "privateKey", "token", "twofa"])
def test_a_credential_among_the_options_is_refused(name: str) -> None:
    told = configuration([], [account("a", exchange_options={name: "x"})])
    sentence = (
        f"accounts.a.exchange_options.{name} is a credential, and accounts are stored and shown "
        "as they are; put it into a secret, and its name into accounts.a.secret"
    )
    assert found(told) == f"f: {sentence}"
    paths = ("accounts.a", f"accounts.a.exchange_options.{name}")
    assert found(told, "", *paths) == f"f line 2: {sentence}"
    assert found(told, "", paths[0]) == f"f line 1: {sentence}"


def test_weights_fill_at_most_what_the_reserve_leaves() -> None:
    most = [follows("a", "trend", "0.5"), follows("a", "swing", "0.4801")]
    over = configuration([TREND, SWING], [account("a")], most)
    sentence = (
        "accounts.a has weights 0.5 + 0.4801 = 0.9801, more than 1 - reserve = 0.98; "
        "lower a weight or the reserve of 0.02"
    )
    with localcontext(Context(prec=2)):
        assert found(over) == f"f: {sentence}"
    paths = ("accounts.a", "accounts.a.strategies")
    assert found(over, "", *paths) == f"f line 2: {sentence}"
    assert found(over, "", paths[0]) == f"f line 1: {sentence}"


def test_what_is_followed_exists() -> None:
    lost = configuration([TREND], [account("a")], [follows("a", "trent")])
    sentence = (
        "accounts.a.strategies.trent follows a strategy that does not exist; did you mean trend?"
    )
    assert found(lost) == f"f: {sentence}"
    assert found(lost, "", "x", "accounts.a.strategies.trent") == f"f line 2: {sentence}"


def test_both_trade_in_one_currency() -> None:
    odd = configuration([SWING], [account("a", quote="EUR")], [follows("a", "swing")])
    sentence = (
        "strategies.swing.instruments.ETHUSD is ETH/USD, and account a, which follows it, trades "
        "in EUR; both must have the same quote currency"
    )
    assert found(odd) == f"f: {sentence}"
    paths = (
        "accounts.a.quote",
        "accounts.a.strategies.swing",
        "strategies.swing.instruments",
        "strategies.swing.instruments.ETHUSD",
    )
    for count in (1, 2, 3, 4):
        assert found(odd, "", *paths[:count]) == f"f line {count}: {sentence}"


def test_without_a_token_nothing_but_paper() -> None:
    risky = account("a", exchange="kraken", mode=Mode.SANDBOX)
    opened = configuration([strategy("trend", open=True)], [risky], [follows("a", "trend")])
    sentence = (
        "strategies.trend.open is true, and account a, which follows it, is sandbox; "
        "only virtual accounts may follow a strategy without a token"
    )
    assert found(opened) == f"f: {sentence}"
    assert found(replace(opened, strategies={"trend": TREND})) == ""
    assert found(replace(opened, accounts={"a": account("a")})) == ""
    paths = ("accounts.a.strategies.trend", "strategies.trend.open")
    assert found(opened, "", *paths) == f"f line 2: {sentence}"
    assert found(opened, "", paths[0]) == f"f line 1: {sentence}"


# --- names ----------------------------------------------------------------------------------


def test_a_name_is_found_or_answered_with_the_nearest() -> None:
    assert strategy_named(NOW, "trend") is TREND
    assert account_named(NOW, "paper") is PAPER
    with pytest.raises(SettingsError, match=r"^there is no strategy trent; did you mean trend\?$"):
        strategy_named(NOW, "trent")
    with pytest.raises(SettingsError, match=r"^there is no account zzz; known are main, paper$"):
        account_named(NOW, "zzz")
    assert suggestion("x", []) == "there are none yet"


# --- promotion ------------------------------------------------------------------------------

LIVE = account("live", exchange="kraken", mode=Mode.LIVE)
SECOND = account("second")


def proving(name: str = "", *followers: Account, to: str = "live") -> str:
    known = configuration(
        [TREND], [*followers, LIVE], [follows(a.name, "trend") for a in followers]
    )
    try:
        return proving_account(known, "trend", to, name).name
    except SettingsError as error:
        return str(error)


OTHER = account("other", exchange="kraken", mode=Mode.SANDBOX)


def test_the_proof_is_on_the_only_other_account_or_the_only_virtual_one() -> None:
    assert proving("", PAPER) == "paper"
    assert proving("", OTHER) == "other"
    assert proving("", PAPER, OTHER) == "paper"
    assert proving("second", PAPER, SECOND) == "second"
    assert proving("", PAPER, LIVE) == "paper"


def test_where_the_proof_cannot_be_told_the_candidates_are_named() -> None:
    assert proving("", PAPER, SECOND) == (
        "trend is not to be judged by any account; name one with --from: paper, second"
    )
    assert proving("live", PAPER, SECOND) == (
        "trend is not to be judged by live; name one with --from: paper, second"
    )
    nothing = (
        "no other account follows trend, so it has proved nothing yet; let a virtual account "
        "follow it first: crypto-bot accounts apply FILE"
    )
    assert proving() == nothing
    assert proving("", LIVE) == nothing
    assert proving("live", LIVE) == nothing


def test_a_promotion_knows_only_known_names() -> None:
    for arguments in (("trent", "live", ""), ("trend", "lve", ""), ("trend", "live", "ppr")):
        with pytest.raises(SettingsError, match="there is no "):
            proving_account(configuration([TREND], [PAPER, LIVE]), *arguments)


def test_a_promoted_subscription_keeps_its_caps_and_is_not_paused() -> None:
    proved = follows("paper", "trend", paused=True, approval=True, cooldown=5, version=8)
    known = configuration(
        [TREND, SWING], [PAPER, LIVE], [follows("live", "swing"), follows("paper", "swing"), proved]
    )
    up = promoted(known, "trend", source="paper", to="live", weight=None)
    assert up == follows("live", "trend", approval=True, cooldown=5)
    lower = promoted(known, "trend", source="paper", to="live", weight=Decimal("0.1"))
    assert lower.weight == Decimal("0.1")
    assert promotion_draft(known, up) == Draft(
        source=Source(name="promote", lines={}),
        accounts={"live": LIVE},
        subscriptions=(follows("live", "swing"), up),
        pauses=frozenset({("live", "trend")}),
    )
    with pytest.raises(ActionRefused) as caught:
        promoted(known, "swing", source="paper", to="live", weight=None)
    assert str(caught.value) == (
        "account live follows swing already, with weight 0.25; "
        "crypto-bot compare swing shows both side by side"
    )


# --- the seed's file ------------------------------------------------------------------------

ONE = '{"BTCUSD": {"exchange_symbol": "BTC/USD", "base_asset": "BTC", "percentage": 0.2}}'


def seeded(text: str, holder: Account = PAPER) -> Draft:
    return parse_seed(text, "s", holder, configuration([TREND], [holder], [follows("main", "x")]))


def seed_refused(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        seeded(text)
    return str(caught.value)


def test_a_seed_is_one_strategy_per_ticker_with_the_lines_of_both() -> None:
    text = (
        '{\n"BTCUSD": {"exchange_symbol": "BTC/USD",\n "percentage": 0.2},\n'
        '"ETHUSD": {\n"percentage": "0.3",\n"exchange_symbol": "ETH/USD"}\n}'
    )
    drafted = seeded(text)
    assert drafted == Draft(
        source=Source(
            name="s",
            lines={
                ("BTCUSD",): 2,
                ("BTCUSD", "exchange_symbol"): 2,
                ("BTCUSD", "percentage"): 3,
                ("ETHUSD",): 4,
                ("ETHUSD", "percentage"): 5,
                ("ETHUSD", "exchange_symbol"): 6,
                ("accounts", "paper", "strategies", "btcusd"): 2,
                ("accounts", "paper", "strategies", "ethusd"): 4,
                ("strategies", "btcusd", "instruments", "BTCUSD"): 2,
                ("strategies", "ethusd", "instruments", "ETHUSD"): 6,
            },
        ),
        strategies={
            "trend": TREND,
            "btcusd": strategy("btcusd"),
            "ethusd": strategy("ethusd", "ETH/USD"),
        },
        accounts={"paper": PAPER},
        subscriptions=(follows("paper", "btcusd", "0.2"), follows("paper", "ethusd", "0.3")),
    )


def test_a_seed_may_fill_all_but_the_reserve() -> None:
    with localcontext(Context(prec=2)):
        assert seeded(ONE.replace("0.2", "0.98")).subscriptions[0].weight == Decimal("0.98")
        assert seed_refused(ONE.replace("0.2", "0.981")) == (
            "s: the percentages add up to 0.981, more than 1 - reserve = 0.98 of account paper; "
            "lower one of them or the reserve"
        )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\n{", "s line 2: not valid JSON: Expecting property name enclosed in double quotes"),
        ("[]", f"s must be a JSON object of tickers, such as {ONE}"),
        ("{}", f"s must be a JSON object of tickers, such as {ONE}"),
        (f"[{'1' * 5000}]", "s: Exceeds the limit (4300 digits) for integer string conversion"),
        (
            '{\n"A": 1,\n"A": 2}',
            "s line 3: A is there twice; every ticker and field may be there once",
        ),
        (
            '{\n"A": {"x": 1,\n"x": 2}}',
            "s line 3: x is there twice; every ticker and field may be there once",
        ),
        (
            '{"A": 1, "\\u0041": 2}',  # the same name to whoever reads it
            "s line 1: A is there twice; every ticker and field may be there once",
        ),
        ('{"A":\n-Infinity}', "s line 2: -Infinity is not a number"),
        ("\nNaN", "s line 2: NaN is not a number"),
        (
            ONE.replace("BTCUSD", "btcusd"),
            's line 1: btcusd is no ticker in capitals as TradingView has it, such as "BTCUSD"',
        ),
        (
            ONE.replace("BTCUSD", "X:BTCUSD"),
            's line 1: X:BTCUSD is no ticker in capitals as TradingView has it, such as "BTCUSD"',
        ),
        (
            ONE.replace('"BTC",', '"ETH",'),
            "s line 1: BTCUSD.base_asset is ETH, but the base of BTC/USD is BTC",
        ),
        (
            ONE.replace('"BTC",', '"eth",'),
            "s line 1: BTCUSD.base_asset is 'eth', but must be a currency in capitals, such as "
            '"USD"',
        ),
        ('{"A": 5}', "s line 1: A is 5, but must be a table of its own settings"),
        ('{"A": {}}', "s line 1: A has no exchange_symbol; every one needs it"),
        (
            '{"A": {"exchange_symbol": "B/C"}}',
            "s line 1: A has no percentage; every one needs it",
        ),
    ],
)
def test_a_mistake_in_the_seed_is_told_to_the_letter(text: str, sentence: str) -> None:
    assert seed_refused(text).startswith(sentence)


def test_another_base_than_the_symbols_is_told_with_both() -> None:
    assert seed_refused(ONE.replace('"BTC",', '"ETH",')) == (
        "s line 1: BTCUSD.base_asset is ETH, but the base of BTC/USD is BTC"
    )
