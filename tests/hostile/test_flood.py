"""Whatever is posted: one of the promised answers, nothing odd stored, and the tick goes on.

CRYPTO_BOT_TEST_BODIES says how many bodies (2,000 unless set); they are made from seeds, and a
complaint names its seed, with which `Sender(seed, ...)` makes the same posts again.
"""

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.canaries import PATH_TOKEN
from tests.hostile.desk import HostileDesk, hostile_desk
from tests.hostile.embedded import Wire, embedded
from tests.hostile.odd_values import AMOUNT_FIELDS
from tests.hostile.posts import HOOK, JSON, TICKERS, Post, Sender

BODIES = int(os.environ.get("CRYPTO_BOT_TEST_BODIES", "2000"))  # noqa: TID251 - how thorough
PARTS = 4  # so that several processes share the work
BATCH = 500
OVER_THE_WIRE = 20  # one body in so many also goes through the embedded server

amounts = st.one_of(
    st.decimals("1e-18", "1e12", allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["1e-18", "1e12", "0", "60000", "60000.00000001", "-1"]),
    st.integers(0, 10**12),
)
words = {
    "market_position": st.sampled_from(["long", "flat", "short"]),
    "prev_market_position": st.sampled_from(["long", "flat", "short"]),
    "size_unit": st.sampled_from(["quantity", "notional", "percent"]),
    "order_action": st.sampled_from(["buy", "sell", "exit", "close"]),
    "ticker": st.sampled_from(TICKERS),
    "interval": st.text(max_size=8),
    "order_comment": st.text(max_size=8),
}
alerts = st.fixed_dictionaries({}, optional={**dict.fromkeys(AMOUNT_FIELDS, amounts), **words})


def flood(desk: HostileDesk, sender: Sender, count: int, wire: Wire | None = None) -> None:
    """Post and tick; the last ticks go on until nothing is left to do."""
    for number in range(1, count + 1):
        post = sender.post()
        if wire is None:
            desk.take(post)
        else:
            wire.send(desk, post)
        if number % BATCH == 0:
            desk.tick(**({"hours": 6} if number % (10 * BATCH) == 0 else {}))
    desk.settle()


def refuse_complaints(desk: HostileDesk, seed: int) -> None:
    found = desk.complaints
    if found:
        listed = "\n".join(found[:10])
        pytest.fail(f"{len(found)} complaints with Sender(seed={seed}):\n{listed}", pytrace=False)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_flood_of_hostile_bodies_gets_the_promised_answers_and_trading_goes_on(part):
    with hostile_desk() as desk:
        flood(desk, Sender(part, desk.now), BODIES // PARTS)
        refuse_complaints(desk, part)
    assert not {status for status in desk.statuses if status >= 500}
    assert desk.stored > BODIES // PARTS // 20  # or nothing has reached the tick


def test_the_embedded_server_gives_the_same_answers():
    with hostile_desk() as desk, embedded() as wire:
        flood(desk, Sender(99, desk.now), BODIES // OVER_THE_WIRE, wire)
        refuse_complaints(desk, 99)
    assert desk.stored > BODIES // OVER_THE_WIRE // 40


@settings(max_examples=60)
@given(sent=st.lists(alerts, min_size=1, max_size=3))
def test_no_amount_that_is_accepted_can_stop_the_tick(sent: list[dict[str, Any]]):
    with hostile_desk() as desk:
        for fields in sent:
            fired = desk.now().isoformat()
            alert = {"time": fired, "ticker": TICKERS[0], "market_position": "long", **fields}
            desk.take(Post(kind="drawn", body=json.dumps(alert).encode(), headers=JSON, path=HOOK))
            desk.tick()
        desk.settle()
        assert desk.complaints == []


def test_a_token_in_a_field_where_it_does_not_belong_is_not_stored():
    alert = {"ticker": TICKERS[0], "market_position": "long", "order_comment": f"see {PATH_TOKEN}"}
    alert |= {"order_id": PATH_TOKEN, "interval": PATH_TOKEN}
    with hostile_desk() as desk:
        answered = desk.take(Post(kind="mistake", body=json.dumps(alert).encode(), headers=JSON))
        desk.settle()
        assert (answered, desk.complaints) == (200, [])
