"""TradingView's list of trades, in every generation that has been seen, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from chalicelib.domain.replay.refusals import TradeListRefused
from chalicelib.domain.replay.trade_list import (
    LONG,
    SHORT,
    ListedFill,
    ListedTrade,
    TradeList,
    read_trade_list,
)
from tests.unit.replay.lists import at, newest

NEW_YORK = ZoneInfo("America/New_York")
HEADER = "Trade #,Type,Signal,Date/Time,Price USDT,Contracts,Profit USDT"
ENTRY = "1,Entry Long,In,2024-01-01 00:00,100,2,0"
EXIT = "1,Exit Long,Out,2024-01-01 01:00,110.5,2,0"


def read(text: str, zone=UTC) -> TradeList:
    return read_trade_list(text, "a.csv", zone)


def refusal(text: str) -> str:
    with pytest.raises(TradeListRefused) as caught:
        read(text)
    return str(caught.value)


def the_trade(entry_line: int, exit_line: int) -> ListedTrade:
    return ListedTrade(
        number=1,
        side=LONG,
        quantity=Decimal(2),
        entry=ListedFill(entry_line, at(0), "In", Decimal(100)),
        exit=ListedFill(exit_line, at(1), "Out", Decimal("110.5")),
    )


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        (f"{HEADER}\n{ENTRY}\n{EXIT}\n", "USDT"),
        (
            "Trade #,Type,Signal,Date/Time,Price,Contracts,Profit,Cum. Profit\r\n"
            "1,Entry Long,In,2024-01-01 00:00,100,2,0,0\r\n"
            "1,Exit Long,Out,2024-01-01 01:00,110.5,2,0,0\r\n",
            "",
        ),
        (
            "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Position size (value)\n"
            "1,Entry long,2024-01-01T00:00:00+0000,In,100,2,200\n"
            "1,Exit long,2023-12-31T20:00:00-0500,Out,110.5,2,200\n",
            "USD",
        ),
        (
            "\ufeffTrade number,Type,Date and time,Signal,Price EUR,Size (qty),Size (value)\n"
            "1,Exit long,2024-01-01 01:00,Out,110.5,2,200\n"
            "1,Entry long,2024-01-01,In,100,2,200\n",
            "EUR",
        ),
        (
            "交易 #,類型,訊號,日期/時間,價格 USDT,合約,獲利 USDT\n"
            "1,多頭進場,In,2024-01-01 00:00,100,2,0\n"
            "1,多頭出場,Out,2024-01-01 01:00,110.5,2,0\n",
            "USDT",
        ),
        (
            "交易 #,类型,日期和时间,信号,价格 USDT,仓位大小（数量）,仓位大小（价值）,净损益 USDT\n"  # noqa: RUF001 - as it is there
            "1,多头进场,2024/1/1 0:00,In,100,2,200,0\n"
            "1,多头出场,2024/1/1 1:00,Out,110.5,2,200,0\n",
            "USDT",
        ),
        (
            "交易 #,類型,日期和時間,訊號,價格 USDT,大小（數量）,淨損益 USDT\n"  # noqa: RUF001 - as it is there
            "1,多頭進場,2024/1/1,In,100,2,0\n"
            "1,多頭出場,2024-01-01 01:00,Out,110.5,2,0\n",
            "USDT",
        ),
    ],
)
def test_every_generation_and_language_says_the_same(text: str, currency: str) -> None:
    found = read(text)
    lines = (3, 2) if "number" in text else (2, 3)
    assert found == TradeList(source="a.csv", currency=currency, trades=(the_trade(*lines),))


def test_trades_come_by_number_whatever_the_order_of_the_rows() -> None:
    text = newest(("long", 0, "100", 1, "110", "1"), ("short", 1, "110", 3, "90", "2"))
    one, two = read(text).trades
    assert (one.number, one.side, one.entry.at, one.exit and one.exit.at) == (1, LONG, at(0), at(1))
    assert (two.number, two.side, two.entry.at, two.exit and two.exit.at) == (
        2,
        SHORT,
        at(1),
        at(3),
    )
    assert (two.quantity, two.entry.line, two.exit and two.exit.line) == (Decimal(2), 3, 2)


def test_times_without_an_offset_are_the_charts() -> None:
    winter, summer = (
        read_trade_list(
            f"{HEADER}\n1,Entry Long,In,{day} 09:00,100,2,0\n", "a.csv", NEW_YORK
        ).trades[0]
        for day in ("2024-01-08", "2024-07-08")
    )
    assert winter.entry.at == datetime(2024, 1, 8, 14, tzinfo=UTC)
    assert summer.entry.at == datetime(2024, 7, 8, 13, tzinfo=UTC)
    slashed = read_trade_list(
        f"{HEADER}\n1,Entry Long,In,2024/7/8 9:05,100,2,0\n", "a.csv", NEW_YORK
    ).trades[0]
    assert slashed.entry.at == datetime(2024, 7, 8, 13, 5, tzinfo=UTC)
    assert all(each.entry.at.tzinfo is UTC for each in (winter, summer, slashed))


def test_a_list_needs_no_names_of_orders_and_nothing_behind_what_is_read() -> None:
    text = "Trade #,Type,Date/Time,Price,Contracts\n1,Entry Long,2024-01-01 00:00,100,2\n"
    (found,) = read(text).trades
    assert found == ListedTrade(1, LONG, Decimal(2), ListedFill(2, at(0), "", Decimal(100)), None)


@pytest.mark.parametrize("turned", range(5))
def test_columns_are_known_wherever_they_stand(turned: int) -> None:
    names = ["Trade #", "Type", "Date/Time", "Price USDT", "Contracts"]
    row = ["1", "Entry Long", "2024-01-01 00:00", "100", "2"]
    header, cells = (",".join(given[turned:] + given[:turned]) for given in (names, row))
    found = read(f"{header}\n{cells}\n")
    fill = ListedFill(2, at(0), "", Decimal(100))
    assert found == TradeList("a.csv", "USDT", (ListedTrade(1, LONG, Decimal(2), fill, None),))
    assert refusal(f"{header}\n{cells.rpartition(',')[0]}\n") == (
        "a.csv, line 2: 4 cells are too few; the header has at least 5"
    )


@pytest.mark.parametrize(
    ("price", "currency"), [("PRICE", ""), ("PRICE USDT", "USDT"), ("price usdt", "USDT")]
)
def test_a_header_may_be_in_any_letters(price: str, currency: str) -> None:
    text = f"TRADE #,type,Signal,DATE/TIME,{price},CONTRACTS\n{ENTRY}\n"
    assert read(text).currency == currency


@pytest.mark.parametrize(
    "row",
    [
        "1,Exit Long,Open,2024-01-01 01:00,110.5,2,0",
        "1,Exit Long,Out,Open,110.5,2,0",
        "1,Exit Long,,open,,2,0",
        "1,Exit Long,Out,2024-01-01 01:00,,2,0",
    ],
)
def test_an_open_trade_has_no_exit(row: str) -> None:
    (found,) = read(f"{HEADER}\n{ENTRY}\n{row}\n").trades
    assert found.exit is None
    assert read(f"{HEADER}\n{ENTRY}\n").trades == (found,)


def test_a_trade_may_end_when_it_began() -> None:
    text = f"{HEADER}\n{ENTRY}\n1,Exit Long,SL,2024-01-01 00:00,99,2,0\n"
    (found,) = read(text).trades
    assert found.exit == ListedFill(3, at(0), "SL", Decimal(99))


def test_amounts_may_be_grouped_and_empty_lines_are_nothing() -> None:
    text = f'{HEADER}\n\n1,Entry Long,In,2024-01-01 00:00,"1,234,567.5",2,0\n , \n'
    assert read(text).trades[0].entry.price == Decimal("1234567.5")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.csv, line 1: no column that is known says the trade's number, in '';"),
        (
            "Nr. handlu,Typ,Sygnał,Data,Cena PLN,Kontrakty\n1,Wejście,a,2024-01-01,1,1\n",
            "a.csv, line 1: no column that is known says the trade's number, in 'Nr. handlu,Typ,"
            "Sygnał,Data,Cena PLN,Kontrakty'; it must be a list of trades of TradingView's in"
            " English or Chinese: set that language there, and export it again",
        ),
        (
            "Trade #,Type,Signal,Date/Time,Price USDT\n",
            "a.csv, line 1: no column that is known says the quantity",
        ),
        (
            "Trade #,Type of order,Date/Time,Price,Contracts\n",
            "a.csv, line 1: no column that is known says whether a row is an entry or an exit",
        ),
        (HEADER, "a.csv lists no trade"),
        (
            f"{HEADER}\n1,Einstieg Long,In,2024-01-01 00:00,100,2,0",
            "a.csv, line 2: type is 'Einstieg Long'; it must be Entry long, Exit long, Entry short"
            " or Exit short, or the same in Chinese",
        ),
        (
            f"{HEADER}\n{ENTRY}\n1,Exit Long",
            "a.csv, line 3: 2 cells are too few; the header has at least 6",
        ),
        (
            f"{HEADER}\n-1,Entry Long,In,2024-01-01 00:00,100,2,0",
            "a.csv, line 2: the trade's number is '-1'; it must be a whole number",
        ),
        (
            f"{HEADER}\n1,Entry Long,In,1.2.2024,100,2,0",
            "a.csv, line 2: time is '1.2.2024'; it must be such as 2024-03-14 09:00",
        ),
        (
            f"{HEADER}\n1,Entry Long,In,2024/13/1 9:00,100,2,0",
            "a.csv, line 2: time is '2024/13/1 9:00'; it must be such as 2024-03-14 09:00",
        ),
        (
            f"{HEADER}\n1,Entry Long,In,2024-01-01 00:00,NaN,2,0",
            "a.csv, line 2: price: 'NaN' is not a finite number",
        ),
        (
            f'{HEADER}\n1,Entry Long,In,2024-01-01 00:00,"1,5",2,0',
            "a.csv, line 2: price: '1,5' is not a decimal number",
        ),
        (
            f"{HEADER}\n1,Entry Long,In,2024-01-01 00:00,100,0,0",
            "a.csv, line 2: quantity is 0; it must be above zero, and no longer than 18 digits",
        ),
        (
            f"{HEADER}\n1,Entry Long,In,2024-01-01 00:00,1e30,2,0",
            "a.csv, line 2: price is 1e30; it must be above zero, and no longer than 18 digits",
        ),
        (f"{HEADER}\n{EXIT}", "a.csv, line 2: trade 1 has no entry"),
        (f"{HEADER}\n{ENTRY}\n{EXIT}\n{EXIT}", "a.csv, line 4: trade 1 has a second exit"),
        (
            f"{HEADER}\n{ENTRY}\n1,Exit Short,Out,2024-01-01 01:00,110.5,2,0",
            "a.csv, line 3: trade 1 is entered long and left short",
        ),
        (
            f"{HEADER}\n{ENTRY}\n1,Exit Long,Out,2023-12-31 23:59,110.5,2,0",
            "a.csv, line 3: trade 1 is left before it is entered",
        ),
        (
            f'{HEADER}\n{ENTRY}\n1,"Exit Long"x,Out,2024-01-01 01:00,110.5,2,0',
            "a.csv, line 3: ',' expected after '\"'; it must be a CSV file",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


def test_a_long_header_is_told_in_part() -> None:
    assert f"in {'x' * 80!r};" in refusal("x" * 81)
