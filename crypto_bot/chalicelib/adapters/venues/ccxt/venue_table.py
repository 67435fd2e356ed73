"""What ccxt does not say about a venue: one row each; rows are facts, the code is elsewhere.

Acceptance bounds: recvWindow, or the age the venue allows a timestamp. Where the nonce has to rise,
the lookup itself fences off earlier requests, and the bound is how long ccxt waits for an answer.
Kraken is told a deadline besides: orders have arrived there long after a gateway had given up.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from chalicelib.adapters.venues.ccxt.client_ids import ClientIdFormat
from chalicelib.ports import VenueTraits


class Lookup(StrEnum):
    """How an order is found by our id."""

    FETCH_ORDER = "fetch_order"  # fetch_order without an id, our id in a parameter
    ORDER_STATUS = "order_status"  # Gemini's own call, which ccxt has only as an implicit method
    LISTS = "lists"  # search the open and the closed orders since the send
    NONE = "none"


class Markets(StrEnum):
    """How the filters of a few symbols are read."""

    ALL = "all"  # the venue lists everything or nothing
    SYMBOLS = "symbols"  # a parameter names those that are wanted
    DETAILS = "details"  # one request per symbol


# Binance's weights of ticker/24hr (2, 40, 80) by the number of symbols, in units of ccxt's throttle
_TICKER_COSTS: Final = ((20, 0.4), (100, 8.0), (sys.maxsize, 16.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRow:
    """One venue. The defaults are those of a venue that nobody has studied: trust nothing."""

    id_param: str = "clientOrderId"
    id_format: ClientIdFormat = ClientIdFormat.UUID
    lookup: Lookup = Lookup.NONE
    lookup_param: str = ""
    in_flight: int = 1
    acceptance_bound: timedelta | None = None
    visibility_lag: timedelta = timedelta(seconds=3)
    has_sandbox: bool = False
    has_market_orders: bool = False  # False also where a market buy is counted in quote
    has_stop_orders: bool = False  # only where ccxt's stopLossPrice has been tried
    order_params: Mapping[str, Any] = field(default_factory=dict)  # said with every order
    deadline_param: str = ""  # until when the venue may accept the order: permit and bound
    list_params: Mapping[str, Any] = field(default_factory=dict)  # said with every list of orders
    lists_all_open: bool = False  # open orders of every instrument in one request
    refuses_with_500: bool = False  # also for a reason that lies in the order
    tick_field: str = ""  # the venue's own price step, where it may be coarser than ccxt's
    burst: timedelta = timedelta(0)  # how much of its rate limit a client may save up
    options: Mapping[str, Any] = field(default_factory=dict)
    adjusts_clock: bool = False  # signs with a time of day; measured against the venue's
    markets: Markets = Markets.ALL
    weighs_symbols: bool = False  # Binance's weights, which ccxt counts without `symbols`
    permissions: str = ""  # ccxt's method that tells what the keys may do, in Binance's words
    silenced: tuple[str, ...] = ()  # methods by which ccxt would act for its own account

    @property
    def traits(self) -> VenueTraits:
        """The row in the words of the port."""
        return VenueTraits(
            in_flight=self.in_flight,
            acceptance_bound=self.acceptance_bound,
            visibility_lag=self.visibility_lag,
            finds_by_client_id=self.lookup is not Lookup.NONE,
            has_sandbox=self.has_sandbox,
            has_market_orders=self.has_market_orders,
            has_stop_orders=self.has_stop_orders,
        )

    def request_cost(self, path: str, params: Any) -> float | None:
        """The throttle's cost of a request, where ccxt has it wrong."""
        if self.weighs_symbols and path == "ticker/24hr" and "symbols" in params:
            asked = len(json.loads(params["symbols"]))
            return next(cost for most, cost in _TICKER_COSTS if asked <= most)
        return None


_SPOT_ONLY: Final = {"fetchMarkets": {"types": ["spot"]}}
_RISING_NONCE: Final = timedelta(seconds=10)  # as long as ccxt waits for an answer

_BINANCE: Final = VenueRow(
    id_param="newClientOrderId",
    lookup=Lookup.FETCH_ORDER,
    lookup_param="origClientOrderId",
    in_flight=10,
    acceptance_bound=timedelta(seconds=5),
    has_sandbox=True,
    has_market_orders=True,
    has_stop_orders=True,
    adjusts_clock=True,
    lists_all_open=True,
    markets=Markets.SYMBOLS,
    weighs_symbols=True,
    permissions="sapiGetAccountApiRestrictions",
    options={
        **_SPOT_ONLY,
        "recvWindow": 5000,
        "fetchCurrencies": False,
        "fetchMargins": False,
        "newOrderRespType": {"market": "FULL", "limit": "FULL"},
        "fetchOpenOrders": {"warnWithoutSymbol": False},  # a weight of 80, four times an hour
    },
)

VENUES: Final[Mapping[str, VenueRow]] = {
    "binance": _BINANCE,
    "binanceus": VenueRow(
        id_param="newClientOrderId",
        lookup=Lookup.FETCH_ORDER,
        lookup_param="origClientOrderId",
        in_flight=10,
        acceptance_bound=timedelta(seconds=5),
        has_market_orders=True,
        lists_all_open=True,
        adjusts_clock=True,
        markets=Markets.SYMBOLS,
        weighs_symbols=True,
        options=_BINANCE.options,
    ),
    "gemini": VenueRow(
        id_param="client_order_id",
        lookup=Lookup.ORDER_STATUS,
        acceptance_bound=_RISING_NONCE,
        has_sandbox=True,
        lists_all_open=True,
        markets=Markets.DETAILS,
        options={
            "fetchMarketsFromAPI": {"fetchDetailsForAllSymbols": True},
            "fetchCurrencies": {"webApiEnable": False},
        },
    ),
    "kraken": VenueRow(
        id_param="cl_ord_id",
        lookup=Lookup.LISTS,
        lookup_param="cl_ord_id",
        acceptance_bound=timedelta(seconds=10),
        deadline_param="deadline",
        visibility_lag=timedelta(seconds=5),
        has_market_orders=True,
        lists_all_open=True,
        # Without a word a seller pays his fee in base, and the list of trades does not say so.
        order_params={"oflags": "fciq"},
        list_params={"trades": "true"},
        tick_field="tick_size",
        burst=timedelta(seconds=30),  # 10 of the 15 calls that the smallest account may have open
    ),
    "kucoin": VenueRow(
        id_param="clientOid",
        lookup=Lookup.FETCH_ORDER,
        lookup_param="clientOid",
        in_flight=10,
        acceptance_bound=timedelta(seconds=5),
        has_market_orders=True,
        adjusts_clock=True,
        options={**_SPOT_ONLY, "partner": {"spot": None}},
    ),
    "bitfinex": VenueRow(
        id_param="cid",
        id_format=ClientIdFormat.INTEGER45,
        lookup=Lookup.LISTS,
        acceptance_bound=_RISING_NONCE,
        visibility_lag=timedelta(seconds=5),
        has_market_orders=True,
        refuses_with_500=True,
    ),
    "bybit": VenueRow(
        id_param="orderLinkId",
        lookup=Lookup.LISTS,
        lookup_param="orderLinkId",
        in_flight=10,
        acceptance_bound=timedelta(seconds=5),
        has_sandbox=True,
        lists_all_open=True,
        adjusts_clock=True,
        options={**_SPOT_ONLY, "recvWindow": 5000},
    ),
    "okx": VenueRow(
        id_param="clOrdId",
        id_format=ClientIdFormat.ALNUM32,
        lookup=Lookup.FETCH_ORDER,
        lookup_param="clOrdId",
        in_flight=10,
        acceptance_bound=timedelta(seconds=30),
        has_sandbox=True,
        has_market_orders=True,
        lists_all_open=True,
        adjusts_clock=True,
        options=_SPOT_ONLY,
    ),
    "coinbase": VenueRow(
        id_param="client_order_id",
        lookup=Lookup.LISTS,
        in_flight=10,
        acceptance_bound=timedelta(seconds=120),
        visibility_lag=timedelta(seconds=5),
        lists_all_open=True,
        adjusts_clock=True,
    ),
    "bitget": VenueRow(
        id_param="clientOid",
        lookup=Lookup.FETCH_ORDER,
        lookup_param="clientOid",
        in_flight=10,
        acceptance_bound=timedelta(seconds=30),
        lists_all_open=True,
        adjusts_clock=True,
        options=_SPOT_ONLY,
    ),
    "hyperliquid": VenueRow(
        id_format=ClientIdFormat.HEX128,
        lookup=Lookup.FETCH_ORDER,
        lookup_param="clientOrderId",
        has_sandbox=True,
        lists_all_open=True,
        options={**_SPOT_ONLY, "builderFee": False},
        silenced=("handle_builder_fee_approval", "set_ref"),
    ),
}
_UNSTUDIED: Final = VenueRow()


def venue_row(exchange_id: str) -> VenueRow:
    """The venue's row; for one without a row nothing is ever resent."""
    return VENUES.get(exchange_id, _UNSTUDIED)


def constructor_config(row: VenueRow, given: Mapping[str, Any]) -> dict[str, Any]:
    """Our defaults under the owner's `exchange_options`, which always win."""
    ours = {
        "enableRateLimit": True,
        "timeout": 10_000,
        "options": {"defaultType": "spot", **row.options},
    }
    return _merged(ours, given)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged
