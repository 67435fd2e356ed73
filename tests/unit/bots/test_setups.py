"""A bot with what is chosen for it: one for each instrument, or one for all of them."""

from chalicelib.domain.bots.bot import set_up
from tests.unit.bots.paper_market import BTC, ETH, scripted


def test_bots_of_one_class_are_told_apart_by_their_instruments() -> None:
    alone = set_up(scripted({}), instruments=[BTC, ETH])
    assert [(setup.name, setup.on) for setup in alone] == [("Scripted", BTC), ("Scripted", ETH)]
    (portfolio,) = set_up(scripted({}, together=True), instruments=[BTC, ETH])
    assert (portfolio.name, portfolio.on) == ("Scripted", "BTC/USDT ETH/USDT")
