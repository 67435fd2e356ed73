"""The account that a bot is tried on where nothing is said of it."""

from decimal import Decimal

from chalicelib.domain.bots.usual_terms import USUAL_FEE, usual_instruments
from chalicelib.domain.trading.instrument import Instrument


def test_any_amount_of_any_instrument_can_be_traded_for_a_fee_of_a_thousandth() -> None:
    smallest = Decimal("0.00000001")
    assert usual_instruments(["BTC/USDT", "ETH/EUR"]) == {
        f"{base}/{quote}": Instrument(
            symbol=f"{base}/{quote}",
            base=base,
            quote=quote,
            quantity_step=smallest,
            price_tick=smallest,
        )
        for base, quote in (("BTC", "USDT"), ("ETH", "EUR"))
    }
    assert Decimal("0.001") == USUAL_FEE
