"""The basket of the largest coins: what it holds after which ranking."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.intent import Action
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, step
from tests.unit.bots.paper_market import BTC, ETH, FREE, HOUR, candles, instrument
from tests.unit.bots.rankings import ranked

SOL = "SOL/USDT"


def basket(
    rankings: Mapping[int, Sequence[str]],
    prices: Mapping[str, Sequence[float]],
    **parameters: float,
) -> Backtest:
    """`rankings` by the number of the candle at whose close they are there."""
    (setup,) = set_up(
        ready_made("top-basket"), instruments=list(prices), interval="1h", parameters=parameters
    )
    terms = Terms({symbol: instrument(symbol) for symbol in prices}, Decimal(900), FREE)
    series = {symbol: candles(*[(price,) for price in of]) for symbol, of in prices.items()}
    return backtest(setup, series, terms, ranked(rankings))


def bought(test: Backtest) -> list[tuple[int, str, str, Decimal]]:
    return [(fill.at // HOUR, fill.symbol, fill.side.value, fill.quantity) for fill in test.fills]


def test_top_basket_holds_the_first_of_its_own_in_equal_parts() -> None:
    prices = {BTC: [100] * 6, ETH: [10] * 6, SOL: [1] * 6}
    first = ["TRX/USDT", ETH, BTC, SOL]
    test = basket({1: first, 3: [BTC, SOL, ETH]}, prices, size=2, every=2)
    assert bought(test) == [
        (2, ETH, "buy", Decimal(45)),
        (2, BTC, "buy", Decimal("4.5")),
        (4, ETH, "sell", Decimal(45)),
        (4, SOL, "buy", Decimal(450)),
    ]
    assert test.positions == {BTC: Decimal("4.5"), ETH: 0, SOL: 450}
    assert bought(basket({}, prices)) == []
    assert bought(basket({0: ["TRX/USDT"]}, prices)) == []


def test_top_basket_levels_what_is_off_by_more_than_its_band() -> None:
    risen = {BTC: [100] * 6, ETH: [10, 10, 11, 11, 11, 11]}
    order = {0: [BTC, ETH]}
    test = basket(order, risen, size=2, every=2)
    # 945 in all: 472.5 each
    assert bought(test)[2:] == [
        (3, ETH, "sell", Decimal("2.045")),
        (3, BTC, "buy", Decimal("0.224")),
    ]
    assert len(bought(basket(order, risen, size=2, every=3))) == 4
    assert bought(basket(order, risen, size=2, every=3))[2][0] == 4
    assert len(bought(basket(order, risen, size=2, every=2, band=3.0))) == 2


def test_top_basket_takes_only_what_has_a_candle_now() -> None:
    late = {BTC: [100] * 6, ETH: [10] * 2}
    test = basket({0: [ETH, BTC], 2: [ETH, BTC]}, late, size=1, every=3)
    assert bought(test)[0] == (1, ETH, "buy", Decimal(90))
    assert {fill.symbol for fill in test.fills} == {ETH}  # no candle to sell it at


def test_top_basket_sells_what_it_has_of_a_coin_that_is_none_of_the_largest() -> None:
    prices = {BTC: [1800] * 6, ETH: [10] * 6, SOL: [1] * 6}
    test = basket({0: [BTC, ETH], 2: [ETH, SOL]}, prices, size=1, every=2)
    assert bought(test) == [
        (1, BTC, "buy", Decimal("0.5")),
        (3, BTC, "sell", Decimal("0.5")),
        (3, ETH, "buy", Decimal(90)),
    ]
    assert test.denied == []  # of SOL there is nothing to sell


def test_top_basket_asks_for_nothing_that_it_does_not_have() -> None:
    (setup,) = set_up(
        ready_made("top-basket"), instruments=[BTC, ETH, SOL], interval="1h", parameters={"size": 1}
    )
    series = {symbol: candles((100,)) for symbol in setup.instruments}
    account = AccountView(Decimal(900), {ETH: Held(Decimal(2), Decimal(90))})
    orders = step(setup, None, series, account, ranked({0: [BTC]})).orders
    assert [(order.symbol, order.action) for order in orders] == [
        (ETH, Action.CLOSE),
        (BTC, Action.TARGET),
    ]


def test_a_band_of_one_percent_is_one_of_the_equity() -> None:
    # Of 918.3 in all, ETH is 9.135 more than its half: 0.995 %; then 9.495 of 918.99: 1.033 %.
    for price, trades in ((10.406, 2), (10.422, 4)):
        prices = {BTC: [100.0] * 6, ETH: [10.0, 10.0, *[price] * 4]}
        test = basket({0: [BTC, ETH]}, prices, size=2, every=2)
        assert len(bought(test)) == trades
